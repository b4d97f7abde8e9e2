//! Where finished shards lie until all are there.
//!
//! A shard says by itself what it holds, so there is nothing beside it that could be out of step with
//! it. Found again, it is read anew and counts if it is whole.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::error::Error;
use super::names::{is_tag, make_first_free, stem};
use super::place::Place;
use super::{create_private, failed, folder_of, sync_folder_of};
use crate::proto::checksum::Sha256;

/// The file that says whose shards they are; locked while its process lives.
const REQUEST_FILE: &str = "request";
/// What all shards are merged into.
const MERGED_FILE: &str = "merged";
/// What a store is named after that is beside no target.
const NAMELESS: &str = "longhaul";
/// What the request file begins with.
const MAGIC: &str = "longhaul shards 1";
/// How much of it is read, in bytes; it has less.
const MAX_REQUEST_BYTES: u64 = 1 << 10;

/// A folder of finished shards, ours alone.
///
/// Dropped, it is removed, unless it is beside a target and has shards: then another try can find
/// them.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    /// The file `request`, with its lock.
    _lock: File,
    shards: Vec<PathBuf>,
    next: u32,
    stays: bool,
}

/// Where a shard is to stand.
#[derive(Debug)]
pub(crate) struct Slot {
    /// No other of the store has it.
    pub(crate) number: u32,
    pub(crate) path: PathBuf,
}

/// A shard that an earlier try has finished.
#[derive(Debug)]
pub(crate) struct FoundShard<T> {
    /// What is in it.
    pub(crate) content: T,
    /// Its length, in bytes.
    pub(crate) bytes: u64,
}

/// A store and what is in it already.
#[derive(Debug)]
pub(crate) struct Stock<T> {
    pub(crate) store: Store,
    pub(crate) found: Vec<FoundShard<T>>,
}

/// What can be seen of a store from outside.
pub(super) struct StoreInfo {
    pub(super) bytes: u64,
    pub(super) created: SystemTime,
}

impl Store {
    /// Makes a new store beside `target`; in the folder for temporary files, to be removed in any
    /// case, without one.
    ///
    /// # Errors
    /// [`Error::File`] if `target` can be no file, or if its folder cannot be written.
    pub(crate) fn create(target: Option<&Path>, request: &Sha256) -> Result<Self, Error> {
        let temporary = std::env::temp_dir();
        let target = match target {
            Some(target) => match Place::look(target)? {
                Place::File(target) => Some(target),
                Place::Device(_) => None,
            },
            None => None,
        };
        let place = target.as_deref().map_or(temporary.as_path(), folder_of);
        let named = target.as_deref().unwrap_or(Path::new(NAMELESS));
        if target.is_none() {
            // What a process left that was killed, nobody else would ever remove.
            let _ = Self::remove_stale(&temporary.join(NAMELESS));
        }
        let failed = |source| failed("writing into", place, source);
        let folder = make_first_free(|| {
            let name = format!("{}.{:08x}.shards", stem(named), fastrand::u32(..));
            let folder = place.join(name);
            create_folder(&folder).map(|()| folder)
        });
        let folder = folder.map_err(failed)?;
        let lock = begin(&folder, named, request).map_err(|error| {
            // Without its first line nobody would know whose it is.
            let _ = fs::remove_dir_all(&folder);
            failed(error)
        })?;
        Ok(Self { folder, _lock: lock, shards: Vec::new(), next: 1, stays: target.is_some() })
    }

    /// Takes the store that an earlier try for the same request has left beside `target`: of several
    /// the one with the most bytes. What is locked or of another request is left as it is, what is
    /// no whole shard is removed.
    ///
    /// `read` reads each shard anew, and gives what is in it if it is whole.
    ///
    /// # Errors
    /// [`Error::File`] if `target` can be no file, or if its folder cannot be read.
    pub(crate) fn find<T>(
        target: &Path,
        request: &Sha256,
        read: impl Fn(BufReader<File>) -> Option<T>,
    ) -> Result<Option<Stock<T>>, Error> {
        let Place::File(target) = Place::look(target)? else { return Ok(None) };
        let mut best: Option<(u64, PathBuf, File)> = None;
        for folder in beside(&target)? {
            let Some(lock) = take(&folder, &target, Some(request)) else { continue };
            let bytes = shards_in(&folder).iter().map(|(_, _, bytes)| bytes).sum();
            if best.as_ref().is_none_or(|(most, ..)| bytes > *most) {
                best = Some((bytes, folder, lock));
            }
        }
        let Some((_, folder, lock)) = best else { return Ok(None) };
        remove_unfinished(&folder);
        let (mut shards, mut found, mut next) = (Vec::new(), Vec::new(), 1);
        for (number, path, bytes) in shards_in(&folder) {
            next = number.saturating_add(1).max(next);
            let file = File::open(&path).ok();
            let file = file.map(|file| BufReader::with_capacity(super::BLOCK_BYTES, file));
            match file.and_then(&read) {
                Some(content) => {
                    found.push(FoundShard { content, bytes });
                    shards.push(path);
                }
                // It would be in the way of nothing, and is of no use.
                None => drop(fs::remove_file(&path)),
            }
        }
        let store = Self { folder, _lock: lock, shards, next, stays: true };
        Ok(Some(Stock { store, found }))
    }

