//! The archive that an export delivers: a ZIP in abapGit's layout, checked before it is believed.

mod directory;
mod merge;

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use serde::Serialize;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use directory::DirectorySize;
pub use merge::{Merge, MergeError};

use super::object::ObjectKey;
use crate::proto::PayloadReader;
use crate::proto::checksum::Crc32;

/// The file abapGit keeps its settings in; it belongs to no object.
pub const SETTINGS_FILE: &str = ".abapgit.xml";

/// The folder that has a folder for each package.
const SOURCE_FOLDER: &str = "src/";

/// How many entries an archive may have. Its directory is kept in memory while it is read: some 250
/// bytes an entry, and what [`MAX_DIRECTORY_BYTES`] bounds.
pub const MAX_ENTRIES: usize = 500_000;
/// How long an archive's directory may be, in bytes: 64 MiB, with the names of all entries.
pub const MAX_DIRECTORY_BYTES: u64 = 64 << 20;

/// One file in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArchiveFile {
    /// Its path in the archive, such as `src/zray/zcl_x.clas.abap`.
    pub path: String,
    /// Its length, in bytes.
    pub size: u64,
}

/// An archive is not what it must be, or not whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The payload does not start as a ZIP does.
    #[error("{len} bytes are no zip archive")]
    NotZip {
        /// Length of the payload, in bytes.
        len: u64,
    },
    /// It starts as a ZIP, but its central directory cannot be read; most often its end is missing.
    #[error("zip archive of {len} bytes is truncated or has no readable directory")]
    Directory {
        /// Length of the payload, in bytes.
        len: u64,
        /// What the directory's reader found.
        #[source]
        source: ZipError,
    },
    /// Two entries have the same name.
    #[error("zip archive has entries of the same name")]
    DuplicateEntries,
    /// An entry cannot be opened.
    #[error("entry {path:?} cannot be opened")]
    Entry {
        /// The entry's path.
        path: String,
        /// Why.
        #[source]
        source: ZipError,
    },
    /// An entry does not inflate.
    #[error("entry {path:?} does not inflate")]
    Inflate {
        /// The entry's path.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An entry has other bytes than were put into it.
    #[error("entry {path:?} should have crc {expected} and has {got}")]
    EntryCrc {
        /// The entry's path.
        path: String,
        /// What the archive says.
        expected: Crc32,
        /// What the bytes have.
        got: Crc32,
    },
    /// An entry has another length than the archive says.
    #[error("entry {path:?} should have {expected} bytes and has {got}")]
    EntrySize {
        /// The entry's path.
        path: String,
        /// What the archive says.
        expected: u64,
        /// What came out of it.
        got: u64,
    },
    /// An entry is called one thing where it stands and another in the directory.
    #[error("entry {path:?} has another name or form where it stands than in the directory")]
    EntryHeader {
        /// The entry's path in the directory.
        path: String,
    },
    /// An entry's path leads out of the folder it would be unpacked into, or is no portable path.
    #[error("entry {path:?} has a path that leads elsewhere")]
    Path {
        /// The entry's path.
        path: String,
    },
    /// There are more entries than any repository has.
    #[error("archive has {got} entries, more than {limit}")]
    TooManyEntries {
        /// How many there are.
        got: usize,
        /// [`MAX_ENTRIES`].
        limit: usize,
    },
    /// The archive's directory is longer than any repository's.
    #[error("archive has a directory of {got} bytes, more than {limit}")]
    DirectoryTooLarge {
        /// How long it may be.
        got: u64,
        /// [`MAX_DIRECTORY_BYTES`].
        limit: u64,
    },
    /// The entries inflate to more than the limit.
    #[error("archive inflates to more than {limit} bytes at entry {path:?}")]
    TooLarge {
        /// The entry that goes over the limit.
        path: String,
        /// The limit on what may come out of the archive, in bytes.
        limit: u64,
    },
}

impl ArchiveError {
    /// Whether it was refused for its size alone.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooManyEntries { .. } | Self::DirectoryTooLarge { .. } | Self::TooLarge { .. }
        )
    }
}

/// Looks at an archive's directory before it is read into memory.
pub(crate) fn check_directory(
    archive: &mut (impl Read + Seek + ?Sized),
    len: u64,
) -> Result<(), ArchiveError> {
    let unreadable = |error| ArchiveError::Directory { len, source: ZipError::Io(error) };
    let DirectorySize { entries, bytes } = directory::measure(archive).map_err(unreadable)?;
    if entries > MAX_ENTRIES {
        return Err(ArchiveError::TooManyEntries { got: entries, limit: MAX_ENTRIES });
    }
    if bytes > MAX_DIRECTORY_BYTES {
        return Err(ArchiveError::DirectoryTooLarge { got: bytes, limit: MAX_DIRECTORY_BYTES });
    }
    Ok(())
}

