//! What an earlier try has left beside its target.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::error::Error;
use super::growing::Growing;
use super::journal::{self, Extent, Header, Journal, Lock, Records, Stretch, Ticket};
use super::names::Names;
use super::part::{Mark, PartFile};
use super::place::Place;
use super::staged::Landing;
use super::store::{Store, StoreInfo};
use super::{BLOCK_BYTES, failed, folder_of};
use crate::proto::Seq;
use crate::proto::checksum::{Sha256, Sha256Hasher};

/// What is exported in shards.
const SHARDED_OPERATION: &str = "git.export";

/// A part and a journal that nobody writes any more, taken by us.
///
/// Dropped, both stay on disk for another try.
#[derive(Debug)]
pub(crate) struct Leftover {
    target: PathBuf,
    names: Names,
    part: Growing,
    journal: Journal,
    position: Position,
}

/// How far a payload is on disk.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    /// The first chunk that is not there.
    pub(crate) next: Seq,
    /// Where it starts, in bytes.
    pub(crate) offset: u64,
    /// The SHA-256 of everything before it, ready to go on.
    pub(crate) sha256: Sha256Hasher,
}

impl Leftover {
    /// Finds what an earlier try for the same request has left beside `target` and takes it: of
    /// several the one with the most good bytes. Whatever is behind those is cut off. What is
    /// locked, of another request, unreadable or without its part is left as it is.
    ///
    /// It reads all that may be good.
    ///
    /// # Errors
    /// [`Error::File`] if `target` can be no file, if its folder cannot be read, or if what was
    /// found cannot be cut.
    pub(crate) fn find(target: &Path, request: &Sha256) -> Result<Option<Self>, Error> {
        let Place::File(target) = Place::look(target)? else { return Ok(None) };
        let mut best: Option<Candidate> = None;
        for names in beside(&target)? {
            let Some(found) = Candidate::take(names, &target, request) else { continue };
            if best.as_ref().is_none_or(|best| found.rank() > best.rank()) {
                best = Some(found);
            }
        }
        best.map(|best| best.cut(target)).transpose()
    }

    /// How far it is.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// What it takes to go on with it.
    pub(crate) fn ticket(&self) -> &Ticket {
        &self.journal.header().ticket
    }

    /// Goes on writing behind [`position`](Self::position).
    pub(crate) fn into_part(self) -> PartFile {
        let Self { target, names, part, journal, position } = self;
        let marked = Mark { next: position.next, offset: position.offset };
        PartFile::resume(Landing::Beside { target }, names, part, journal, marked)
    }

    /// Removes what tries for whatever request have left beside `target`, and gives how many of
    /// them. Only what a good first line proves to be ours goes, and nothing that is locked.
    ///
    /// # Errors
    /// [`Error::File`] if `target` can be no file, or if its folder cannot be read.
    pub(crate) fn remove_stale(target: &Path) -> Result<usize, Error> {
        let Place::File(target) = Place::look(target)? else { return Ok(0) };
        let mut removed = Store::remove_stale(&target)?;
        for names in beside(&target)? {
            let wanted = |header: &Header| header.fits(&target, &names);
            let Some(_locked) = journal::lock(&names.journal, wanted) else { continue };
            // In the order that `PartFile` has when dropped.
            let is_gone = match fs::symlink_metadata(&names.part) {
                Ok(part) => part.is_file() && fs::remove_file(&names.part).is_ok(),
                Err(_) => true,
            };
            if is_gone && fs::remove_file(&names.journal).is_ok() {
                removed = removed.saturating_add(1);
            }
        }
        Ok(removed)
    }
}

/// What an interrupted save has left beside its target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftoverInfo {
    /// How much is there, in bytes; what of it is good shows when it is gone on with.
    pub bytes: u64,
    /// When the save began.
    pub created: SystemTime,
    /// The operation, such as `git.export`.
    pub operation: String,
    /// Whether it is shards of an export, which only another export in shards can go on with; else
    /// it is a payload that was under way.
    pub is_sharded: bool,
}

