//! How far a part is good, and whose payload it is.

mod record;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::error::Error;
use super::failed;
use super::growing::Growing;
use super::names::Names;
use crate::proto::OperationKey;
use crate::proto::Seq;
use crate::proto::checksum::{Crc32, Sha256};
pub(super) use record::Records;
#[cfg(feature = "fuzzing")]
pub(super) use record::{header_line, stretch_line};

/// What it takes to go on with an operation that a server still has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The operation, such as `git.export`.
    pub(crate) operation: String,
    /// What tells this request from any other: a digest of server, operation and params.
    pub(crate) request: Sha256,
    /// The key that the request was made with.
    pub(crate) key: OperationKey,
    /// What the server calls the state that it keeps.
    pub(crate) epoch: String,
    /// How long the server keeps it, in milliseconds.
    pub(crate) ttl_ms: u64,
    /// What the operation's chunks have, in decoded bytes.
    pub(crate) chunk_bytes: u64,
}

impl Ticket {
    /// Whether both are for the same payload, as the same server keeps it.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let of = |ticket: &Self| (ticket.request, ticket.chunk_bytes);
        of(self) == of(other) && self.key == other.key && self.epoch == other.epoch
    }
}

/// The first line.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) ticket: Ticket,
    /// The SHA-256 of the target's name; names that begin alike share the names beside them.
    pub(super) target: Sha256,
    /// The part's name, without its folder.
    pub(super) part: String,
    /// When it was begun, in milliseconds since 1970.
    pub(super) created_ms: u64,
}

impl Header {
    pub(super) fn new(ticket: Ticket, target: &Path, names: &Names) -> Self {
        let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            ticket,
            target: name_digest(target),
            part: names.part_name(),
            created_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Whether it was written for `target` and stands in the journal of these names.
    pub(super) fn fits(&self, target: &Path, names: &Names) -> bool {
        self.target == name_digest(target) && self.part == names.part_name()
    }
}

/// Each line after the first: what was written since the one before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The first chunk that is not in the part.
    pub(super) next: Seq,
    /// Where the stretch ends in the part, in bytes.
    pub(super) offset: u64,
    /// Of the stretch's bytes.
    pub(super) crc32: Crc32,
}

/// How much of a journal is what, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// The first line.
    pub(super) header: u64,
    /// All lines that agree with the part.
    pub(super) good: u64,
}

/// A journal that is being written, locked for as long as it is open.
#[derive(Debug)]
pub(super) struct Journal {
    log: Growing,
    header: Header,
    /// How much of it the first line is, in bytes.
    header_len: u64,
    _lock: Lock,
}

impl Journal {
    /// A journal that was not there before.
    pub(super) fn create(path: &Path, header: Header) -> Result<Self, Error> {
        let log = Growing::create(path).map_err(|source| failed("writing", path, source))?;
        // Nobody else locks a journal that has no first line.
        let lock = log.file().try_clone().and_then(|handle| {
            handle.try_lock()?;
            Ok(Lock(handle))
        });
        let lock = lock.map_err(|source| {
            log.remove();
            failed("locking", path, source)
        })?;
        let mut journal = Self { log, header: header.clone(), header_len: 0, _lock: lock };
        journal.rewrite(header).inspect_err(|_| journal.remove())?;
        Ok(journal)
    }

    /// Goes on with a journal that `extent` was found out about.
    pub(super) fn resume(
        path: &Path,
        file: File,
        lock: Lock,
        header: Header,
        extent: Extent,
    ) -> Result<Self, Error> {
        let log = Growing::resume(path.to_owned(), file, extent.good)?;
        Ok(Self { log, header, header_len: extent.header, _lock: lock })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn append(&mut self, stretch: &Stretch) -> Result<(), Error> {
        let line = self.writable(record::stretch_line(stretch))?;
        self.log.write(line.as_bytes())
    }

    /// Begins anew, with no stretch.
    pub(super) fn rewrite(&mut self, header: Header) -> Result<(), Error> {
        let line = self.writable(record::header_line(&header))?;
        self.log.truncate(0)?;
        self.log.write(line.as_bytes())?;
        self.header = header;
        self.header_len = self.log.len();
        Ok(())
    }

    /// Forgets all stretches.
    pub(super) fn forget(&mut self) -> Result<(), Error> {
        self.log.truncate(self.header_len)
    }

    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.log.sync()
    }

    pub(super) fn sync_what_is_there(&self) -> Result<(), Error> {
        self.log.sync_what_is_there()
    }

    pub(super) fn remove(&self) {
        self.log.remove();
    }

    fn writable(&self, line: Option<String>) -> Result<String, Error> {
        let source = || io::Error::from(io::ErrorKind::InvalidInput);
        line.ok_or_else(|| failed("writing", self.log.path(), source()))
    }
}

/// The lock on a journal. It is given back when dropped, also where a process that is just being
/// started still has a copy of the handle.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // It goes with the handle then.
        let _ = self.0.unlock();
    }
}

/// The journal at `path` as far as it can be read without a lock.
pub(super) fn look(path: &Path) -> Option<(Header, Records<File>)> {
    Records::begin(open_file(path, false)?)
}

/// Opens and locks the journal at `path`, at its start, if it is one that is wanted and nobody has
/// it.
pub(super) fn lock(path: &Path, wanted: impl Fn(&Header) -> bool) -> Option<(File, Lock, Header)> {
    let mut file = open_file(path, true)?;
    // Read before it is locked: one that is just being made must not be taken from its maker.
    Records::begin(&file).filter(|(header, _)| wanted(header))?;
    let handle = file.try_clone().ok()?;
    file.try_lock().ok()?;
    let lock = Lock(handle);
    file.rewind().ok()?;
    let (header, _) = Records::begin(&file).filter(|(header, _)| wanted(header))?;
    file.rewind().ok()?;
    Some((file, lock, header))
}

/// Whether the journal at `path` is there and nobody is writing it.
pub(super) fn is_free(path: &Path) -> bool {
    let locked = open_file(path, false).filter(|file| file.try_lock_shared().is_ok()).map(Lock);
    locked.is_some()
}

/// Opens a file and nothing else: opening a pipe would wait for whoever writes it.
pub(super) fn open_file(path: &Path, write: bool) -> Option<File> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    is_file.then(|| OpenOptions::new().read(true).write(write).open(path).ok()).flatten()
}

fn name_digest(target: &Path) -> Sha256 {
    Sha256::of(target.file_name().unwrap_or_default().as_encoded_bytes())
}
