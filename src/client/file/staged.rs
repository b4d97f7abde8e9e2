//! A whole file that stands beside its target.

use std::fs::{self, File, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::super::transfer::Kept;
use super::leftover::Leftover;
use super::names::Names;
use super::part::Part;
use super::{BLOCK_BYTES, failed, folder_of, sync_folder_of};

/// A verified payload that stands beside its file, ready to take its place.
///
/// Dropped, it is removed and nothing has happened.
#[derive(Debug)]
#[must_use = "nothing is in the file before `commit`"]
pub struct StagedFile {
    landing: Landing,
    part: Part,
    /// What is kept until this file stands, or is given up.
    kept: Option<Kept>,
    /// Whether what others have left beside the target is of no use once this stands.
    overtakes: bool,
}

/// Where the part ends up.
#[derive(Debug)]
pub(super) enum Landing {
    /// Under this name, by a rename.
    Beside { target: PathBuf },
    /// In this device, by copying.
    Into { target: PathBuf, device: File },
}

impl StagedFile {
    pub(super) fn new(landing: Landing, part: Part) -> Self {
        Self { landing, part, kept: None, overtakes: false }
    }

    /// Has what is kept elsewhere stay there until this is settled.
    pub(crate) fn holding(mut self, kept: Option<Kept>) -> Self {
        self.kept = kept;
        self
    }

    /// Has what others have left beside the target go once this stands.
    pub(crate) fn overtaking(mut self, overtakes: bool) -> Self {
        self.overtakes = overtakes;
        self
    }

    /// A handle of its own on what will be in the file, at its start.
    ///
    /// # Errors
    /// What the system says.
    pub fn reader(&self) -> io::Result<File> {
        self.part.log.reader()
    }

    /// Gives the file its name; one that has it already is replaced, and its permissions stay.
    ///
    /// It blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`Error::File`]; the file is as it was, and part and journal stay if there is a journal. What
    /// went into a device cannot be taken back.
    pub fn commit(self) -> Result<(), Error> {
        let Self { landing, mut part, kept, overtakes } = self;
        match landing {
            Landing::Into { target, mut device } => {
                let path = part.log.path();
                let spool = part.log.reader().map_err(|source| failed("reading", path, source))?;
                let mut blocks = io::BufReader::with_capacity(BLOCK_BYTES, spool);
                io::copy(&mut blocks, &mut device)
                    .map(drop)
                    .map_err(|source| failed("writing", &target, source))
            }
            Landing::Beside { target } => {
                if let Err(source) = rename(&mut part, &target) {
                    // All of it is there and right: with a journal it can be gone on with.
                    part.stays = part.journal.is_some();
                    if let Some(kept) = kept.filter(|_| part.stays) {
                        kept.keep();
                    }
                    return Err(failed("renaming to", &target, source));
                }
                part.stays = true;
                let was_journaled = part.journal.take().map(|journal| journal.remove()).is_some();
                sync_folder_of(&target);
                let was_sharded = matches!(kept, Some(Kept::Shards(_)));
                if let Some(kept) = kept {
                    kept.free();
                }
                if was_journaled || was_sharded || overtakes {
                    // What else was begun for this file has been overtaken; what cannot be removed
                    // does no harm.
                    let _ = Leftover::remove_stale(&target);
                }
                Ok(())
            }
        }
    }
}

fn rename(part: &mut Part, target: &Path) -> io::Result<()> {
    let permissions = match fs::metadata(target) {
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_file() => Some(found.permissions()),
        _ => usual_permissions(target)?,
    };
    if let Some(permissions) = permissions {
        fs::set_permissions(part.log.path(), permissions)?;
        part.log.file().sync_all()?;
    }
    fs::rename(part.log.path(), target)
}

/// The permissions that a file gets which is made without a thought, since a part has none for
/// others. Only a new file beside it shows them: they depend on the process and on the folder.
#[cfg(unix)]
fn usual_permissions(target: &Path) -> io::Result<Option<Permissions>> {
    let Names { part: probe, .. } = Names::mint(target, folder_of(target));
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    let found = file.metadata();
    fs::remove_file(&probe)?;
    found.map(|found| Some(found.permissions()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn usual_permissions(_: &Path) -> io::Result<Option<Permissions>> {
    Ok(None)
}