    /// A slot for the next shard; nothing is there yet.
    pub(crate) fn next_slot(&mut self) -> Slot {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        Slot { number, path: self.folder.join(format!("{number:06}.zip")) }
    }

    /// A shard stands there, whole.
    pub(crate) fn add(&mut self, slot: Slot) {
        self.shards.push(slot.path);
    }

    /// All shards that stand here.
    pub(crate) fn shards(&self) -> &[PathBuf] {
        &self.shards
    }

    /// The folder, if it is on the file system of a target that it stays beside.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.stays.then_some(&*self.folder)
    }

    /// A place for what they are merged into.
    pub(crate) fn merged_place(&self) -> PathBuf {
        self.folder.join(MERGED_FILE)
    }

    /// Leaves nothing, whatever is there.
    pub(crate) fn discard(mut self) {
        self.stays = false;
    }

    /// Removes what tries for whatever request have left beside `target` and nobody uses.
    pub(super) fn remove_stale(target: &Path) -> Result<usize, Error> {
        let Place::File(target) = Place::look(target)? else { return Ok(0) };
        let mut removed = 0_usize;
        for folder in beside(&target)? {
            let Some(_locked) = take(&folder, &target, None) else { continue };
            if fs::remove_dir_all(&folder).is_ok() {
                removed = removed.saturating_add(1);
            }
        }
        Ok(removed)
    }

    /// What is left beside `target` that could be gone on with, of several that with the most bytes.
    pub(super) fn peek(target: &Path) -> Option<StoreInfo> {
        let infos = beside(target).ok()?.into_iter().filter_map(|folder| {
            take(&folder, target, None)?;
            let created = fs::metadata(folder.join(REQUEST_FILE)).ok()?.modified().ok()?;
            let bytes = shards_in(&folder).iter().map(|(_, _, bytes)| bytes).sum();
            (bytes > 0).then_some(StoreInfo { bytes, created })
        });
        infos.max_by_key(|info| (info.bytes, info.created))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // What stands there counts: a shard may be whole that nobody has been told of yet.
        if self.stays && !shards_in(&self.folder).is_empty() {
            // What was merged of them can be merged again.
            let _ = fs::remove_file(self.merged_place());
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Says whose shards are in `folder`, and locks it.
fn begin(folder: &Path, target: &Path, request: &Sha256) -> io::Result<File> {
    let path = folder.join(REQUEST_FILE);
    let mut file = create_private(&path)?;
    file.try_lock()?;
    file.write_all(line(target, request).as_bytes())?;
    file.sync_all()?;
    sync_folder_of(&path);
    sync_folder_of(folder);
    Ok(file)
}

fn line(target: &Path, request: &Sha256) -> String {
    let name = target.file_name().unwrap_or_default().as_encoded_bytes();
    format!("{MAGIC}\n{}\n{request}\n", Sha256::of(name))
}

/// Locks a store that is for `target`, and for that request if one is named.
fn take(folder: &Path, target: &Path, request: Option<&Sha256>) -> Option<File> {
    let is_folder = fs::symlink_metadata(folder).ok()?.is_dir();
    let file = is_folder.then(|| OpenOptions::new().read(true).open(folder.join(REQUEST_FILE)));
    let mut file = file?.ok()?;
    let mut said = String::new();
    (&mut file).take(MAX_REQUEST_BYTES).read_to_string(&mut said).ok()?;
    let name = target.file_name().unwrap_or_default().as_encoded_bytes();
    let mut lines = said.lines();
    let is_ours = lines.next() == Some(MAGIC)
        && lines.next() == Some(&Sha256::of(name).to_string())
        && lines.next().is_some_and(|found| request.is_none_or(|r| found == r.to_string()));
    (is_ours && file.try_lock().is_ok()).then_some(file)
}

/// All folders beside `target` that have the name of a store for it.
fn beside(target: &Path) -> Result<Vec<PathBuf>, Error> {
    let place = folder_of(target);
    let failed = |source| failed("reading", place, source);
    let mut found = Vec::new();
    for entry in fs::read_dir(place).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if is_store(target, &name) {
            found.push(target.with_file_name(name));
        }
    }
    Ok(found)
}

fn is_store(target: &Path, name: &OsStr) -> bool {
    let base = name.to_str().and_then(|name| name.strip_suffix(".shards"));
    let tag = base.and_then(|base| base.strip_prefix(&stem(target))?.strip_prefix('.'));
    tag.is_some_and(is_tag)
}

/// The shards in a folder by their numbers, with their lengths.
fn shards_in(folder: &Path) -> Vec<(u32, PathBuf, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut shards: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_suffix(".zip")?.parse().ok()?;
            let found = fs::symlink_metadata(entry.path()).ok().filter(fs::Metadata::is_file)?;
            Some((number, entry.path(), found.len()))
        })
        .collect();
    shards.sort();
    shards
}

/// Removes what was being written when the process before was killed.
fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_part = path.extension().is_some_and(|extension| extension == "part");
        if is_part || path.ends_with(MERGED_FILE) {
            // What stays is in the way of nothing.
            let _ = fs::remove_file(path);
        }
    }
}
