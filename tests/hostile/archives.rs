//! Archives that are small and become large, or lie about what they hold.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::case::Case;
use crate::serve::{KIB, MIB, asked, chunk, complete, text};
use crate::support::peer::Listening;

const FILE: &str = "src/demo/zcl_a.clas.abap";

/// A peer that exports this archive.
fn exports(archive: Vec<u8>) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    asked(r#""stream""#, move |mut asked| async move {
        let pieces = archive.chunks(512 * KIB).zip(1..);
        let count = archive.len().div_ceil(512 * KIB) as u64;
        for (piece, seq) in pieces {
            asked.peer.send(&text(&chunk(&asked.id, seq, piece))).await;
        }
        asked.peer.send(&text(&complete(&asked.id, count))).await;
        asked.peer.fall_silent().await;
    })
}

fn archive(add: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    add(&mut writer);
    writer.finish().unwrap().into_inner()
}

/// An archive of one file of so many zeros.
fn zeros(bytes: usize) -> Vec<u8> {
    archive(|writer| {
        let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(FILE, deflated).unwrap();
        let block = vec![0; MIB];
        for _ in 0..bytes / MIB {
            writer.write_all(&block).unwrap();
        }
    })
}

/// An archive of one file, as honest as can be.
pub(crate) fn one_object() -> Vec<u8> {
    archive(|writer| {
        writer.start_file(FILE, SimpleFileOptions::default()).unwrap();
        writer.write_all(b"CLASS zcl_a DEFINITION.").unwrap();
    })
}

/// The places in an archive where this signature stands.
fn places(archive: &[u8], signature: [u8; 4]) -> Vec<usize> {
    (0..archive.len().saturating_sub(3))
        .filter(|at| archive[*at..].starts_with(&signature))
        .collect()
}

/// An archive whose headers say another length of its only file.
fn with_length(mut archive: Vec<u8>, len: u32) -> Vec<u8> {
    let local = places(&archive, *b"PK\x03\x04")[0];
    let central = places(&archive, *b"PK\x01\x02")[0];
    for at in [local + 22, central + 24] {
        archive[at..at + 4].copy_from_slice(&len.to_le_bytes());
    }
    archive
}

/// A directory of so many entries without a byte, all of which stand at the same place, with an end
/// that is of ZIP64 and says there are `declared` of them.
fn directory(entries: usize, declared: u64) -> Vec<u8> {
    let mut archive = b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0".to_vec();
    archive.extend([0; 12]);
    archive.extend([7, 0, 0, 0]);
    archive.extend(b"a000000");
    let start = archive.len() as u64;
    for n in 0..entries {
        archive.extend(b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\x21\0");
        archive.extend([0; 12]);
        archive.extend([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa4, 0x81, 0, 0, 0, 0]);
        archive.extend(format!("a{n:06}").as_bytes());
    }
    let end = archive.len() as u64;
    archive.extend(b"PK\x06\x06");
    archive.extend(44_u64.to_le_bytes());
    archive.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [declared, declared, end - start, start] {
        archive.extend(number.to_le_bytes());
    }
    archive.extend(b"PK\x06\x07\0\0\0\0");
    archive.extend(end.to_le_bytes());
    archive.extend([1, 0, 0, 0]);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([0xff; 12]);
    archive.extend([0, 0]);
    archive
}

/// One stream of zeros that many entries of the directory stand for.
fn overlapping(entries: u16) -> Vec<u8> {
    let mut archive = zeros(4 * MIB);
    let central = places(&archive, *b"PK\x01\x02")[0];
    let end = places(&archive, *b"PK\x05\x06")[0];
    let entry = archive[central..end].to_vec();
    let mut tail = archive.split_off(end);
    for n in 1..entries {
        let mut another = entry.clone();
        let name = format!("src/demo/zcl_{n:05}.clas");
        another[46..46 + name.len()].copy_from_slice(name.as_bytes());
        archive.extend(another);
    }
    let size = u32::try_from(archive.len() - central).unwrap();
    tail[8..10].copy_from_slice(&entries.to_le_bytes());
    tail[10..12].copy_from_slice(&entries.to_le_bytes());
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    archive.extend(tail);
    archive
}

pub(crate) fn cases() -> Vec<Case> {
    const EXPORT: [&str; 6] = ["export", "$DEMO", "--no-shard", "--json", "--timeout", "60s"];
    let export = |more: &[&'static str]| [&EXPORT, more].concat();
    let extract = export(&["--extract", "out"]);
    let small = export(&["--extract", "out", "--max-size", "8MiB"]);
    let limit = "exit 5 limit";
    let broken = "exit 5 broken";
    let nested = archive(|writer| {
        for n in 0..10 {
            writer.start_file(format!("src/demo/z{n}.zip"), SimpleFileOptions::default()).unwrap();
            writer.write_all(&zeros(64 * MIB)).unwrap();
        }
    });
    let named = |name: &'static str| {
        let mut bytes = archive(|writer| {
            writer.start_file("x".repeat(name.len()), SimpleFileOptions::default()).unwrap();
            writer.write_all(b"x").unwrap();
        });
        for (signature, len) in [(*b"PK\x03\x04", 30), (*b"PK\x01\x02", 46)] {
            let at = places(&bytes, signature)[0] + len;
            bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        }
        bytes
    };
    let link = archive(|writer| {
        writer
            .add_symlink("src/demo/zcl_a.clas.abap", "/etc/passwd", SimpleFileOptions::default())
            .unwrap();
    });
    let many = if cfg!(debug_assertions) { 510_000 } else { 900_000 };
    vec![
        Case::command("64 MiB of zeros in an archive", &extract, limit, exports(zeros(64 * MIB))),
        Case::command("an archive beyond --max-size", &small, limit, exports(zeros(16 * MIB))),
        Case::command(
            "an archive beyond --max-size, not extracted",
            &export(&["--max-size", "8MiB"]),
            limit,
            exports(zeros(16 * MIB)),
        ),
        Case::command("archives inside an archive", &extract, "exit 0 ok", exports(nested)),
        Case::command(
            "an archive that says 1 byte where 16 MiB come",
            &extract,
            broken,
            exports(with_length(zeros(16 * MIB), 1)),
        ),
        Case::command(
            "an archive that says 4 GiB where 1 MiB comes",
            &extract,
            "exit 5 limit or exit 5 broken",
            exports(with_length(zeros(MIB), u32::MAX - 1)),
        ),
        Case::command(
            "1,000 entries that stand for the same bytes",
            &extract,
            "exit 5 limit or exit 5 broken",
            exports(overlapping(1_000)),
        ),
        Case::command("900,000 entries", &extract, limit, exports(directory(many, many as u64))),
        Case::command(
            "an end of ZIP64 that says 2^63 entries",
            &extract,
            broken,
            exports(directory(1_000, 1 << 63)),
        ),
        Case::command(
            "an end of ZIP64 that says one of 1,000 entries",
            &extract,
            "exit 5 broken or exit 4 refused or exit 0 ok or exit 6 ok",
            exports(directory(1_000, 1)),
        ),
        Case::command(
            "an entry above its folder",
            &extract,
            broken,
            exports(named("../../zcl_a.clas.abap")),
        ),
        Case::command(
            "an entry of the root",
            &extract,
            broken,
            exports(named("/tmp/zcl_hostile.clas.abap")),
        ),
        Case::command("a link to elsewhere", &extract, broken, exports(link)),
        Case::command("a payload that is no archive", &extract, broken, exports(vec![b'x'; MIB])),
    ]
}
