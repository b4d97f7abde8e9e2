//! A file that is written at its end and nowhere else.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::{create_private, failed};

/// A file that grows. Once writing to it has failed, nobody knows what is in it, so it stays
/// failed and says each time why.
#[derive(Debug)]
pub(super) struct Growing {
    path: PathBuf,
    file: File,
    /// What was written without an error, in bytes.
    len: u64,
    failure: Option<Failure>,
}

/// What went wrong first; an [`io::Error`] cannot be copied.
#[derive(Debug)]
struct Failure {
    action: &'static str,
    code: Option<i32>,
    kind: io::ErrorKind,
    text: String,
}

impl Growing {
    /// A file that was not there before.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = create_private(path)?;
        Ok(Self { path: path.to_owned(), file, len: 0, failure: None })
    }

    /// Goes on with `file` after its first `len` bytes; what is behind them is cut off.
    pub(super) fn resume(path: PathBuf, file: File, len: u64) -> Result<Self, Error> {
        let mut growing = Self { path, file, len, failure: None };
        growing.truncate(len)?;
        Ok(growing)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.attempt("writing", |file| file.write_all(bytes))?;
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub(super) fn truncate(&mut self, len: u64) -> Result<(), Error> {
        self.attempt("truncating", |file| {
            file.set_len(len)?;
            file.seek(SeekFrom::Start(len)).map(drop)
        })?;
        self.len = len;
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.attempt("syncing", |file| file.sync_all())
    }

    /// Syncs even what has failed, whose good beginning may be wanted.
    pub(super) fn sync_what_is_there(&self) -> Result<(), Error> {
        self.file.sync_all().map_err(|source| failed("syncing", &self.path, source))
    }

    /// Gives the error that it has failed with, if it has.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.failure {
            Some(failure) => Err(failed(failure.action, &self.path, failure.source())),
            None => Ok(()),
        }
    }

    /// Another handle, at the start: one that was copied would share its position with ours.
    pub(super) fn reader(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// What is left over does no harm; there is nothing better to do about it.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }

    fn attempt(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), Error> {
        self.check()?;
        work(&mut self.file).or_else(|source| {
            self.failure = Some(Failure {
                action,
                code: source.raw_os_error(),
                kind: source.kind(),
                text: source.to_string(),
            });
            self.check()
        })
    }
}

impl Failure {
    fn source(&self) -> io::Error {
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(self.kind, self.text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_each_time() {
        let path = Path::new("/dev/full");
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut full = Growing { path: path.to_owned(), file, len: 0, failure: None };
        for action in ["first", "again"] {
            let Err(Error::File { action: "writing", source, .. }) = full.write(b"abc") else {
                panic!("{action}: no error of writing");
            };
            assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{action}");
        }
        assert_eq!(full.len(), 0);
        for later in [full.sync(), full.truncate(0)] {
            assert!(matches!(later, Err(Error::File { action: "writing", .. })), "{later:?}");
        }
    }
}
