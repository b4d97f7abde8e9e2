//! Why an archive did not become a folder.

use std::io;
use std::path::{Path, PathBuf};

use super::name::InvalidName;
use crate::ops::git::archive::ArchiveError;

/// An archive was not extracted.
///
/// Paths are those in the archive where they are strings, and those on disk where they are paths.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// It is no whole, sound archive.
    #[error("the archive is not sound")]
    Archive(#[from] ArchiveError),
    /// An entry has a name that is not for every system, or leads out of the folder.
    #[error("entry {path:?} cannot be extracted")]
    Name {
        /// The entry.
        path: String,
        /// What is wrong with its name.
        #[source]
        source: InvalidName,
    },
    /// An entry is a link, a device or something else that is neither file nor folder.
    #[error("entry {path:?} is neither file nor folder (mode {mode:o})")]
    Special {
        /// The entry.
        path: String,
        /// Its Unix mode.
        mode: u32,
    },
    /// Two entries would be the same file.
    #[error("entries {first:?} and {second:?} are the same file")]
    Duplicate {
        /// The one that comes first.
        first: String,
        /// The other one.
        second: String,
    },
    /// Two entries differ only in case, or in whether letters with marks are composed, which is no
    /// difference on some systems.
    #[error(
        "entries {first:?} and {second:?} differ only in case or in how marks are put on letters"
    )]
    Case {
        /// The one that comes first.
        first: String,
        /// The other one.
        second: String,
    },
    /// One entry is a file where another one needs a folder.
    #[error("entry {file:?} is a file, and {inside:?} stands inside it")]
    Conflict {
        /// The file.
        file: String,
        /// What would stand inside it.
        inside: String,
    },
    /// The archive has too many entries.
    #[error("archive has {got} entries, more than {limit}")]
    TooMany {
        /// How many it has.
        got: usize,
        /// [`ExtractOptions::max_entries`](super::ExtractOptions::max_entries).
        limit: usize,
    },
    /// The archive inflates to too much.
    #[error("archive inflates to {got} bytes or more, beyond {limit}")]
    TooLarge {
        /// What it says it inflates to, or what came out of it before reading stopped.
        got: u64,
        /// [`ExtractOptions::max_inflated_bytes`](super::ExtractOptions::max_inflated_bytes).
        limit: u64,
    },
    /// The archive inflates to too much for its length, as archives do that are made to do harm.
    #[error("archive of {archive_bytes} bytes inflates to {got} or more, beyond {max_ratio} times")]
    Ratio {
        /// Its length.
        archive_bytes: u64,
        /// What it says it inflates to, or what came out of it before reading stopped.
        got: u64,
        /// [`ExtractOptions::max_ratio`](super::ExtractOptions::max_ratio).
        max_ratio: u64,
    },
    /// The archive was changed between its check and its extraction.
    #[error("entry {path:?} was checked with {expected} bytes and now has {got}")]
    Changed {
        /// The entry.
        path: String,
        /// Its length when it was checked.
        expected: u64,
        /// What came out of it now, at most one byte more.
        got: u64,
    },
    /// The target has no name of its own, such as `/` or `..`.
    #[error("{} cannot be a new folder", .0.display())]
    Target(PathBuf),
    /// Something stands there already, and was not to be overwritten or is of another kind.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// A link stands there; none is followed.
    #[error("{} is a link", .0.display())]
    Link(PathBuf),
    /// The folder for the files that are not yet in place exists: another extraction is going on,
    /// or one was cut off and this is left of it. It is for the caller to remove.
    #[error("{} exists: left behind, or another extraction is going on", .0.display())]
    PartExists(PathBuf),
    /// A file or folder cannot be read, written or moved.
    #[error("{action} {} failed", path.display())]
    File {
        /// What was tried, such as `writing`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Overwriting failed, and so did taking it back.
    #[error("{} is not as it was; its own files are in {}", folder.display(), kept.display())]
    NotUndone {
        /// The folder that was to be overwritten.
        folder: PathBuf,
        /// Where its own files are that were replaced.
        kept: PathBuf,
        /// What could not be taken back.
        #[source]
        source: io::Error,
    },
}

impl ExtractError {
    pub(super) fn file(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::File { action, path: path.as_ref().to_owned(), source }
    }
}