/// Reads every entry to its end and checks it, and gives the files in the archive's order.
///
/// Memory is bounded by the archive's directory; what inflates is counted and thrown away.
///
/// # Errors
/// [`ArchiveError`]: the archive is not to be used.
pub fn check(
    payload: &mut dyn PayloadReader,
    max_inflated_bytes: u64,
) -> Result<Vec<ArchiveFile>, ArchiveError> {
    let len = payload.seek(SeekFrom::End(0)).unwrap_or(0);
    if !starts_as_zip(payload) {
        return Err(ArchiveError::NotZip { len });
    }
    check_directory(payload, len)?;
    let mut archive = ZipArchive::new(BufReader::new(payload))
        .map_err(|source| ArchiveError::Directory { len, source })?;
    if archive.has_duplicate_names() {
        return Err(ArchiveError::DuplicateEntries);
    }
    let (mut files, mut places) = (Vec::new(), Vec::new());
    let mut room = max_inflated_bytes;
    for index in 0..archive.len() {
        let path = match archive.name_for_index(index) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("#{index}"),
        };
        if leads_elsewhere(&path) {
            return Err(ArchiveError::Path { path });
        }
        let mut entry = archive
            .by_index(index)
            .map_err(|source| ArchiveError::Entry { path: path.clone(), source })?;
        let size = check_entry(&mut entry, &path, room)?.ok_or_else(|| ArchiveError::TooLarge {
            path: path.clone(),
            limit: max_inflated_bytes,
        })?;
        room = room.saturating_sub(size);
        places.push((path.clone(), entry.header_start(), entry.central_header_start()));
        if !entry.is_dir() {
            files.push(ArchiveFile { path, size });
        }
    }
    let mut reader = archive.into_inner();
    for (path, local, central) in places {
        let same = same_header(&mut reader, local, central)
            .map_err(|source| ArchiveError::Inflate { path: path.clone(), source })?;
        if !same {
            return Err(ArchiveError::EntryHeader { path });
        }
    }
    Ok(files)
}

/// Whether a path is absolute, climbs, names a drive, or has characters no repository has.
fn leads_elsewhere(path: &str) -> bool {
    path.starts_with('/')
        || path.split('/').any(|part| part == ".." || part == ".")
        || path.contains(|c: char| c == '\\' || c == ':' || c.is_control())
}

/// Compares what no CRC covers and an archive holds twice: flags, method and name of an entry.
fn same_header(reader: &mut (impl Read + Seek), local: u64, central: u64) -> io::Result<bool> {
    // Flags and method stand two bytes further on in the directory, the lengths as well.
    let mut header = |start: u64, fixed: &mut [u8]| {
        reader.seek(SeekFrom::Start(start))?;
        reader.read_exact(fixed)
    };
    let (mut here, mut there) = ([0; 30], [0; 46]);
    header(local, &mut here)?;
    header(central, &mut there)?;
    if here.get(6..10) != there.get(8..12) || here.get(26..28) != there.get(28..30) {
        return Ok(false);
    }
    let [.., low, high, _, _] = here;
    let mut name = |start: u64| {
        let mut name = vec![0; usize::from(u16::from_le_bytes([low, high]))];
        reader.seek(SeekFrom::Start(start))?;
        reader.read_exact(&mut name).map(|()| name)
    };
    Ok(name(local.saturating_add(30))? == name(central.saturating_add(46))?)
}

/// A ZIP starts with its first entry, or with its directory's end if it has none.
pub(crate) fn starts_as_zip(payload: &mut dyn PayloadReader) -> bool {
    let mut magic = [0; 4];
    let read = payload
        .seek(SeekFrom::Start(0))
        .and_then(|_| payload.read_exact(&mut magic))
        .and_then(|()| payload.seek(SeekFrom::Start(0)));
    read.is_ok() && matches!(&magic, b"PK\x03\x04" | b"PK\x05\x06")
}

/// Reads one entry to its end; `None` if it exceeds `room` bytes.
fn check_entry<R: Read>(
    entry: &mut ZipFile<'_, R>,
    path: &str,
    room: u64,
) -> Result<Option<u64>, ArchiveError> {
    let (expected_size, expected) = (entry.size(), Crc32(entry.crc32()));
    let mut crc = crc32fast::Hasher::new();
    let mut got_size = 0_u64;
    let mut block = [0; 8192];
    loop {
        let read = match entry.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(source) if source.kind() == io::ErrorKind::Interrupted => continue,
            // The library compares the CRC as it meets the end; with all bytes here, it is that.
            Err(_) if got_size == expected_size && crc.clone().finalize() != expected.0 => break,
            Err(source) => return Err(ArchiveError::Inflate { path: path.to_owned(), source }),
        };
        got_size = got_size.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if got_size > room {
            return Ok(None);
        }
        crc.update(block.get(..read).unwrap_or_default());
    }
    let got = Crc32(crc.finalize());
    if got_size != expected_size {
        let (path, expected) = (path.to_owned(), expected_size);
        return Err(ArchiveError::EntrySize { path, expected, got: got_size });
    }
    if got != expected {
        return Err(ArchiveError::EntryCrc { path: path.to_owned(), expected, got });
    }
    Ok(Some(got_size))
}

/// The objects that an archive's files make up, each once: folder, type and name.
///
/// A file `src/zray/zcl_x.clas.abap` belongs to object `CLAS ZCL_X` in folder `src/zray`, and
/// `src/zray/package.devc.xml` to the package `DEVC ZRAY`. A file that is named otherwise counts as
/// an object of its own; the settings file as none.
pub fn objects(files: &[ArchiveFile]) -> BTreeSet<(String, ObjectKey)> {
    files
        .iter()
        .filter(|file| file.path != SETTINGS_FILE)
        .map(|file| {
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            let mut parts = name.splitn(3, '.');
            let key = match (parts.next(), parts.next(), parts.next()) {
                (Some("package"), Some("devc"), Some(_)) => {
                    ObjectKey::new("DEVC", folder.strip_prefix(SOURCE_FOLDER).unwrap_or(folder))
                }
                (Some(object), Some(kind), Some(_)) => {
                    ObjectKey::new(kind, &object.replace('#', "/"))
                }
                _ => ObjectKey::new("", name),
            };
            (folder.to_owned(), key)
        })
        .collect()
}

/// The objects that an archive's files make up, by type and name, wherever they are.
#[cfg(feature = "client")]
pub(crate) fn keys(files: &[ArchiveFile]) -> Vec<ObjectKey> {
    objects(files).into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests;
