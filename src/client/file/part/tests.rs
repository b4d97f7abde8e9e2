use std::fs;
use std::io::{Read, Seek, SeekFrom};

use super::*;
use crate::client::file::Leftover;
use crate::client::file::testing::{entries, request, seq, ticket};

fn part(target: &Path, bytes: &[u8]) -> PartFile {
    let mut part = PartFile::open(target, None).unwrap();
    bytes.chunks(3).for_each(|bytes| part.write(bytes).unwrap());
    part
}

fn write(target: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut part = PartFile::open(target, None)?;
    part.write(bytes)?;
    part.seal()?.commit()
}

#[test]
fn nothing_appears_without_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    write(&target, b"one").unwrap();
    let mut growing = part(&target, b"two");
    growing.journal(ticket()).unwrap();
    assert_eq!(entries(folder.path()).len(), 3);
    drop(growing);
    let mut sealed = part(&target, b"two");
    sealed.journal(ticket()).unwrap();
    drop(sealed.seal().unwrap());
    assert_eq!(fs::read(&target).unwrap(), b"one");
    assert_eq!(entries(folder.path()), ["a.zip"]);
}

#[test]
fn a_file_is_replaced_and_neither_part_nor_journal_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    write(&target, b"one").unwrap();
    let mut two = part(&target, b"two");
    two.journal(ticket()).unwrap();
    two.mark(seq(2)).unwrap();
    two.seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"two");
    assert_eq!(entries(folder.path()), ["a.zip"]);
}

#[test]
fn long_names_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x".repeat(250), "ä".repeat(120), "𝄞".repeat(62)] {
        let target = folder.path().join(name);
        let mut part = part(&target, b"a long name");
        part.journal(ticket()).unwrap();
        part.mark(seq(2)).unwrap();
        part.keep().unwrap();
        let found = Leftover::find(&target, &request()).unwrap().unwrap();
        assert_eq!(found.position().offset, 11);
        found.into_part().seal().unwrap().commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"a long name");
    }
    assert_eq!(entries(folder.path()).len(), 3);
}

#[test]
fn two_at_once_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let open = |bytes| {
        let mut part = part(&target, bytes);
        part.journal(ticket()).unwrap();
        part.mark(seq(2)).unwrap();
        part
    };
    let (first, second) = (open(b"first"), open(b"second"));
    assert!(Leftover::find(&target, &request()).unwrap().is_none());
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 0);
    second.seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"second");
    first.seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"first");
    assert_eq!(entries(folder.path()), ["a.zip"]);
}

#[test]
fn a_file_that_was_written_meanwhile_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let staged = part(&target, b"ours").seal().unwrap();
    fs::write(&target, "theirs").unwrap();
    staged.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"ours");
}

#[test]
fn a_target_that_cannot_be_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("taken");
    fs::create_dir_all(target.join("inside")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let Err(Error::File { source, .. }) = PartFile::open(&target, None) else { panic!("a folder") };
    assert_eq!(source.kind(), io::ErrorKind::IsADirectory);
    for target in ["", "new/", "..", "/"] {
        assert!(PartFile::open(&folder.path().join(target), None).is_err(), "{target:?}");
        assert!(Leftover::find(&folder.path().join(target), &request()).is_err(), "{target:?}");
    }
    assert!(PartFile::open(Path::new(""), None).is_err());
    for target in ["no/such/a.zip", "file/a.zip"] {
        let target = folder.path().join(target);
        assert!(matches!(PartFile::open(&target, None), Err(Error::File { .. })), "{target:?}");
        let found = Leftover::find(&target, &request());
        assert!(matches!(found, Err(Error::File { .. })), "{target:?}");
    }
    assert_eq!(entries(folder.path()), ["file", "taken"]);
}

#[test]
fn a_target_that_becomes_a_folder_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let mut part = part(&target, b"one");
    part.journal(ticket()).unwrap();
    let staged = part.seal().unwrap();
    fs::create_dir(&target).unwrap();
    let Err(Error::File { action, path, source }) = staged.commit() else { panic!("committed") };
    assert_eq!((action, path), ("renaming to", target.clone()));
    assert_eq!(source.kind(), io::ErrorKind::IsADirectory);
    assert!(target.is_dir());
    assert_eq!(entries(folder.path()).len(), 3, "part and journal stay for another try");
}

#[test]
fn a_folder_that_vanishes_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let staged = part(&inside.join("a.zip"), b"one").seal().unwrap();
    if fs::remove_dir_all(&inside).is_err() {
        // A system that holds folders with open files in them.
        return;
    }
    let Err(Error::File { source, .. }) = staged.commit() else { panic!("committed") };
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
    assert!(!inside.exists());
}

#[test]
fn readers_start_at_the_beginning_and_disturb_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let mut part = part(&target, b"hello ");
    let mut text = String::new();
    part.reader().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello ");
    part.write(b"world").unwrap();
    assert_eq!(part.len(), 11);
    let staged = part.seal().unwrap();
    let mut reader = staged.reader().unwrap();
    reader.seek(SeekFrom::Start(6)).unwrap();
    text.clear();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "world");
    staged.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"hello world");
}

#[test]
fn a_restart_begins_at_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let mut part = part(&target, b"wrong bytes");
    part.journal(ticket()).unwrap();
    part.mark(seq(2)).unwrap();
    // Another operation's bytes cannot follow these.
    let other = Ticket { epoch: "e2".into(), ..ticket() };
    assert!(matches!(part.journal(other.clone()), Err(Error::File { .. })));
    part.restart().unwrap();
    assert_eq!(part.len(), 0);
    part.journal(other.clone()).unwrap();
    part.write(b"right").unwrap();
    part.mark(seq(2)).unwrap();
    part.keep().unwrap();
    let found = Leftover::find(&target, &request()).unwrap().unwrap();
    assert_eq!(found.position().offset, 5);
    assert_eq!(*found.ticket(), other);
    found.into_part().seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"right");
}

