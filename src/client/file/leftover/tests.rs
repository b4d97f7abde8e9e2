mod process;
mod torn;

use std::io::Write;

use super::*;
use crate::client::file::testing::{entries, request, seq, ticket};

/// A part of `chunks`, each marked, and its journal.
fn part(target: &Path, chunks: &[&[u8]]) -> PartFile {
    let mut part = PartFile::open(target, None).unwrap();
    part.journal(ticket()).unwrap();
    for (chunk, next) in chunks.iter().zip(2..) {
        part.write(chunk).unwrap();
        part.mark(seq(next)).unwrap();
    }
    part
}

fn find(target: &Path) -> Option<Leftover> {
    Leftover::find(target, &request()).unwrap()
}

/// The names of the only try at `target`.
fn names(target: &Path) -> Names {
    let mut names = Names::beside(target).unwrap();
    assert_eq!(names.len(), 1);
    names.remove(0)
}

#[test]
fn what_was_kept_is_found_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    assert!(find(&target).is_none());
    part(&target, &[b"abc", b"def", b"g"]).keep().unwrap();
    let found = find(&target).unwrap();
    assert_eq!(*found.ticket(), ticket());
    let Position { next, offset, mut sha256 } = found.position().clone();
    assert_eq!((next, offset), (seq(4), 7));
    assert_eq!(sha256.clone().finish(), Sha256::of(b"abcdefg"));
    // It is ours now.
    assert!(find(&target).is_none());
    let mut part = found.into_part();
    assert_eq!(part.len(), 7);
    // Said again by the server, and nothing new.
    part.journal(ticket()).unwrap();
    part.mark(seq(4)).unwrap();
    part.write(b"hij").unwrap();
    sha256.update(b"hij");
    part.mark(seq(5)).unwrap();
    part.write(b"not marked").unwrap();
    part.sync().unwrap();
    part.keep().unwrap();
    let found = find(&target).unwrap();
    assert_eq!((found.position().next, found.position().offset), (seq(5), 10));
    assert_eq!(found.position().clone().sha256.finish(), sha256.finish());
    found.into_part().seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"abcdefghij");
    assert_eq!(entries(folder.path()), ["a.zip"]);
}

#[test]
fn a_leftover_stays_until_it_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    part(&target, &[b"abc"]).keep().unwrap();
    drop(find(&target).unwrap());
    drop(find(&target).unwrap().into_part());
    let mut part = find(&target).unwrap().into_part();
    part.take_over();
    drop(part);
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn without_a_good_byte_the_operation_is_still_known() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    part(&target, &[]).keep().unwrap();
    let found = find(&target).unwrap();
    assert_eq!((found.position().next, found.position().offset), (Seq::FIRST, 0));
    assert_eq!(found.position().sha256.clone().finish(), Sha256::of(b""));
    let mut part = found.into_part();
    part.write(b"abc").unwrap();
    part.mark(seq(2)).unwrap();
    part.keep().unwrap();
    assert_eq!(find(&target).unwrap().position().offset, 3);
}

#[test]
fn the_most_good_bytes_win() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    part(&target, &[b"abc", b"def"]).keep().unwrap();
    let (good, mut long) = (names(&target), part(&target, &[b"abc"]));
    long.write(b"many bytes that nobody marked").unwrap();
    long.keep().unwrap();
    part(&target, &[]).keep().unwrap();
    let found = find(&target).unwrap();
    assert_eq!((found.position().offset, &found.names.part), (6, &good.part));
    // The others are neither locked nor changed.
    let next = find(&target).unwrap();
    assert_eq!(next.position().offset, 3);
    assert_eq!(find(&target).unwrap().position().offset, 0);
    drop((found, next));
    assert_eq!(entries(folder.path()).len(), 6);
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 3);
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn another_request_and_another_target_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (target, other) = (folder.path().join("x".repeat(60)), folder.path().join("x".repeat(61)));
    part(&target, &[b"abc"]).keep().unwrap();
    assert!(Leftover::find(&target, &Sha256::of(b"another")).unwrap().is_none());
    // Cut, both names are the same.
    assert_eq!(Names::beside(&other).unwrap().len(), 1);
    assert!(find(&other).is_none());
    assert!(LeftoverInfo::peek(&other).is_none());
    assert_eq!(Leftover::remove_stale(&other).unwrap(), 0);
    assert!(find(&target).is_some());
}

