//! Every decoder gives what the plain one of `base64` gives.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what does not hold is to end in a panic"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Decoder, SPARE_BYTES, decode, encode, max_decoded_len};
use crate::fuzzing::{Input, Pieces, Vectors};
use crate::proto::buffers::{Buffer, BufferPool};

/// The input is text; otherwise it is bytes, to be encoded.
const IS_TEXT: u8 = 1;
/// A line break stands behind each piece.
const HAS_BREAKS: u8 = 2;
/// One character of what was encoded is another.
const HAS_FLAW: u8 = 4;

/// Text in base64, with white space anywhere, decodes to the same bytes or to none, at once and
/// in any pieces; what is encoded comes back.
///
/// Input: how it is cut, what it is, where one character is which other, bytes or text.
pub fn base64(data: &[u8]) {
    let mut input = Input::new(data);
    let (pieces, flags) = (input.pieces(), input.byte());
    let (at, flaw) = (usize::from(input.u16()), input.byte());
    let rest = input.rest();
    if flags & IS_TEXT != 0 {
        return decoders_agree(&String::from_utf8_lossy(rest), pieces);
    }
    let mut text = encode(rest).into_bytes();
    assert_eq!(text, STANDARD.encode(rest).as_bytes());
    if flags & HAS_FLAW != 0 && !text.is_empty() {
        let at = at % text.len();
        text[at] = flaw;
    }
    if flags & HAS_BREAKS != 0 {
        let pieces: Vec<_> = pieces.of(&text).collect();
        text = pieces.join(&b"\r\n"[..]);
    }
    decoders_agree(&String::from_utf8_lossy(&text), pieces);
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in vectors.of("frames") {
        let messages = case["messages"].as_array().into_iter().flatten();
        for text in messages.filter_map(|message| message.as_str()) {
            let data = text.split("\"data\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let data = data.map(|data| [&[5, 3, 1, 0, IS_TEXT, 0, 0, 0], data.as_bytes()].concat());
            seeds.extend(data);
        }
    }
    for (len, flags) in [(0, 0), (1, 0), (64, HAS_BREAKS), (200, HAS_FLAW), (300, HAS_BREAKS)] {
        let bytes = (0..=250).cycle().take(len);
        seeds.push([76, 76, 4, 1, flags, 9, 0, b'='].into_iter().chain(bytes).collect());
    }
    seeds
}

fn decoders_agree(text: &str, pieces: Pieces) {
    let mut dense = text.as_bytes().to_vec();
    dense.retain(|byte| !b" \t\n\r\x0c".contains(byte));
    let right = STANDARD.decode(&dense).ok();
    match (decode(text, &mut BufferPool::default()), &right) {
        (Ok((bytes, crc32)), Some(right)) => {
            assert_eq!(bytes, right);
            assert_eq!(crc32, crc32fast::hash(right));
            assert_eq!(encode(right).as_bytes(), dense, "there is one form");
        }
        (Err(error), None) => assert_eq!(error.chars, text.len()),
        (ours, _) => assert_eq!(ours.ok().map(|(bytes, _)| bytes.to_vec()), right),
    }
    let (mut decoder, mut out) = (Decoder::default(), Buffer::default());
    let mut pool = BufferPool::default();
    let is_taken = pieces.of(&dense).all(|piece| {
        let least = max_decoded_len(piece.len()) + SPARE_BYTES;
        let end = out.len() + least;
        pool.make_room(&mut out, least, end);
        decoder.push(piece, &mut out) == piece.len()
    });
    pool.make_room(&mut out, SPARE_BYTES, 0);
    let crc32 = if is_taken { decoder.finish(&mut out) } else { None };
    assert_eq!(crc32, right.as_deref().map(crc32fast::hash));
    if let Some(right) = right {
        assert_eq!(out[..], right);
    }
}
