//! The file that grows beside its target.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::super::error::Error;
use super::growing::Growing;
use super::journal::{Header, Journal, Stretch, Ticket};
use super::names::{Names, make_first_free};
use super::place::Place;
use super::staged::{Landing, StagedFile};
use super::{failed, folder_of, sync_folder_of};
use crate::proto::Seq;
use crate::proto::checksum::Crc32;

/// The file that grows beside a target while its payload arrives, and its journal if it has one.
///
/// Dropped, both are removed and nothing has happened; [`keep`](Self::keep) leaves them for a
/// [`Leftover`](super::Leftover). One that was found stays until it is [taken
/// over](Self::take_over).
#[derive(Debug)]
pub(crate) struct PartFile {
    landing: Landing,
    part: Part,
    names: Names,
    marked: Mark,
    /// The CRC-32 of what was written since the last mark.
    fresh: crc32fast::Hasher,
    /// Whether the folder was synced since the newest of the names is in it.
    is_named: bool,
}

/// How far the journal says that the part is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) next: Seq,
    pub(super) offset: u64,
}

impl Mark {
    pub(super) const START: Self = Self { next: Seq::FIRST, offset: 0 };
}

impl PartFile {
    /// Opens what `target` will be written through, before anything is read, so that what cannot be
    /// written fails at once. A link is followed. What is meant for a device or a pipe is gathered
    /// in the folder for temporary files; opening a pipe waits for whoever reads it. What is meant
    /// for a file is gathered beside it, or in `folder`, which is on the same file system.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn open(target: &Path, folder: Option<&Path>) -> Result<Self, Error> {
        let failed = |source| failed("writing", target, source);
        let (landing, names, log) = match Place::look(target)? {
            Place::File(target) => {
                let folder = folder.unwrap_or(folder_of(&target));
                let (names, log) = create(&target, folder).map_err(failed)?;
                (Landing::Beside { target }, names, log)
            }
            Place::Device(target) => {
                let device = OpenOptions::new().write(true).open(&target).map_err(failed)?;
                let folder = std::env::temp_dir();
                let (names, log) = create(&target, &folder)
                    .map_err(|source| super::failed("writing into", &folder, source))?;
                (Landing::Into { target, device }, names, log)
            }
        };
        let part = Part { log, journal: None, stays: false };
        Ok(Self {
            landing,
            part,
            names,
            marked: Mark::START,
            fresh: crc32fast::Hasher::new(),
            is_named: false,
        })
    }

    /// Goes on where an earlier try ended.
    pub(super) fn resume(
        landing: Landing,
        names: Names,
        log: Growing,
        journal: Journal,
        marked: Mark,
    ) -> Self {
        let part = Part { log, journal: Some(journal), stays: true };
        Self { landing, part, names, marked, fresh: crc32fast::Hasher::new(), is_named: false }
    }

    /// Makes it this try's own, to be removed with it.
    pub(crate) fn take_over(&mut self) {
        self.part.stays = false;
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// [`Error::File`]; the part then stays failed and gives the same error each time.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.part.log.write(bytes)?;
        self.fresh.update(bytes);
        Ok(())
    }

    /// How much was written, in bytes.
    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        self.part.log.len()
    }

    /// Begins a journal, so that the part can be found and gone on with; what is there already
    /// belongs to it once it is marked. The same ticket again changes nothing. A device has no
    /// journal, for nothing can be found there.
    ///
    /// # Errors
    /// [`Error::File`]: there is no journal, and the part is as it was. With another ticket than
    /// before, nothing may be marked: [`restart`](Self::restart) comes first.
    pub(crate) fn journal(&mut self, ticket: Ticket) -> Result<(), Error> {
        let Landing::Beside { target } = &self.landing else { return Ok(()) };
        let header = Header::new(ticket, target, &self.names);
        match &mut self.part.journal {
            Some(journal) if journal.header().ticket.is_as(&header.ticket) => Ok(()),
            Some(journal) if self.marked == Mark::START => journal.rewrite(header),
            Some(_) => {
                let marked = io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "what is in the part belongs to another operation",
                );
                Err(failed("writing", &self.names.journal, marked))
            }
            none => {
                *none = Some(Journal::create(&self.names.journal, header)?);
                self.is_named = false;
                Ok(())
            }
        }
    }

    /// Notes in the journal, if there is one, that all up to here is written and that `next` is the
    /// first chunk behind it. A `next` that is no later than the last one changes nothing.
    ///
    /// # Errors
    /// [`Error::File`]. If the journal alone has failed it stays so, and the part is still good.
    pub(crate) fn mark(&mut self, next: Seq) -> Result<(), Error> {
        self.part.log.check()?;
        let Some(journal) = &mut self.part.journal else { return Ok(()) };
        if next <= self.marked.next {
            return Ok(());
        }
        let offset = self.part.log.len();
        let crc32 = Crc32(self.fresh.clone().finalize());
        journal.append(&Stretch { next, offset, crc32 })?;
        self.fresh.reset();
        self.marked = Mark { next, offset };
        Ok(())
    }

    /// Goes on without a journal: one that has failed could only mislead whoever finds it.
    pub(crate) fn abandon_journal(&mut self) {
        if let Some(journal) = self.part.journal.take() {
            journal.remove();
        }
    }

    /// Makes what was written and marked outlast a loss of power.
    ///
    /// # Errors
    /// [`Error::File`]; what failed stays failed.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        self.part.log.sync()?;
        if let Some(journal) = &mut self.part.journal {
            journal.sync()?;
        }
        if !self.is_named {
            sync_folder_of(&self.names.part);
            self.is_named = true;
        }
        Ok(())
    }

    /// Throws away what was written and marked; the journal, if there is one, stays begun.
    ///
    /// # Errors
    /// [`Error::File`]; a part that has failed stays so.
    pub(crate) fn restart(&mut self) -> Result<(), Error> {
        self.part.log.check()?;
        // The journal first: marks without bytes would only be read for nothing.
        if let Some(journal) = &mut self.part.journal {
            journal.forget()?;
        }
        self.part.log.truncate(0)?;
        self.fresh.reset();
        self.marked = Mark::START;
        Ok(())
    }

    /// A second handle on the part, at its start.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn reader(&self) -> io::Result<File> {
        self.part.log.reader()
    }

    /// That the part cannot be read, as an error of the file.
    pub(crate) fn unreadable(&self, source: io::Error) -> Error {
        failed("reading", &self.names.part, source)
    }

    /// Ends the writing: all of it is on disk, for [`StagedFile::commit`].
    ///
    /// # Errors
    /// [`Error::File`]; part and journal are removed.
    pub(crate) fn seal(mut self) -> Result<StagedFile, Error> {
        match &self.landing {
            Landing::Beside { .. } => self.part.log.sync()?,
            Landing::Into { .. } => self.part.log.check()?,
        }
        Ok(StagedFile::new(self.landing, self.part))
    }

    /// Leaves part and journal on disk for a later try, also if one of them has failed: what was
    /// good before is worth as much. Without a journal nothing could be found again, so nothing is
    /// left.
    ///
    /// # Errors
    /// [`Error::File`] if they could not be synced; they are left all the same.
    pub(crate) fn keep(mut self) -> Result<(), Error> {
        let Part { log, journal: Some(journal), stays } = &mut self.part else { return Ok(()) };
        *stays = true;
        let synced = log.sync_what_is_there().and(journal.sync_what_is_there());
        sync_folder_of(&self.names.part);
        synced
    }
}

/// The part and its journal, both removed when dropped.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) log: Growing,
    pub(super) journal: Option<Journal>,
    pub(super) stays: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.stays {
            // A journal without its part is known to be ours later on, a part without its journal
            // is not.
            self.log.remove();
            if let Some(journal) = &self.journal {
                journal.remove();
            }
        }
    }
}

/// A new, empty part in `folder` whose journal's name is free as well.
fn create(target: &Path, folder: &Path) -> io::Result<(Names, Growing)> {
    make_first_free(|| {
        let names = Names::mint(target, folder);
        if names.journal.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Growing::create(&names.part).map(|log| (names, log))
    })
}

#[cfg(test)]
mod tests;
