//! A verified payload into a file, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Weak;

use bytes::Bytes;

use super::error::Error;

/// How much is written before it is looked whether anyone still waits, in bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// How much of the target's name the `.part` file bears, in characters; names have limits.
const NAME_CHARS: usize = 50;
/// How often another name is tried if one is taken.
const MOST_NAMES: u32 = 16;

/// A verified payload that stands beside its file, ready to take its place.
///
/// Dropped, it is removed and nothing has happened. [`Transfer::stage`](super::Transfer::stage)
/// makes one.
#[derive(Debug)]
#[must_use = "nothing is in the file before `commit`"]
pub struct StagedFile(Staged);

#[derive(Debug)]
enum Staged {
    /// A file: written beside its target, then renamed.
    Beside { target: PathBuf, part: Part },
    /// A device, a pipe or the like: written into, since there is nothing to rename over.
    Into { target: PathBuf, file: File, bytes: Bytes },
}

/// The file beside the target, of a name that nobody else has.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    file: File,
    is_in_place: bool,
}

impl StagedFile {
    /// Opens what `target` will be written through, before anything is read, so that what cannot be
    /// written fails at once. A link is followed; a file that is replaced hands its
    /// permissions on.
    pub(crate) fn open(target: &Path) -> Result<Self, Error> {
        let failed = |source| failed("writing", target, source);
        let ends_in_name = target.file_name().is_some_and(|name| {
            target.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes())
        });
        if !ends_in_name {
            return Err(failed(io::ErrorKind::InvalidFilename.into()));
        }
        let known = match fs::symlink_metadata(target) {
            Ok(found) if found.is_symlink() => {
                let real = fs::canonicalize(target).map_err(failed)?;
                let found = fs::metadata(&real).map_err(failed)?;
                Some((real, found))
            }
            Ok(found) => Some((target.to_owned(), found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let staged = match known {
            Some((_, found)) if found.is_dir() => {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            Some((target, found)) if !found.is_file() => {
                let file = OpenOptions::new().write(true).open(&target).map_err(failed)?;
                Staged::Into { target, file, bytes: Bytes::new() }
            }
            Some((target, found)) => {
                let part = Part::create(&target).map_err(failed)?;
                fs::set_permissions(&part.path, found.permissions()).map_err(failed)?;
                Staged::Beside { target, part }
            }
            None => {
                let part = Part::create(target).map_err(failed)?;
                Staged::Beside { target: target.to_owned(), part }
            }
        };
        Ok(Self(staged))
    }

    /// Writes all of `payload` and syncs, as long as there is a `waiter`.
    pub(crate) fn fill(mut self, payload: Bytes, waiter: &Weak<()>) -> Result<Self, Error> {
        match &mut self.0 {
            Staged::Into { bytes, .. } => *bytes = payload,
            Staged::Beside { part, .. } => write_all(&part.file, &payload, waiter)
                .and_then(|()| part.file.sync_all())
                .and_then(|()| check_waiter(waiter))
                .map_err(|source| failed("writing", &part.path, source))?,
        }
        Ok(self)
    }

    /// Gives the file its name; one that has it already is replaced.
    ///
    /// It blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`Error::File`]; the file is as it was. What went into a device cannot be taken back.
    pub fn commit(self) -> Result<(), Error> {
        match self.0 {
            Staged::Into { target, mut file, bytes } => {
                file.write_all(&bytes).map_err(|source| failed("writing", &target, source))
            }
            Staged::Beside { target, mut part } => {
                fs::rename(&part.path, &target)
                    .map_err(|source| failed("renaming to", &target, source))?;
                part.is_in_place = true;
                sync_folder(&target);
                Ok(())
            }
        }
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { action, path: path.to_owned(), source }
}

impl Part {
    fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let name: String = name.chars().take(NAME_CHARS).collect();
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..MOST_NAMES {
            let path = target.with_file_name(format!("{name}.{:08x}.part", fastrand::u32(..)));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file, is_in_place: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_in_place {
            // What is left over does no harm; there is nothing better to do about it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn write_all(mut file: &File, bytes: &[u8], waiter: &Weak<()>) -> io::Result<()> {
    for block in bytes.chunks(BLOCK_BYTES) {
        check_waiter(waiter)?;
        file.write_all(block)?;
    }
    check_waiter(waiter)
}

fn check_waiter(waiter: &Weak<()>) -> io::Result<()> {
    match waiter.strong_count() {
        0 => Err(io::ErrorKind::Interrupted.into()),
        _ => Ok(()),
    }
}

/// Makes the rename last, where a folder can be synced; elsewhere the file system sees to it.
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn write(target: &Path, bytes: &[u8]) -> Result<(), Error> {
        let waiting = Arc::new(());
        let bytes = Bytes::copy_from_slice(bytes);
        StagedFile::open(target)?.fill(bytes, &Arc::downgrade(&waiting))?.commit()
    }

    fn entries(folder: &tempfile::TempDir) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    #[test]
    fn nothing_appears_once_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        write(&target, b"one").unwrap();
        let two = Bytes::from_static(b"two");
        assert!(StagedFile::open(&target).unwrap().fill(two.clone(), &Weak::new()).is_err());
        let waiting = Arc::new(());
        let staged = StagedFile::open(&target).unwrap().fill(two, &Arc::downgrade(&waiting));
        drop(staged.unwrap());
        assert_eq!(fs::read(&target).unwrap(), b"one");
        assert_eq!(entries(&folder), 1);
    }

    #[test]
    fn a_file_is_replaced_and_no_part_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        write(&target, b"one").unwrap();
        write(&target, b"two").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"two");
        assert_eq!(entries(&folder), 1);
        write(&folder.path().join("x".repeat(250)), b"a long name").unwrap();
    }

    #[test]
    fn two_at_once_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        let waiting = Arc::new(());
        let open = || StagedFile::open(&target).unwrap();
        let write = |staged: StagedFile, bytes: &'static [u8]| {
            staged.fill(bytes.into(), &Arc::downgrade(&waiting)).unwrap().commit().unwrap();
        };
        let (first, second) = (open(), open());
        write(second, b"second");
        assert_eq!(fs::read(&target).unwrap(), b"second");
        write(first, b"first");
        assert_eq!(fs::read(&target).unwrap(), b"first");
        assert_eq!(entries(&folder), 1);
    }

    #[test]
    fn a_file_that_only_looks_like_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("a.zip.part");
        fs::write(&mine, "mine").unwrap();
        write(&folder.path().join("a.zip"), b"one").unwrap();
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
    }

    #[test]
    fn a_target_that_cannot_be_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("taken");
        fs::create_dir_all(target.join("inside")).unwrap();
        assert!(matches!(StagedFile::open(&target), Err(Error::File { .. })));
        for target in ["", "new/", "..", "/"] {
            assert!(StagedFile::open(&folder.path().join(target)).is_err(), "{target:?}");
        }
        assert!(StagedFile::open(Path::new("")).is_err());
        assert!(StagedFile::open(&folder.path().join("no/such/a.zip")).is_err());
        assert_eq!(entries(&folder), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.zip"), folder.path().join("link.zip"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        symlink(folder.path().join("nowhere"), folder.path().join("dangling")).unwrap();
        assert!(StagedFile::open(&folder.path().join("dangling")).is_err());
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
