//! What is to be written where, once the whole archive has been looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::rc::Rc;

use zip::ZipArchive;

use super::error::ExtractError;
use super::name::{self, InvalidName};
use super::{ExtractOptions, RATIO_FREE_BYTES};
use crate::ops::git::archive::{self, ArchiveError};

/// One file to be written.
#[derive(Debug)]
pub(super) struct PlannedFile {
    /// Its place in the archive's directory.
    pub(super) index: usize,
    /// Its name in the archive.
    pub(super) name: String,
    /// Where it goes, inside the folder.
    pub(super) path: PathBuf,
    /// Its length, as it was counted.
    pub(super) size: u64,
}

/// Everything that is to be written. Holds some 600 bytes for each file and folder, of which there are
/// no more than [`ExtractOptions::max_entries`].
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) files: Vec<PlannedFile>,
    /// Folders inside the folder, each before those inside it.
    pub(super) folders: BTreeSet<PathBuf>,
    /// All files together.
    pub(super) bytes: u64,
}

impl Plan {
    /// Looks at the whole archive: its names first, then every byte.
    pub(super) fn new(
        archive: &mut (impl Read + Seek),
        options: &ExtractOptions,
    ) -> Result<Self, ExtractError> {
        let archive_bytes = archive.seek(SeekFrom::End(0)).unwrap_or(0);
        if !archive::starts_as_zip(archive) {
            return Err(ArchiveError::NotZip { len: archive_bytes }.into());
        }
        let mut plan = Self::default();
        let declared = plan.read_names(archive, archive_bytes, options)?;
        let by_ratio = archive_bytes.saturating_mul(options.max_ratio).max(RATIO_FREE_BYTES);
        let room = by_ratio.min(options.max_inflated_bytes);
        let too_large = |got| {
            if room == options.max_inflated_bytes {
                return ExtractError::TooLarge { got, limit: room };
            }
            ExtractError::Ratio { archive_bytes, got, max_ratio: options.max_ratio }
        };
        if declared > room {
            return Err(too_large(declared));
        }
        let files = archive::check(archive, room).map_err(|error| match error {
            ArchiveError::TooLarge { .. } => too_large(room),
            error => ExtractError::Archive(error),
        })?;
        // Both come in the order of the directory, and both leave folders out.
        for (planned, file) in plan.files.iter_mut().zip(&files) {
            planned.size = file.size;
            plan.bytes = plan.bytes.saturating_add(file.size);
        }
        Ok(plan)
    }

    /// Reads the directory, gives every entry its place, and gives the length they say they have.
    fn read_names(
        &mut self,
        archive: &mut (impl Read + Seek),
        len: u64,
        options: &ExtractOptions,
    ) -> Result<u64, ExtractError> {
        archive::check_directory(archive, len).map_err(|error| match error {
            ArchiveError::TooManyEntries { got, limit } => ExtractError::TooMany { got, limit },
            error => ExtractError::Archive(error),
        })?;
        let mut archive = ZipArchive::new(BufReader::new(archive))
            .map_err(|source| ArchiveError::Directory { len, source })?;
        if archive.len() > options.max_entries {
            let (got, limit) = (archive.len(), options.max_entries);
            return Err(ExtractError::TooMany { got, limit });
        }
        if archive.has_duplicate_names() {
            return Err(ArchiveError::DuplicateEntries.into());
        }
        let mut places = Places::default();
        let mut declared = 0_u64;
        for index in 0..archive.len() {
            let Some(Ok(name)) = archive.name_for_index(index) else {
                let path = format!("#{index}");
                return Err(ExtractError::Name { path, source: InvalidName::Empty });
            };
            let name = name.into_owned();
            let entry = archive
                .by_index_raw(index)
                .map_err(|source| ArchiveError::Entry { path: name.clone(), source })?;
            let is_folder = entry.is_dir();
            check_mode(&name, entry.unix_mode(), is_folder)?;
            declared = declared.saturating_add(entry.size());
            let path = places.add(&name, is_folder)?;
            if places.taken.len() > options.max_entries {
                let (got, limit) = (places.taken.len(), options.max_entries);
                return Err(ExtractError::TooMany { got, limit });
            }
            if !is_folder {
                self.files.push(PlannedFile { index, name, path, size: 0 });
            }
        }
        self.folders = places.folders;
        Ok(declared)
    }
}

/// Refuses what is neither file nor folder, or says it is both.
fn check_mode(path: &str, mode: Option<u32>, is_folder: bool) -> Result<(), ExtractError> {
    const KIND: u32 = 0o170_000;
    const FOLDER: u32 = 0o040_000;
    const FILE: u32 = 0o100_000;
    let Some(mode) = mode else { return Ok(()) };
    match (mode & KIND, is_folder) {
        (0, _) | (FOLDER, true) | (FILE, false) => Ok(()),
        _ => Err(ExtractError::Special { path: path.to_owned(), mode }),
    }
}

/// The places that are taken, by their names without case and in one normal form.
#[derive(Default)]
struct Places {
    taken: BTreeMap<String, Place>,
    folders: BTreeSet<PathBuf>,
}

struct Place {
    /// Exactly as it is written.
    path: String,
    is_folder: bool,
    /// The entry that took it first; one name for all the places it took.
    entry: Rc<str>,
}

impl Places {
    /// Takes the place of an entry, and those of the folders it stands in.
    fn add(&mut self, entry: &str, is_folder: bool) -> Result<PathBuf, ExtractError> {
        let name = if is_folder { entry.strip_suffix('/').unwrap_or(entry) } else { entry };
        let parts = name::parts(name)
            .map_err(|source| ExtractError::Name { path: entry.to_owned(), source })?;
        let entry: Rc<str> = entry.into();
        let mut path = String::new();
        let mut left = parts.len();
        for part in &parts {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
            left = left.saturating_sub(1);
            self.take(&entry, &path, is_folder || left > 0)?;
        }
        Ok(PathBuf::from_iter(parts))
    }

    fn take(&mut self, entry: &Rc<str>, path: &str, is_folder: bool) -> Result<(), ExtractError> {
        let folded = name::folded(path);
        let Some(there) = self.taken.get(&folded) else {
            let place = Place { path: path.to_owned(), is_folder, entry: Rc::clone(entry) };
            self.taken.insert(folded, place);
            if is_folder {
                self.folders.insert(path.split('/').collect());
            }
            return Ok(());
        };
        let (first, second) = (there.entry.to_string(), entry.to_string());
        match (there.is_folder, is_folder) {
            _ if there.path != path => Err(ExtractError::Case { first, second }),
            (true, true) => Ok(()),
            (false, false) => Err(ExtractError::Duplicate { first, second }),
            (false, true) => Err(ExtractError::Conflict { file: first, inside: second }),
            (true, false) => Err(ExtractError::Conflict { file: second, inside: first }),
        }
    }
}
