//! Base64 and the frames that carry it, for whichever code a processor makes of them: run with
//! `RUSTFLAGS='--cfg base64_turbo_backend="avx2"'` and `"soft"`, these are the decoders that
//! other processors than this one have. It builds little more than the core.

use std::fs;
use std::path::Path;

use longhaul::fuzzing::{TARGETS, Target, Vectors, base64, frame};
use longhaul::proto::base64::encode;

/// What the sweeps draw from; the same each time.
const SEED: u64 = 7;
/// What stands before an input: how it is cut, what it is, where one character is another.
const WHOLE: [u8; 8] = [0; 8];
const IS_TEXT: u8 = 1;
const HAS_BREAKS: u8 = 2;
const HAS_FLAW: u8 = 4;
/// Blocks are decoded of 16 KiB of text.
const BLOCK_BYTES: usize = 16_384 / 4 * 3;

#[test]
fn what_was_kept_and_the_vectors_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = Vectors::load(&root.join("../tests/vectors")).unwrap();
    let is_wanted = |target: &&Target| ["base64", "frame", "websocket"].contains(&target.name);
    for target in TARGETS.iter().filter(is_wanted) {
        let seeds = (target.seeds)(&vectors);
        assert!(seeds.len() > 100, "{}: {} seeds", target.name, seeds.len());
        seeds.iter().for_each(|seed| (target.run)(seed));
        for entry in fs::read_dir(root.join("corpus").join(target.name)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            (target.run)(&fs::read(path).unwrap());
        }
    }
}

/// Every length of vectors, lanes and blocks, cut anywhere, with line breaks and without.
#[test]
fn every_length_comes_back() {
    let mut random = fastrand::Rng::with_seed(SEED);
    let around = |len: usize| len - 6..len + 6;
    for len in (0..600).chain(around(BLOCK_BYTES)).chain(around(3 * BLOCK_BYTES)) {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
        for flags in [0, HAS_BREAKS] {
            let mut head = WHOLE;
            head[4] = flags;
            base64(&[&head[..], &bytes].concat());
            // Lines as long as mail has them, then pieces of any length.
            head[..4].fill(76);
            base64(&[&head[..], &bytes].concat());
            random.fill(&mut head[..4]);
            base64(&[&head[..], &bytes].concat());
        }
    }
}

/// Every byte at every place of a vector, and at some of longer texts: refused or not as the plain
/// decoder does it.
#[test]
fn every_byte_anywhere_is_taken_or_refused_alike() {
    let mut random = fastrand::Rng::with_seed(SEED);
    for len in [3, 24, 48, 96, 200, 450] {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
        let chars = encode(&bytes).len();
        let step = if chars < 140 { 1 } else { 7 };
        for at in (0..chars).step_by(step).chain(chars.saturating_sub(5)..chars) {
            for flaw in 0..=u8::MAX {
                let [low, high] = u16::try_from(at).unwrap().to_le_bytes();
                let head = [0, 0, 0, 0, HAS_FLAW, low, high, flaw];
                base64(&[&head[..], &bytes].concat());
            }
        }
    }
    for text in ["QUJ", "QUI=QUI=", "Q", "QUI==", "QU=I", "QUJDR===", "QR==", "=", "ÄÖÜ", "QU==\n"]
    {
        base64(&[&[1, 2, 3, 4, IS_TEXT, 0, 0, 0], text.as_bytes()].concat());
    }
}

/// A chunk that is decoded while it comes, in pieces, with its data whole, flawed or escaped.
#[test]
fn frames_are_the_same_however_they_come() {
    let mut random = fastrand::Rng::with_seed(SEED);
    for len in (0..200).chain(480..530).chain(around_block()) {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
        let data = encode(&bytes);
        let text = format!(r#"{{"id":"git_1","type":"chunk","seq":{len},"data":"{data}"}}"#);
        let mut head = [0; 5];
        frame(&[&head, text.as_bytes()].concat());
        random.fill(&mut head);
        frame(&[&head, text.as_bytes()].concat());
        let mut flawed = text.into_bytes();
        let at = random.usize(..flawed.len());
        flawed[at] = random.u8(..);
        frame(&[&head, &flawed[..]].concat());
    }
}

fn around_block() -> impl Iterator<Item = usize> {
    BLOCK_BYTES - 3..BLOCK_BYTES + 3
}