#[test]
fn a_part_without_end_is_as_good_as_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let chunk = vec![7; BLOCK_BYTES + 1];
    part(&target, &[&chunk, &chunk]).keep().unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(names(&target).part).unwrap();
    file.write_all(b"tail").unwrap();
    let found = find(&target).unwrap();
    assert_eq!(found.position().offset, 2 * chunk.len() as u64);
    let all = [chunk.clone(), chunk].concat();
    assert_eq!(found.position().sha256.clone().finish(), Sha256::of(&all));
    assert!(fs::read(names(&target).part).unwrap() == all);
}

#[test]
fn a_journal_whose_part_was_renamed_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    part(&target, &[b"abc"]).keep().unwrap();
    // Killed between the rename and the end of the journal.
    fs::rename(names(&target).part, &target).unwrap();
    assert!(find(&target).is_none());
    assert!(LeftoverInfo::peek(&target).is_none());
    assert_eq!(entries(folder.path()).len(), 2);
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 1);
    assert_eq!(entries(folder.path()), ["a.zip"]);
    assert_eq!(fs::read(&target).unwrap(), b"abc");
}

#[test]
fn the_files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    part(&target, &[b"abc"]).keep().unwrap();
    let ours = names(&target);
    let header = fs::read(&ours.journal).unwrap();
    fs::remove_file(&ours.journal).unwrap();
    let endless = vec![b'x'; 1 << 20];
    let foreign: [(&str, &[u8]); 8] = [
        ("a.zip.part", b"theirs"),
        ("a.zip.journal", &header),
        ("a.zip.deadbeef.journal", b"theirs\n"),
        ("a.zip.deadbeef.part", b"theirs"),
        ("a.zip.00000000.journal", b""),
        // Right in itself, but of another part.
        ("a.zip.00000001.journal", &header),
        ("a.zip.00000002.journal", &endless),
        ("a.zip.DEADBEE0.journal", &header),
    ];
    for (name, bytes) in foreign {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::create_dir(folder.path().join("a.zip.00000003.journal")).unwrap();
    let before = entries(folder.path());
    assert!(find(&target).is_none());
    assert!(LeftoverInfo::peek(&target).is_none());
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 0);
    drop(part(&target, &[b"abc"]));
    part(&target, &[b"abc"]).seal().unwrap().commit().unwrap();
    fs::remove_file(&target).unwrap();
    assert_eq!(entries(folder.path()), before);
    for (name, bytes) in foreign {
        assert!(fs::read(folder.path().join(name)).unwrap() == bytes, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_no_part_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    part(&target, &[b"abc"]).keep().unwrap();
    let (names, precious) = (names(&target), folder.path().join("precious"));
    fs::write(&precious, "abc and more").unwrap();
    fs::remove_file(&names.part).unwrap();
    std::os::unix::fs::symlink(&precious, &names.part).unwrap();
    assert!(find(&target).is_none());
    assert!(LeftoverInfo::peek(&target).is_none());
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 0);
    assert_eq!(fs::read(&precious).unwrap(), b"abc and more");
    assert_eq!(entries(folder.path()).len(), 3);
}

#[cfg(unix)]
#[test]
fn a_device_has_no_leftovers() {
    assert!(find(Path::new("/dev/null")).is_none());
    assert_eq!(Leftover::remove_stale(Path::new("/dev/null")).unwrap(), 0);
    assert!(LeftoverInfo::peek("/dev/null").is_none());
}

#[test]
fn a_peek_tells_and_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let begun = SystemTime::now().checked_sub(Duration::from_secs(1)).unwrap();
    let part = part(&target, &[b"abc", b"def"]);
    assert!(LeftoverInfo::peek(&target).is_none(), "somebody is at it");
    part.keep().unwrap();
    let info = LeftoverInfo::peek(&target).unwrap();
    assert_eq!((info.bytes, info.operation.as_str()), (6, "git.export"));
    assert!(info.created > begun && info.created <= SystemTime::now());
    assert_eq!(LeftoverInfo::peek(&target), Some(info));
    fs::write(names(&target).part, "abcde").unwrap();
    assert_eq!(LeftoverInfo::peek(&target).unwrap().bytes, 3);
    let found = find(&target).unwrap();
    assert!(LeftoverInfo::peek(&target).is_none());
    assert_eq!(found.position().offset, 3);
}
