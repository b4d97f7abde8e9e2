//! What is gone on with is what the journal vouches for, and nothing else.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use std::fs;
use std::path::Path;

use super::{Extent, Leftover, LeftoverInfo, Position, verify};
use crate::client::file::journal::{Header, Records, Stretch, Ticket, header_line, stretch_line};
use crate::client::file::names::Names;
use crate::client::fuzzing::Folder;
use crate::fuzzing::{Input, Vectors};
use crate::proto::checksum::{Crc32, Sha256};
use crate::proto::{OperationKey, Seq};

/// The journal is written as the input says; otherwise it is in the input.
const IS_WRITTEN: u8 = 1;
/// The lines in the input have no CRC; they get one.
const LACKS_CRC: u8 = 2;
/// Part and journal are looked for on disk as well.
const IS_ON_DISK: u8 = 4;

/// What is wrong with a line that is written.
const WRONG_CRC: u8 = 1;
const TORN: u8 = 2;
const BACKWARDS: u8 = 3;
const BEYOND: u8 = 4;
const NO_PROGRESS: u8 = 5;

/// A part is good for as long as its journal's lines are whole and agree with it, one after the
/// other; what is cut to that is as good as it was. On disk the same is found.
///
/// Input: which way, the part, the journal or what to write into it.
pub fn journal(data: &[u8]) {
    let mut input = Input::new(data);
    let (form, len) = (input.byte(), usize::from(input.u16()) % 4096);
    let part = input.bytes(len);
    let target = Path::new("a.zip");
    let names = names(target);
    let (lines, expected) = if form & IS_WRITTEN != 0 {
        let (lines, expected) = written(&mut input, part, target, &names);
        (lines, Some(expected))
    } else if form & LACKS_CRC != 0 {
        (with_crc(input.rest()), None)
    } else {
        (input.rest().to_vec(), None)
    };
    let found = look(part, &lines);
    if let Some(expected) = expected {
        assert_eq!(
            found.as_ref().map(|(position, _)| (position.next, position.offset)),
            Some(expected)
        );
    }
    if form & IS_ON_DISK != 0 {
        on_disk(part, &lines, found);
    }
}

pub(crate) fn seeds(_: &Vectors) -> Vec<Vec<u8>> {
    let target = Path::new("a.zip");
    let header = header_line(&header(target, &names(target))).unwrap();
    let part = b"\x09\0abcdefghi";
    let mut lines = header.clone();
    for (next, offset, bytes) in [(2, 3, "abc"), (3, 3, ""), (5, 8, "defgh")] {
        let next = Seq::new(next).unwrap();
        lines.push_str(
            &stretch_line(&Stretch { next, offset, crc32: Crc32::of(bytes.as_bytes()) }).unwrap(),
        );
    }
    let bare: Vec<_> = lines.lines().map(|line| &line[9..]).chain([""]).collect();
    let mut seeds = vec![
        [&[IS_ON_DISK], &part[..], lines.as_bytes()].concat(),
        [&[LACKS_CRC | IS_ON_DISK], &part[..], bare.join("\n").as_bytes()].concat(),
        [&[0], &part[..], header.as_bytes(), b"torn"].concat(),
    ];
    for wrong in 0..=NO_PROGRESS {
        let steps = [1, 3, 0, 2, 0, 0, 1, 4, wrong, 1, 1, 0];
        // On disk it takes ten times as long.
        let form = if wrong % 3 == 0 { IS_WRITTEN | IS_ON_DISK } else { IS_WRITTEN };
        seeds.push([&[form], &part[..], &steps].concat());
    }
    seeds
}

fn names(target: &Path) -> Names {
    Names {
        part: target.with_file_name("a.zip.deadbeef.part"),
        journal: target.with_file_name("a.zip.deadbeef.journal"),
    }
}

fn header(target: &Path, names: &Names) -> Header {
    let ticket = Ticket {
        operation: "git.export".to_owned(),
        request: Sha256::of(b"request"),
        key: OperationKey::from_random([7; 16]),
        epoch: "e1".to_owned(),
        ttl_ms: 600_000,
        chunk_bytes: 3,
    };
    // The same for the same input.
    Header { created_ms: 1_700_000_000_000, ..Header::new(ticket, target, names) }
}

