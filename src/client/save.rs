//! A verified payload into a file, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Weak;

use super::error::Error;

/// How much is written before it is looked whether anyone still waits, in bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// A verified payload that stands beside its file, as `.part`, ready to take its place.
///
/// Dropped, it is removed and nothing has happened. [`Transfer::stage`](super::Transfer::stage)
/// makes one.
#[derive(Debug)]
#[must_use = "nothing is in the file before `commit`"]
pub struct StagedFile {
    part: PathBuf,
    target: PathBuf,
    is_in_place: bool,
}

impl StagedFile {
    /// Writes `bytes` beside `target` and syncs, as long as there is a `waiter`.
    pub(crate) fn write(target: PathBuf, bytes: &[u8], waiter: &Weak<()>) -> Result<Self, Error> {
        let part = part_of(&target);
        // From here on whatever is there of it goes with this.
        let staged = Self { part, target, is_in_place: false };
        write_part(&staged.part, bytes, waiter).map_err(|source| Error::File {
            action: "writing",
            path: staged.part.clone(),
            source,
        })?;
        Ok(staged)
    }

    /// Gives the file its name; one that has it already is replaced.
    ///
    /// It blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`Error::File`]; the file is as it was.
    pub fn commit(mut self) -> Result<(), Error> {
        fs::rename(&self.part, &self.target).map_err(|source| Error::File {
            action: "renaming to",
            path: self.target.clone(),
            source,
        })?;
        self.is_in_place = true;
        sync_folder(&self.target);
        Ok(())
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.is_in_place {
            // What is left over does no harm; there is nothing better to do about it.
            let _ = fs::remove_file(&self.part);
        }
    }
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
        StagedFile::write(target.to_owned(), bytes, &Arc::downgrade(&waiting))?.commit()
    }

    #[test]
    fn nothing_appears_once_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        write(&target, b"one").unwrap();
        assert!(StagedFile::write(target.clone(), b"two", &Weak::new()).is_err());
        let waiting = Arc::new(());
        drop(StagedFile::write(target.clone(), b"three", &Arc::downgrade(&waiting)).unwrap());
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
