//! An export's archive as a folder of files, whole or not at all.
//!
//! ```text
//! prepare:  names, links, conflicts, limits ──▶ every entry read and its CRC compared ──▶ FOLDER.part
//! commit:   FOLDER.part ──▶ FOLDER
//! ```
//!
//! Nothing appears before the whole archive has passed, and nothing is left where something fails.
//! Two steps, so that a caller can do other things in between that may fail as well.
//!
//! Not taken from the archive: times and rights of files. Not waited for: the disk. A crash of the
//! machine right after [`Prepared::commit`] can cost files, as it can with a checkout of git; the
//! archive is what is to be kept. Not guarded against: another process that changes the folder
//! while this one works in it.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod error;
#[cfg(any(test, feature = "fuzzing"))]
mod forged;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod name;
mod part;
mod plan;

use std::fs;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

pub use error::ExtractError;
pub use name::InvalidName;

use crate::ops::git::archive::MAX_ENTRIES;
use crate::proto::limits::MAX_PAYLOAD_BYTES;
use part::Part;
use plan::Plan;

/// What an extraction is held to.
///
/// ```
/// use longhaul::client::extract::ExtractOptions;
/// let options = ExtractOptions::default().overwrite(true).max_inflated_bytes(1 << 30);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExtractOptions {
    pub(crate) overwrite: bool,
    pub(crate) max_entries: usize,
    pub(crate) max_inflated_bytes: u64,
    pub(crate) max_ratio: u64,
}

/// How many times its own length an archive may inflate to.
pub const MAX_RATIO: u64 = 100;
/// What an archive may inflate to whatever its ratio, in bytes: 16 MiB.
pub const RATIO_FREE_BYTES: u64 = 16 << 20;

impl Default for ExtractOptions {
    fn default() -> Self {
        Self {
            overwrite: false,
            max_entries: MAX_ENTRIES,
            max_inflated_bytes: MAX_PAYLOAD_BYTES,
            max_ratio: MAX_RATIO,
        }
    }
}

impl ExtractOptions {
    /// Whether a folder that exists is written into. Default no: it is refused.
    ///
    /// Files are put one by one into the folder, after all of them have been written and checked
    /// beside it. A file that has the same path is replaced; nothing else in the folder is touched,
    /// so files that the archive does not hold stay. No link inside the folder is followed or
    /// replaced: where one stands in the way, nothing is changed. If putting a file there fails,
    /// those put there before are taken back.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// How many entries an archive may have. Default 500,000, which is also the most: beyond it a
    /// directory is not read at all.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// What an archive may inflate to, in bytes, counted as they come out. Default 4 GiB.
    pub fn max_inflated_bytes(mut self, bytes: u64) -> Self {
        self.max_inflated_bytes = bytes;
        self
    }

    /// How many times its own length an archive may inflate to, beyond [`RATIO_FREE_BYTES`].
    /// Default 100; source texts reach 20, tables of one repeated value more.
    pub fn max_ratio(mut self, ratio: u64) -> Self {
        self.max_ratio = ratio;
        self
    }
}

/// An archive that has passed every check and stands beside its folder, ready to become it.
///
/// Dropped, it is removed and nothing has happened.
#[derive(Debug)]
#[must_use = "nothing is in the folder before `commit`"]
pub struct Prepared {
    part: Part,
    plan: Plan,
    folder: PathBuf,
    overwrite: bool,
}

/// An archive that became a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extracted {
    /// The folder.
    pub folder: PathBuf,
    /// How many files were written.
    pub files: u64,
    /// Their length together, in bytes.
    pub bytes: u64,
    /// How many of them replaced a file that was there.
    pub replaced: u64,
}

/// Extracts an abapGit archive into `folder`: [`prepare`] and [`Prepared::commit`] in one.
///
/// ```
/// use longhaul::client::extract::{ExtractError, ExtractOptions, extract};
/// let folder = std::env::temp_dir().join("longhaul-example");
/// let no_archive = std::io::Cursor::new(b"<html>");
/// let error = extract(no_archive, &folder, &ExtractOptions::default()).unwrap_err();
/// assert!(matches!(error, ExtractError::Archive(_)) && !folder.exists());
/// ```
///
/// # Errors
/// Any [`ExtractError`]; the folder is as it was.
pub fn extract(
    archive: impl Read + Seek,
    folder: &Path,
    options: &ExtractOptions,
) -> Result<Extracted, ExtractError> {
    prepare(archive, folder, options)?.commit()
}

