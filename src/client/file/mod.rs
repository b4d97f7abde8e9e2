//! What stands on disk while a payload arrives, and what an earlier try has left there.
//!
//! ```text
//! a.zip                       the target: untouched until `StagedFile::commit` renames over it
//! a.zip.deadbeef.part         `PartFile`: grows with the payload
//! a.zip.deadbeef.journal      `Journal`: how far the part is good, and whose payload it is
//! a.zip.deadbeef.shards/      `Store`: finished shards, if the payload is made of such
//!     request                 whose they are; locked while its process lives
//!     000001.zip              a shard, verified before it got its name
//! ```
//!
//! The part is written first, the journal after it. Neither is trusted when it is found again:
//! a [`Leftover`] reads the part anew and takes the longest beginning that agrees with its
//! journal, so a tail that a loss of power tore or zeroed is just lost. The lock on the journal
//! says that somebody lives who writes the two; it goes with the process.
//!
//! Everything in here blocks and knows no runtime; one call at a time.

mod growing;
mod journal;
pub(super) mod leftover;
mod names;
mod part;
mod place;
mod staged;
mod store;
#[cfg(test)]
mod testing;

pub(crate) use journal::Ticket;
pub(crate) use leftover::Leftover;
pub(crate) use part::PartFile;
pub(crate) use store::{Slot, Stock, Store};

pub use leftover::LeftoverInfo;
pub use staged::StagedFile;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::error::Error;

/// How much is read at once, in bytes.
const BLOCK_BYTES: usize = 1 << 18;

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { action, path: path.to_owned(), source }
}

/// Makes a file that was not there, for nobody else's eyes where the system knows of others.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The folder that `path` is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes names last, where a folder can be synced; elsewhere the file system sees to it.
fn sync_folder_of(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}
