//! An archive becomes a folder or leaves everything as it was.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use zip::ZipArchive;

use super::forged::{self, Archive, Entry};
use super::{ExtractOptions, extract as extract_archive};
use crate::client::fuzzing::Folder;
use crate::fuzzing::{Input, Vectors};
use crate::ops::git::archive;

/// The archive is in the input; otherwise it is written as the input says.
const IS_GIVEN: u8 = 1;
/// The folder is there, with a file in it.
const IS_THERE: u8 = 2;
/// Files in it may be replaced.
const OVERWRITES: u8 = 4;

/// What an entry is said to be.
const MODES: [u32; 6] = [0, forged::FILE, 0o040_755, 0o120_777, 0o010_644, 0o100_755];
/// What ends the name of an entry.
const END: u8 = 0xff;
/// What is declared of an entry is not so: its CRC, its length.
const WRONG_CRC: u8 = 1;
const WRONG_SIZE: u8 = 2;
/// It is zeros in a deflate stream, some for each byte of the input.
const IS_DEFLATED: u8 = 4;

/// Extraction changes nothing outside of its folder and, if it fails, nothing in it; what it makes
/// are the archive's files, no more and no larger than allowed, in an archive that passes alone.
///
/// Input: which way, limits, the archive or what to write into it.
pub fn extract(data: &[u8]) {
    let mut input = Input::new(data);
    let form = input.byte();
    let (most_entries, most_bytes) = (usize::from(input.byte()), u64::from(input.u16()));
    let bytes = if form & IS_GIVEN == 0 { written(&mut input) } else { input.rest().to_vec() };
    let options = ExtractOptions::default()
        .overwrite(form & OVERWRITES != 0)
        .max_entries(most_entries)
        .max_inflated_bytes(most_bytes);
    let home = Folder::new();
    let target = home.path().join("out");
    fs::write(home.path().join("neighbour"), "mine").unwrap();
    if form & IS_THERE != 0 {
        fs::create_dir(&target).unwrap();
        fs::write(target.join("a"), "old").unwrap();
    }
    let before = listing(home.path());
    let extracted = extract_archive(Cursor::new(&bytes), &target, &options);
    let mut after = listing(home.path());
    let Ok(extracted) = extracted else { return assert_eq!(after, before) };
    assert_eq!(after.remove("neighbour"), Some(Some(b"mine".to_vec())));
    let files: BTreeMap<_, _> = after
        .iter()
        .map(|(path, bytes)| (path.strip_prefix("out").unwrap(), bytes))
        .filter_map(|(path, bytes)| Some((path.strip_prefix('/')?, bytes.as_ref()?)))
        .collect();
    let mut contents: Vec<_> = files.values().map(|bytes| (*bytes).clone()).collect();
    if form & IS_THERE != 0 && extracted.replaced == 0 {
        assert_eq!(files["a"], b"old");
        let old = contents.iter().position(|bytes| bytes == b"old").unwrap();
        contents.remove(old);
    }
    assert_eq!(contents.len() as u64, extracted.files);
    assert_eq!(contents.iter().map(|bytes| bytes.len() as u64).sum::<u64>(), extracted.bytes);
    assert!(extracted.bytes <= most_bytes);
    assert!(after.len() - 1 - usize::from(form & IS_THERE != 0) <= most_entries);
    let checked = archive::check(&mut Cursor::new(&bytes), most_bytes).unwrap();
    assert_eq!(checked.len() as u64, extracted.files);
    let mut expected = contents_of(&bytes);
    expected.sort();
    contents.sort();
    assert_eq!(contents, expected);
}

pub(crate) fn seeds(_: &Vectors) -> Vec<Vec<u8>> {
    let plain = forged::of(&[
        (".abapgit.xml", "<xml/>"),
        ("src/zray/zcl_a.clas.abap", "CLASS zcl_a."),
        ("src//ns/p/#ns#cl_b.clas.xml", "<b/>"),
    ]);
    let mut mixed = Archive::default();
    mixed.add_stored("src/", 0o040_755, b"");
    mixed.add_stored("src/link", 0o120_777, b"/etc/passwd");
    let archives = [plain, forged::of(&[]), forged::of(&[("../x", "x")]), mixed.finish()];
    let mut seeds = Vec::new();
    for bytes in archives {
        for form in [IS_GIVEN, IS_GIVEN | IS_THERE, IS_GIVEN | IS_THERE | OVERWRITES] {
            seeds.push([&[form, 20, 0xff, 0xff], &bytes[..]].concat());
        }
    }
    for names in [
        &["a", "b/c", "src//ns/p/x"][..],
        &["../x"],
        &["/etc/x"],
        &["a\\b"],
        &["C:x"],
        &["a", "A"],
        &["a", "a/b"],
        &["a/b", "a"],
        &["x/../../y"],
        &["b/", "b/c"],
        &["nul"],
    ] {
        for form in [0, IS_THERE | OVERWRITES] {
            let mut seed = vec![form, 20, 0xff, 0xff];
            for (name, at) in names.iter().zip(0..) {
                seed.extend([name.as_bytes(), &[END, 1, [0, IS_DEFLATED][at % 2], 3]].concat());
                seed.extend(b"xyz");
            }
            seeds.push(seed);
        }
    }
    seeds
}

/// Everything below a folder, by path: a file with its bytes, a folder without.
///
/// # Panics
/// If anything is neither.
fn listing(folder: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let inside = listing(&entry.path());
            found.extend(inside.into_iter().map(|(path, it)| (format!("{name}/{path}"), it)));
            found.insert(name, None);
        } else {
            assert!(entry.file_type().unwrap().is_file(), "{name}");
            found.insert(name, Some(fs::read(entry.path()).unwrap()));
        }
    }
    found
}

/// What another pass over an archive finds in its files.
fn contents_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut contents = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        if !entry.is_dir() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            contents.push(content);
        }
    }
    contents
}

/// An archive as the input says: name, kind and content of each entry.
fn written(input: &mut Input<'_>) -> Vec<u8> {
    let mut archive = Archive::default();
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        let name = String::from_utf8_lossy(input.until(END));
        let mode = MODES[usize::from(input.byte()) % MODES.len()];
        let (form, len) = (input.byte(), usize::from(input.byte()));
        let (method, packed, content) = if form & IS_DEFLATED == 0 {
            let bytes = input.bytes(len).to_vec();
            (0, bytes.clone(), bytes)
        } else {
            (8, forged::deflated_zeros(len), vec![0; len * 258 + 1])
        };
        let (wrong_crc, wrong_size) = (form & WRONG_CRC != 0, form & WRONG_SIZE != 0);
        archive.add(&Entry {
            name: &name,
            mode,
            method,
            packed: &packed,
            crc: crc32fast::hash(&content) ^ u32::from(wrong_crc),
            size: content.len() as u32 + u32::from(wrong_size),
        });
    }
    archive.finish()
}
