use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

fn archive(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(*path, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn small(method: CompressionMethod) -> Vec<u8> {
    archive(
        method,
        &[(SETTINGS_FILE, b"<xml/>"), ("src/zray/zcl_a.clas.abap", &b"CLASS zcl_a. ".repeat(50))],
    )
}

fn checked(bytes: &[u8]) -> Result<Vec<ArchiveFile>, ArchiveError> {
    check(&mut Cursor::new(bytes), u64::MAX)
}

#[test]
fn a_whole_archive_gives_its_files_in_order() {
    let files = checked(&small(CompressionMethod::Deflated)).unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!((files[1].path.as_str(), files[1].size), ("src/zray/zcl_a.clas.abap", 650));
}

#[test]
fn any_flipped_bit_in_stored_data_is_found() {
    let bytes = small(CompressionMethod::Stored);
    let data = b"CLASS zcl_a. ".repeat(50);
    let start = bytes.windows(data.len()).position(|window| window == data).unwrap();
    for bit in 0..data.len() * 8 {
        let mut broken = bytes.clone();
        broken[start + bit / 8] ^= 1 << (bit % 8);
        let error = checked(&broken).unwrap_err();
        assert!(matches!(error, ArchiveError::EntryCrc { .. }), "bit {bit}: {error:?}");
    }
}

#[test]
fn no_flipped_bit_in_deflated_data_changes_what_comes_out_unnoticed() {
    let bytes = small(CompressionMethod::Deflated);
    let whole = contents(&bytes).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        if checked(&broken).is_ok() {
            // Only what nobody reads may differ: padding, times, attributes.
            assert_eq!(contents(&broken).unwrap(), whole, "bit {bit}");
        }
    }
}

/// What comes out of the archive: names and bytes.
fn contents(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).ok()?;
    (0..zip.len())
        .map(|index| {
            let (mut entry, mut bytes) = (zip.by_index(index).ok()?, Vec::new());
            entry.read_to_end(&mut bytes).ok()?;
            Some((entry.name().ok()?.into_owned(), bytes))
        })
        .collect()
}

#[test]
fn truncated_at_any_byte() {
    let bytes = small(CompressionMethod::Deflated);
    for len in 0..bytes.len() {
        let error = checked(&bytes[..len]).unwrap_err();
        if len < 4 {
            assert!(matches!(error, ArchiveError::NotZip { .. }), "{len}: {error:?}");
        } else {
            assert!(matches!(error, ArchiveError::Directory { .. }), "{len}: {error:?}");
        }
    }
}

#[test]
fn something_that_is_no_zip() {
    for bytes in [&b""[..], b"<html>", b"PK", b"PK\x01\x02 and more"] {
        assert!(matches!(checked(bytes), Err(ArchiveError::NotZip { .. })));
    }
}

#[test]
fn what_inflates_beyond_the_limit_is_refused() {
    let bytes = archive(CompressionMethod::Deflated, &[("a", &[0; 500]), ("b", &[0; 501])]);
    let error = check(&mut Cursor::new(&bytes), 1000).unwrap_err();
    assert!(matches!(error, ArchiveError::TooLarge { path, limit: 1000 } if path == "b"));
    assert_eq!(check(&mut Cursor::new(&bytes), 1001).unwrap().len(), 2);
}

#[test]
fn entries_of_the_same_name_are_refused() {
    let mut bytes =
        archive(CompressionMethod::Stored, &[("src/a/x.y.z", b"1"), ("src/a/x.y.w", b"2")]);
    while let Some(at) = bytes.windows(5).position(|window| window == b"x.y.w") {
        bytes[at + 4] = b'z';
    }
    assert!(matches!(checked(&bytes), Err(ArchiveError::DuplicateEntries)));
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for path in ["../x.prog.abap", "/x.prog.abap", "src/../../x", "src\\x.prog.abap", "c:x", "a\nb"]
    {
        let bytes = archive(CompressionMethod::Stored, &[(path, b"x")]);
        assert!(matches!(checked(&bytes), Err(ArchiveError::Path { .. })), "{path}");
    }
    let bytes = archive(CompressionMethod::Stored, &[("src//ns/p/#ns#cl.clas.abap", b"x")]);
    assert_eq!(checked(&bytes).unwrap().len(), 1);
}

#[test]
fn files_make_up_objects() {
    let file = |path: &str| ArchiveFile { path: path.into(), size: 0 };
    let files = [
        file(".abapgit.xml"),
        file("src/zray/zcl_a.clas.abap"),
        file("src/zray/zcl_a.clas.xml"),
        file("src/zray/package.devc.xml"),
        file("src//ns/p/#ns#cl_b.clas.xml"),
        file("src/zray/readme.txt"),
    ];
    let objects = objects(&files);
    assert_eq!(objects.len(), 4);
    assert!(objects.contains(&("src//ns/p".into(), ObjectKey::new("CLAS", "/NS/CL_B"))));
    assert!(objects.contains(&("src/zray".into(), ObjectKey::new("CLAS", "ZCL_A"))));
}
