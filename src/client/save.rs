//! A verified payload into a file, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Weak;

use super::error::Error;

/// How much is written before it is looked whether anyone still waits, in bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// How much of the target's name the `.part` file bears, in characters; names have limits.
const NAME_CHARS: usize = 50;
/// How often another name is tried if one is taken.
const MOST_NAMES: u32 = 16;

/// A file in the making; nothing of it stays if it is dropped before [`write`](Self::write).
///
/// Made before anything is asked of the server, so that what cannot be written fails at once.
#[derive(Debug)]
pub(crate) enum Saving {
    /// A file: written beside its target, then renamed.
    File { target: PathBuf, part: Part },
    /// A device, a pipe or the like: written into, since there is nothing to rename over.
    Special(PathBuf, File),
}

/// The file beside the target, of a name that nobody else has.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Saving {
    /// Opens what `target` will be written through. A link is followed; a file that is replaced
    /// hands its permissions on.
    pub(crate) fn open(target: &Path) -> Result<Self, Error> {
        let failed =
            |source: io::Error| Error::File { action: "writing", path: target.to_owned(), source };
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
        match known {
            Some((_, found)) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
            Some((real, found)) if !found.is_file() => {
                let file = OpenOptions::new().write(true).open(&real).map_err(failed)?;
                Ok(Self::Special(real, file))
            }
            Some((real, found)) => {
                let part = Part::create(&real).map_err(failed)?;
                fs::set_permissions(&part.path, found.permissions()).map_err(failed)?;
                Ok(Self::File { target: real, part })
            }
            None => {
                let part = Part::create(target).map_err(failed)?;
                Ok(Self::File { target: target.to_owned(), part })
            }
        }
    }

    /// Writes all of `bytes`, syncs and renames, unless `waiter` goes meanwhile. On failure a
    /// file is as it was; what went into a device cannot be taken back.
    pub(crate) fn write(self, bytes: &[u8], waiter: &Weak<()>) -> Result<(), Error> {
        match self {
            Self::Special(path, file) => write_all(&file, bytes, waiter)
                .map_err(|source| Error::File { action: "writing", path, source }),
            Self::File { target, mut part } => {
                write_all(&part.file, bytes, waiter)
                    .and_then(|()| part.file.sync_all())
                    .and_then(|()| check_waiter(waiter))
                    .map_err(|source| Error::File {
                        action: "writing",
                        path: part.path.clone(),
                        source,
                    })?;
                fs::rename(&part.path, &target).map_err(|source| Error::File {
                    action: "renaming to",
                    path: target.clone(),
                    source,
                })?;
                part.renamed = true;
                sync_folder(&target);
                Ok(())
            }
        }
    }
}

impl Part {
    fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let name: String = name.chars().take(NAME_CHARS).collect();
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..MOST_NAMES {
            let path = target.with_file_name(format!("{name}.{:08x}.part", fastrand::u32(..)));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file, renamed: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.renamed {
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
        Saving::open(target)?.write(bytes, &Arc::downgrade(&waiting))
    }

    fn entries(folder: &tempfile::TempDir) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    #[test]
    fn nothing_appears_once_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        write(&target, b"one").unwrap();
        assert!(Saving::open(&target).unwrap().write(b"two", &Weak::new()).is_err());
        drop(Saving::open(&target).unwrap());
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
        let (first, second) = (Saving::open(&target).unwrap(), Saving::open(&target).unwrap());
        second.write(b"second", &Arc::downgrade(&waiting)).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"second");
        first.write(b"first", &Arc::downgrade(&waiting)).unwrap();
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
        assert!(matches!(Saving::open(&target), Err(Error::File { .. })));
        assert!(Saving::open(&folder.path().join("no/such/a.zip")).is_err());
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
        assert!(Saving::open(&folder.path().join("dangling")).is_err());
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