impl LeftoverInfo {
    /// Looks what is left beside `target`: of several the one with the most bytes. `None` if there
    /// is nothing that could be gone on with, or if somebody is at it.
    ///
    /// It takes and changes nothing and does not read the payload.
    pub fn peek(target: impl AsRef<Path>) -> Option<Self> {
        let Ok(Place::File(target)) = Place::look(target.as_ref()) else { return None };
        let names = Names::beside(&target).ok()?;
        let found = names.iter().filter_map(|names| Self::read(names, &target));
        let shards = Store::peek(&target).map(|StoreInfo { bytes, created }| Self {
            bytes,
            created,
            operation: SHARDED_OPERATION.to_owned(),
            is_sharded: true,
        });
        found.chain(shards).max_by_key(|info| (info.bytes, info.created))
    }

    fn read(names: &Names, target: &Path) -> Option<Self> {
        let (header, mut records) = journal::look(&names.journal)?;
        if !header.fits(target, names) {
            return None;
        }
        let part = fs::symlink_metadata(&names.part).ok().filter(fs::Metadata::is_file)?;
        let mut mark = Mark::START;
        while let Some(stretch) = records.stretch() {
            if !follows(&stretch, mark) || stretch.offset > part.len() {
                break;
            }
            mark = Mark { next: stretch.next, offset: stretch.offset };
        }
        if !journal::is_free(&names.journal) {
            return None;
        }
        let created = UNIX_EPOCH.checked_add(Duration::from_millis(header.created_ms))?;
        let operation = header.ticket.operation;
        Some(Self { bytes: mark.offset, created, operation, is_sharded: false })
    }
}

/// A part and a journal that are ours and locked, read but not changed.
struct Candidate {
    names: Names,
    header: Header,
    part: File,
    journal: File,
    lock: Lock,
    extent: Extent,
    position: Position,
}

impl Candidate {
    fn take(names: Names, target: &Path, request: &Sha256) -> Option<Self> {
        let (journal, lock, header) = journal::lock(&names.journal, |header| {
            header.fits(target, &names) && header.ticket.request == *request
        })?;
        let part = journal::open_file(&names.part, true)?;
        let (_, records) = Records::begin(&journal)?;
        let (position, extent) = verify(records, &part);
        Some(Self { names, header, part, journal, lock, extent, position })
    }

    fn rank(&self) -> (u64, u64) {
        (self.position.offset, self.header.created_ms)
    }

    fn cut(self, target: PathBuf) -> Result<Leftover, Error> {
        let Self { names, header, part, journal, lock, extent, position } = self;
        let part = Growing::resume(names.part.clone(), part, position.offset)?;
        let journal = Journal::resume(&names.journal, journal, lock, header, extent)?;
        Ok(Leftover { target, names, part, journal, position })
    }
}

fn beside(target: &Path) -> Result<Vec<Names>, Error> {
    Names::beside(target).map_err(|source| failed("reading", folder_of(target), source))
}

/// Compares the part with its journal, stretch by stretch. Gives how far they agree.
fn verify(mut records: Records<impl Read>, mut part: impl Read) -> (Position, Extent) {
    let mut block = vec![0; BLOCK_BYTES];
    let mut extent = Extent { header: records.end(), good: records.end() };
    let mut mark = Mark::START;
    let mut sha256 = Sha256Hasher::default();
    while let Some(stretch) = records.stretch() {
        if !follows(&stretch, mark) {
            break;
        }
        let len = stretch.offset.saturating_sub(mark.offset);
        let Some(further) = read_stretch(&mut part, len, &stretch, &sha256, &mut block) else {
            break;
        };
        sha256 = further;
        mark = Mark { next: stretch.next, offset: stretch.offset };
        extent.good = records.end();
    }
    let Mark { next, offset } = mark;
    (Position { next, offset, sha256 }, extent)
}

/// Reads the stretch's `len` bytes; gives `sha256` with them added if they are the right ones.
fn read_stretch(
    part: &mut impl Read,
    len: u64,
    stretch: &Stretch,
    sha256: &Sha256Hasher,
    block: &mut [u8],
) -> Option<Sha256Hasher> {
    let (mut crc32, mut sha256) = (crc32fast::Hasher::new(), sha256.clone());
    let mut left = len;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        let block = block.get_mut(..most)?;
        part.read_exact(block).ok()?;
        crc32.update(block);
        sha256.update(block);
        left = left.saturating_sub(most as u64);
    }
    (crc32.finalize() == stretch.crc32.0).then_some(sha256)
}

/// Whether a stretch can come after what is known.
fn follows(stretch: &Stretch, mark: Mark) -> bool {
    stretch.next > mark.next && stretch.offset >= mark.offset
}

#[cfg(test)]
mod tests;