/// Finds how far a part is good, and holds that against the part itself.
fn look(part: &[u8], lines: &[u8]) -> Option<(Position, Extent)> {
    let (header, records) = Records::begin(lines)?;
    let line = header_line(&header)?;
    let (again, _) = Records::begin(line.as_bytes()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{header:?}"));
    let (position, extent) = verify(records, part);
    let offset = usize::try_from(position.offset).unwrap();
    assert_eq!(position.sha256.clone().finish(), Sha256::of(&part[..offset]));
    assert!(extent.header <= extent.good && extent.good <= lines.len() as u64);
    let good = &lines[..usize::try_from(extent.good).unwrap()];
    let (again, same) = verify(Records::begin(good).unwrap().1, &part[..offset]);
    assert_eq!((again.next, again.offset), (position.next, position.offset));
    assert_eq!((same.header, same.good), (extent.header, extent.good));
    Some((position, extent))
}

/// Finds the same on disk, cut to what is good.
fn on_disk(part: &[u8], lines: &[u8], found: Option<(Position, Extent)>) {
    let folder = Folder::new();
    let target = folder.path().join("a.zip");
    let names = names(&target);
    fs::write(&names.part, part).unwrap();
    fs::write(&names.journal, lines).unwrap();
    let info = LeftoverInfo::peek(&target);
    let header = Records::begin(lines).map(|(header, _)| header);
    let request = header.as_ref().map_or(Sha256::of(b""), |header| header.ticket.request);
    let Some(leftover) = Leftover::find(&target, &request).unwrap() else {
        let fits = header.is_some_and(|header| header.fits(&target, &names));
        assert!(!fits && info.is_none());
        assert_eq!(fs::read(&names.part).unwrap(), part, "what is not ours stays");
        return;
    };
    let (position, extent) = found.unwrap();
    assert_eq!(leftover.position().offset, position.offset);
    assert_eq!(leftover.position().next, position.next);
    drop(leftover);
    assert_eq!(fs::metadata(&names.part).unwrap().len(), position.offset);
    assert_eq!(fs::metadata(&names.journal).unwrap().len(), extent.good);
    let again = Leftover::find(&target, &request).unwrap().unwrap();
    assert_eq!(again.position().offset, position.offset);
    drop(again);
    assert!(info.is_none_or(|info| info.bytes >= position.offset));
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A journal as the input says, and how far the part is good by it.
///
/// Input: for each line how many chunks it adds, how many bytes, what is wrong.
fn written(
    input: &mut Input<'_>,
    part: &[u8],
    target: &Path,
    names: &Names,
) -> (Vec<u8>, (Seq, u64)) {
    let mut lines = header_line(&header(target, names)).unwrap().into_bytes();
    let (mut next, mut offset) = (1_u64, 0_usize);
    let mut good = None;
    while !input.is_empty() {
        let (chunks, len, wrong) =
            (u64::from(input.byte()), usize::from(input.byte()), input.byte());
        let len = len.min(part.len() - offset);
        let crc32 = Crc32::of(&part[offset..offset + len]);
        let mut stretch = Stretch {
            next: Seq::new(next + chunks + 1).unwrap(),
            offset: (offset + len) as u64,
            crc32,
        };
        match wrong {
            WRONG_CRC => stretch.crc32 = Crc32(!crc32.0),
            BACKWARDS if offset > 0 => stretch.offset = offset as u64 - 1,
            BEYOND => stretch.offset = part.len() as u64 + 1,
            NO_PROGRESS => stretch.next = Seq::new(next).unwrap(),
            _ => {}
        }
        let mut line = stretch_line(&stretch).unwrap().into_bytes();
        if wrong == TORN {
            line.pop();
        }
        lines.extend(line);
        let is_wrong =
            (WRONG_CRC..=NO_PROGRESS).contains(&wrong) && (wrong != BACKWARDS || offset > 0);
        if is_wrong {
            good.get_or_insert((next, offset));
        }
        if !is_wrong && good.is_none() {
            (next, offset) = (stretch.next.get(), offset + len);
        }
    }
    let (next, offset) = good.unwrap_or((next, offset));
    (lines, (Seq::new(next).unwrap(), offset as u64))
}

fn with_crc(lines: &[u8]) -> Vec<u8> {
    let mut journal = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let json = line.strip_suffix(b"\n").unwrap_or(line);
        journal.extend(format!("{} ", Crc32::of(json)).into_bytes());
        journal.extend(line);
    }
    journal
}
