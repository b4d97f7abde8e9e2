//! Why a server does not start.

use std::io;
use std::path::PathBuf;

/// The server could not be started; nothing is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// What should be a package is no folder.
    #[error("package {package} has no folder {}", folder.display())]
    MissingFolder {
        /// The package it was given for.
        package: String,
        /// What was given as its folder.
        folder: PathBuf,
    },
    /// A folder is there and its list of files cannot be read.
    #[error("folder {} is not readable", folder.display())]
    UnreadableFolder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Two folders give the same package; names are global and have no case.
    #[error("package {package} is given by {} and by {}", first.display(), second.display())]
    DuplicatePackage {
        /// The package.
        package: String,
        /// The folder that was found first.
        first: PathBuf,
        /// The folder that was found later.
        second: PathBuf,
    },
    /// A user's name holds a colon, which Basic authentication cannot carry.
    #[error("user name {user:?} holds a colon")]
    InvalidUser {
        /// The name.
        user: String,
    },
    /// The folder for the payloads of kept operations cannot be made.
    #[error("folder {} cannot be made", folder.display())]
    Retention {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address as it was given.
        address: String,
        /// Why not.
        source: io::Error,
    },
}