/// Checks an abapGit archive and writes its files into a fresh folder beside `folder`, named with
/// `.part` at its end.
///
/// A file gets the path it has in the archive, with one exception: the folder of a package with a
/// namespace, which servers write as `src//ns/p/`, becomes `src/#ns#p/`. That is how abapGit itself
/// names it and the only form from which it finds the package `/NS/P` again; a folder `src/ns/p`
/// would be two packages to it. Such a folder in the archive that is called `#ns#p` already stays.
///
/// *Errors*: refused is a name that is absolute, has `..` or an empty part anywhere else, a drive,
/// a backslash, or anything else that some system reads in its own way ([`InvalidName`]); two names
/// that are the same or differ only in case or Unicode's normal forms; a file where another needs a
/// folder; a link or a device; too much of anything ([`ExtractOptions`]); an entry whose bytes are
/// not those that were packed.
///
/// # Errors
/// Any [`ExtractError`]; nothing is left behind.
pub fn prepare(
    mut archive: impl Read + Seek,
    folder: &Path,
    options: &ExtractOptions,
) -> Result<Prepared, ExtractError> {
    let name = folder.file_name().ok_or_else(|| ExtractError::Target(folder.to_owned()))?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    // Put together again, so that a slash at its end does not lead through a link.
    let folder = parent.join(name);
    let plan = Plan::new(&mut archive, options)?;
    check_target(&folder, &plan, options.overwrite)?;
    let part = Part::create(&folder)?;
    part.write(&mut archive, &plan)?;
    Ok(Prepared { part, plan, folder, overwrite: options.overwrite })
}

impl Prepared {
    /// How many files it has.
    pub fn files(&self) -> usize {
        self.plan.files.len()
    }

    /// Gives the files their place.
    ///
    /// # Errors
    /// [`ExtractError`] if the folder is no longer as [`prepare`] found it, or a file cannot be
    /// moved. The folder is as it was then, except with [`ExtractError::NotUndone`], which says
    /// where the files are that stood there before.
    pub fn commit(mut self) -> Result<Extracted, ExtractError> {
        check_target(&self.folder, &self.plan, self.overwrite)?;
        let replaced = if self.overwrite && self.folder.exists() {
            self.part.move_into(&self.folder, &self.plan)?
        } else {
            self.part.become_folder(&self.folder)?;
            0
        };
        Ok(Extracted {
            files: u64::try_from(self.plan.files.len()).unwrap_or(u64::MAX),
            bytes: self.plan.bytes,
            folder: self.folder,
            replaced,
        })
    }
}

/// Finds what stands in the way, without following a link anywhere.
fn check_target(folder: &Path, plan: &Plan, overwrite: bool) -> Result<(), ExtractError> {
    match kind_of(folder)? {
        None => return Ok(()),
        Some(kind) if kind.is_symlink() => return Err(ExtractError::Link(folder.to_owned())),
        Some(kind) if !kind.is_dir() || !overwrite => {
            return Err(ExtractError::Exists(folder.to_owned()));
        }
        Some(_) => {}
    }
    let folders = plan.folders.iter().map(|path| (path.as_path(), true));
    let files = plan.files.iter().map(|file| (file.path.as_path(), false));
    for (path, is_folder) in folders.chain(files) {
        let path = folder.join(path);
        match kind_of(&path)? {
            Some(kind) if kind.is_symlink() => return Err(ExtractError::Link(path)),
            Some(kind) if kind.is_dir() != is_folder || kind.is_file() == is_folder => {
                return Err(ExtractError::Exists(path));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What stands at `path` itself; `None` if nothing does.
fn kind_of(path: &Path) -> Result<Option<fs::FileType>, ExtractError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ExtractError::file("looking at", path, source)),
    }
}

#[cfg(test)]
mod tests;
