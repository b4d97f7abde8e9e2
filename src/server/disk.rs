//! Payloads of kept operations in files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::core::Source;

/// What the names of payloads on disk begin with.
const PREFIX: &str = "longhaul-";
/// What they end in.
const SUFFIX: &str = ".payload";

/// How much is copied at a time, in bytes.
const COPIED_AT_ONCE: u64 = 1 << 20;

/// A payload in a file that is removed with it.
#[derive(Debug)]
pub(super) struct StoredFile {
    inner: Mutex<Inner>,
    /// Dropped after the file is closed, which some systems insist on.
    _path: TemporaryPath,
}

#[derive(Debug)]
struct Inner {
    file: File,
    total_bytes: u64,
}

/// A file that is removed when this is dropped.
#[derive(Debug)]
struct TemporaryPath(PathBuf);

impl StoredFile {
    /// Copies a payload into a new file of the folder. Nothing is left there if that fails.
    pub(super) fn store(folder: &Path, source: &dyn Source) -> io::Result<Self> {
        let stored = Self::empty(folder)?;
        let total_bytes = source.total_bytes();
        let mut copied = 0;
        while copied < total_bytes {
            let length = total_bytes.saturating_sub(copied).min(COPIED_AT_ONCE);
            let bytes = source.read(copied, usize::try_from(length).unwrap_or(usize::MAX))?;
            stored.append(&bytes)?;
            copied = copied.saturating_add(length);
        }
        Ok(stored)
    }

    /// A new file of the folder, to be grown.
    pub(super) fn empty(folder: &Path) -> io::Result<Self> {
        let (file, path) = create(folder)?;
        Ok(Self { inner: Mutex::new(Inner { file, total_bytes: 0 }), _path: path })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for StoredFile {
    fn total_bytes(&self) -> u64 {
        self.lock().total_bytes
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; length];
        let file = &mut self.lock().file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }

    fn held_bytes(&self) -> u64 {
        self.total_bytes()
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let Inner { file, total_bytes } = &mut *self.lock();
        file.seek(SeekFrom::Start(*total_bytes))?;
        file.write_all(bytes)?;
        *total_bytes = total_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        // Whoever cleans the folder otherwise was just faster.
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes what a server has left in a folder that could not do it itself any more. Whatever
/// another process still uses is locked.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
        if is_ours && is_file && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Creates a file that nobody else has, not even another process.
fn create(folder: &Path) -> io::Result<(File, TemporaryPath)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{PREFIX}{}-{number}{SUFFIX}", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        // Payloads are for those who asked for them, whatever the folder's rights are.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => {
                // Locked for as long as this process lives; where that cannot be, it only means
                // that nobody sweeps it.
                let _ = file.try_lock();
                return Ok((file, TemporaryPath(path)));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_uses_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let used = StoredFile::empty(folder.path()).unwrap();
        let orphan = folder.path().join("longhaul-1-0.payload");
        let foreign = folder.path().join("mine.payload");
        for path in [&orphan, &foreign] {
            fs::write(path, "x").unwrap();
        }
        sweep(folder.path()).unwrap();
        assert!(!orphan.exists() && foreign.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drop(used);
    }

    #[test]
    fn a_file_lives_as_long_as_its_payload() {
        let folder = tempfile::tempdir().unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let payload = Bytes::from_static(b"0123456789");
        let stored = StoredFile::store(folder.path(), &payload).unwrap();
        let other = StoredFile::store(folder.path(), &payload).unwrap();
        assert_eq!(stored.read(3, 4).unwrap(), "3456");
        assert_eq!(stored.read(9, 1).unwrap(), "9");
        assert!(stored.read(9, 2).is_err());
        let growing = StoredFile::empty(folder.path()).unwrap();
        growing.append(b"01").unwrap();
        assert_eq!(growing.read(1, 1).unwrap(), "1");
        growing.append(b"23").unwrap();
        assert_eq!((growing.read(1, 3).unwrap(), growing.held_bytes()), ("123".into(), 4));
        assert_eq!(files(), 3);
        drop((stored, other, growing));
        assert_eq!(files(), 0);
        assert!(StoredFile::store(&folder.path().join("none"), &payload).is_err());
    }
}