#[test]
fn a_restarted_part_can_be_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let mut part = part(&target, b"wrong bytes");
    part.journal(ticket()).unwrap();
    part.mark(seq(2)).unwrap();
    part.write(b"not marked").unwrap();
    part.restart().unwrap();
    part.keep().unwrap();
    let found = Leftover::find(&target, &request()).unwrap().unwrap();
    assert_eq!((found.position().offset, found.position().next), (0, Seq::FIRST));
    let mut part = found.into_part();
    part.write(b"wrong").unwrap();
    part.mark(seq(2)).unwrap();
    part.write(b"not marked").unwrap();
    part.restart().unwrap();
    part.write(b"right bytes").unwrap();
    part.mark(seq(2)).unwrap();
    part.keep().unwrap();
    let found = Leftover::find(&target, &request()).unwrap().unwrap();
    assert_eq!((found.position().offset, found.position().next), (11, seq(2)));
}

#[test]
fn a_part_without_a_journal_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    part(&folder.path().join("a.zip"), b"one").keep().unwrap();
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn what_cannot_be_read_again_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let mut part = part(&target, b"one");
    let endless = Ticket { epoch: "e".repeat(1 << 16), ..ticket() };
    assert!(matches!(part.journal(endless), Err(Error::File { .. })));
    assert_eq!(entries(folder.path()).len(), 1);
    part.mark(seq(2)).unwrap();
    part.seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"one");
}

#[test]
fn the_key_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mut part = part(&folder.path().join("a.zip"), b"one");
    part.journal(ticket()).unwrap();
    let ticket = ticket();
    assert!(!format!("{part:?} {ticket:?}").contains(ticket.key.as_str()));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn links_are_followed_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.zip"), folder.path().join("link.zip"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(mode(&real), 0o640);
        symlink(folder.path().join("nowhere"), folder.path().join("dangling")).unwrap();
        assert!(PartFile::open(&folder.path().join("dangling"), None).is_err());
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(entries(folder.path()), ["dangling", "link.zip", "real.zip"]);
    }

    #[test]
    fn a_leftover_is_found_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let (real, link) = (elsewhere.path().join("real.zip"), folder.path().join("link.zip"));
        fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        let mut part = part(&link, b"new");
        part.journal(ticket()).unwrap();
        part.mark(seq(2)).unwrap();
        part.keep().unwrap();
        assert_eq!(entries(folder.path()), ["link.zip"]);
        let found = Leftover::find(&link, &request()).unwrap().unwrap();
        found.into_part().seal().unwrap().commit().unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_part_is_private_and_the_file_is_as_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        let usual = folder.path().join("usual");
        fs::write(&usual, "").unwrap();
        let mut part = part(&target, b"one");
        part.journal(ticket()).unwrap();
        for beside in [&part.names.part, &part.names.journal] {
            assert_eq!(mode(beside), 0o600);
        }
        let path = part.names.part.clone();
        let staged = part.seal().unwrap();
        assert_eq!(mode(&path), 0o600);
        staged.commit().unwrap();
        assert_eq!(mode(&target), mode(&usual));
        assert_eq!(entries(folder.path()), ["a.zip", "usual"]);
    }

    #[test]
    fn a_file_that_may_not_be_written_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o444)).unwrap();
        let mut part = part(&target, b"new");
        part.journal(ticket()).unwrap();
        part.mark(seq(2)).unwrap();
        part.keep().unwrap();
        let found = Leftover::find(&target, &request()).unwrap().unwrap();
        found.into_part().seal().unwrap().commit().unwrap();
        assert_eq!((fs::read(&target).unwrap(), mode(&target)), (b"new".to_vec(), 0o444));
    }

    #[test]
    fn a_folder_that_may_not_be_written_is_said_at_once_and_at_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        let mut kept = part(&target, b"one");
        kept.journal(ticket()).unwrap();
        kept.mark(seq(2)).unwrap();
        kept.keep().unwrap();
        let set = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
        set(0o555).unwrap();
        if fs::write(folder.path().join("probe"), "").is_ok() {
            // A user whom permissions do not bind.
            return;
        }
        let denied = |result: Result<(), Error>| match result {
            Err(Error::File { source, .. }) => source.kind() == io::ErrorKind::PermissionDenied,
            _ => false,
        };
        assert!(denied(PartFile::open(&target, None).map(drop)));
        let found = Leftover::find(&target, &request()).unwrap().unwrap();
        assert!(denied(found.into_part().seal().unwrap().commit()));
        assert!(!target.exists());
        set(0o755).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_said_at_the_commit() {
        let mut part = part(Path::new("/dev/full"), b"one");
        let spool = part.names.part.clone();
        part.journal(ticket()).unwrap();
        assert!(!part.names.journal.exists());
        part.mark(seq(2)).unwrap();
        let staged = part.seal().unwrap();
        assert_eq!(fs::read(&spool).unwrap(), b"one");
        let Err(Error::File { action, path, source }) = staged.commit() else { panic!("full") };
        assert_eq!((action, path.as_path()), ("writing", Path::new("/dev/full")));
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert!(!spool.exists());
    }

    #[test]
    fn a_pipe_gets_all_of_it_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        let bytes: Vec<u8> = (0_u32..200_000).flat_map(u32::to_le_bytes).collect();
        write(&pipe, &bytes).unwrap();
        assert!(reader.join().unwrap() == bytes);
        assert_eq!(entries(folder.path()), ["pipe"]);
    }
}
