//! A verified payload into a file, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Weak;

use super::error::Error;

/// How much is written before it is looked whether anyone still waits, in bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// Writes `bytes` beside `target` as `.part`, syncs, and renames. On failure `target` is as it
/// was and the `.part` is gone; so it is once `waiter` is gone.
pub(crate) fn write(target: &Path, bytes: &[u8], waiter: &Weak<()>) -> Result<(), Error> {
    let part = part_of(target);
    let written = write_part(&part, bytes, waiter)
        .map_err(|source| Error::File { action: "writing", path: part.clone(), source })
        .and_then(|()| {
            fs::rename(&part, target).map_err(|source| Error::File {
                action: "renaming to",
                path: target.to_owned(),
                source,
            })
        });
    if written.is_err() {
        // What is left over does no harm; there is nothing better to do about it.
        let _ = fs::remove_file(&part);
        return written;
    }
    sync_folder(target);
    Ok(())
}

/// Fails early where the file could not be written in the end.
pub(crate) fn check_target(target: &Path) -> Result<(), Error> {
    let refuse =
        |source: io::Error| Error::File { action: "writing", path: target.to_owned(), source };
    if target.is_dir() {
        return Err(refuse(io::ErrorKind::IsADirectory.into()));
    }
    let folder = folder_of(target);
    let metadata = fs::metadata(folder).map_err(refuse)?;
    if metadata.is_dir() { Ok(()) } else { Err(refuse(io::ErrorKind::NotADirectory.into())) }
}

fn part_of(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    target.with_file_name(name)
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_part(part: &Path, bytes: &[u8], waiter: &Weak<()>) -> io::Result<()> {
    let check_waiter = || match waiter.strong_count() {
        0 => Err(io::Error::from(io::ErrorKind::Interrupted)),
        _ => Ok(()),
    };
    let mut file = File::create(part)?;
    for block in bytes.chunks(BLOCK_BYTES) {
        check_waiter()?;
        file.write_all(block)?;
    }
    check_waiter()?;
    file.sync_all()?;
    check_waiter()
}

/// Makes the rename last, where a folder can be synced; elsewhere the file system sees to it.
fn sync_folder(target: &Path) {
    if let Ok(folder) = File::open(folder_of(target)) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn write(target: &Path, bytes: &[u8]) -> Result<(), Error> {
        let waiting = Arc::new(());
        super::write(target, bytes, &Arc::downgrade(&waiting))
    }

    #[test]
    fn nothing_appears_once_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        write(&target, b"one").unwrap();
        assert!(super::write(&target, b"two", &Weak::new()).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced_and_no_part_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        write(&target, b"one").unwrap();
        write(&target, b"two").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_target_that_cannot_be_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("taken");
        fs::create_dir_all(target.join("inside")).unwrap();
        assert!(matches!(check_target(&target), Err(Error::File { .. })));
        assert!(matches!(write(&target, b"x"), Err(Error::File { action: "renaming to", .. })));
        assert!(target.join("inside").is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the part is removed");
        assert!(check_target(&folder.path().join("no/such/a.zip")).is_err());
        check_target(Path::new("a.zip")).unwrap();
    }
}
