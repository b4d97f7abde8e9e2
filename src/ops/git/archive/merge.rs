//! Several archives put together into one.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use zip::extra_fields::ExtraField;
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{MAX_ENTRIES, SETTINGS_FILE};
use crate::proto::checksum::{Sha256, Sha256Hasher};

/// Permissions of every file in a merged archive.
const FILE_MODE: u32 = 0o644;

/// Archives cannot be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Two archives have a file of the same path and different bytes.
    #[error("two archives have different files {path:?}")]
    Conflict {
        /// The path.
        path: String,
    },
    /// One of the archives cannot be read.
    #[error("an archive cannot be read")]
    Source(#[source] ZipError),
    /// There would be more entries than any repository has.
    #[error("the archives have {got} entries together, more than {limit}")]
    TooManyEntries {
        /// How many there are.
        got: usize,
        /// [`MAX_ENTRIES`].
        limit: usize,
    },
    /// The merged archive cannot be written.
    #[error("the merged archive cannot be written")]
    Output(#[source] ZipError),
}

/// Archives to be put together, in any order.
///
/// *Shape*: the settings file first, then all files by path, each once and with one time for all,
/// so that the same files give the same bytes however they were spread. What is compressed stays as
/// it is, but for entries with extra fields, which are written anew without them. Folders of their
/// own are left out. Memory is that of the archives' directories.
///
/// ```
/// use std::io::{Cursor, Write};
/// use longhaul::ops::git::archive::Merge;
///
/// fn archive(path: &str) -> Cursor<Vec<u8>> {
///     let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
///     zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
///     zip.write_all(b"REPORT z.").unwrap();
///     zip.finish().unwrap()
/// }
///
/// let mut merge = Merge::default();
/// merge.add(archive("src/b.prog.abap"))?;
/// merge.add(archive("src/a.prog.abap"))?;
/// let merged = merge.write(Cursor::new(Vec::new()))?;
/// let merged = zip::ZipArchive::new(merged).unwrap();
/// assert_eq!(merged.name_for_index(0).unwrap().unwrap(), "src/a.prog.abap");
/// # Ok::<_, longhaul::ops::git::archive::MergeError>(())
/// ```
#[derive(Debug)]
pub struct Merge<R> {
    sources: Vec<ZipArchive<R>>,
    /// How many entries all of them have.
    entries: usize,
    /// By place in the order: whether it is not the settings file, and the path.
    places: BTreeMap<(bool, String), Place>,
}

/// Where an entry comes from.
#[derive(Clone, Copy, Debug)]
struct Place {
    source: usize,
    entry: usize,
}

impl<R> Default for Merge<R> {
    fn default() -> Self {
        Self { sources: Vec::new(), entries: 0, places: BTreeMap::new() }
    }
}

impl<R: Read + Seek> Merge<R> {
    /// Adds an archive. A file that is there already has to have the same bytes.
    ///
    /// # Errors
    /// [`MergeError`]; the merge is of no use then.
    pub fn add(&mut self, archive: R) -> Result<(), MergeError> {
        let archive = ZipArchive::new(archive).map_err(MergeError::Source)?;
        // Those that are there twice as well: each takes room in its archive's directory.
        let got = self.entries.saturating_add(archive.len());
        if got > MAX_ENTRIES {
            return Err(MergeError::TooManyEntries { got, limit: MAX_ENTRIES });
        }
        self.entries = got;
        let source = self.sources.len();
        let mut again = Vec::new();
        for entry in 0..archive.len() {
            let Some(path) = archive.name_for_index(entry) else { continue };
            let path = path.map_err(MergeError::Source)?.into_owned();
            if path.ends_with('/') {
                continue;
            }
            let (key, place) = ((path != SETTINGS_FILE, path), Place { source, entry });
            match self.places.get(&key) {
                Some(first) => again.push((key.1, *first, place)),
                None => drop(self.places.insert(key, place)),
            }
        }
        self.sources.push(archive);
        for (path, first, second) in again {
            if !self.is_same(first, second).map_err(MergeError::Source)? {
                return Err(MergeError::Conflict { path });
            }
        }
        Ok(())
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Writes the merged archive, from `output`'s start.
    ///
    /// # Errors
    /// [`MergeError`]; what was written is no archive then.
    pub fn write<W: Write + Seek>(mut self, output: W) -> Result<W, MergeError> {
        let mut zip = ZipWriter::new(output);
        for place in self.places.values() {
            let Some(source) = self.sources.get_mut(place.source) else { continue };
            let entry = source.by_index_raw(place.entry).map_err(MergeError::Source)?;
            if has_extras(&entry) {
                // Such fields cannot be taken off what is copied as it is.
                let path = entry.name().map_err(MergeError::Source)?.into_owned();
                drop(entry);
                let mut entry = source.by_index(place.entry).map_err(MergeError::Source)?;
                let options = options().large_file(entry.size() >= u64::from(u32::MAX));
                zip.start_file(path, options).map_err(MergeError::Output)?;
                io::copy(&mut entry, &mut zip).map_err(|error| MergeError::Output(error.into()))?;
            } else {
                zip.raw_copy_file_touch(entry, DateTime::DEFAULT, Some(FILE_MODE))
                    .map_err(MergeError::Output)?;
            }
        }
        zip.finish().map_err(MergeError::Output)
    }

    fn is_same(&mut self, first: Place, second: Place) -> Result<bool, ZipError> {
        Ok(self.digest(first)? == self.digest(second)?)
    }

    fn digest(&mut self, place: Place) -> Result<Sha256, ZipError> {
        let source = self.sources.get_mut(place.source).ok_or(ZipError::FileNotFound)?;
        let mut entry = source.by_index(place.entry)?;
        let (mut digest, mut block) = (Sha256Hasher::default(), [0; 8192]);
        loop {
            match entry.read(&mut block)? {
                0 => return Ok(digest.finish()),
                read => digest.update(block.get(..read).unwrap_or_default()),
            }
        }
    }
}

/// Whether an entry has anything beside what every entry has: times, say, or users.
fn has_extras<R: Read>(entry: &ZipFile<'_, R>) -> bool {
    let is_length = |field: &ExtraField| matches!(field, ExtraField::Zip64ExtendedInformation(_));
    !entry.extra_data_fields().all(is_length)
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(FILE_MODE)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    type Archive = Cursor<Vec<u8>>;

    fn archive(year: u16, files: &[(&str, &[u8])]) -> Archive {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let time = DateTime::from_date_and_time(year, 5, 17, 12, 30, 0).unwrap();
        for (path, bytes) in files {
            zip.start_file(*path, options().last_modified_time(time)).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap()
    }

    fn merge(archives: impl IntoIterator<Item = Archive>) -> Result<Vec<u8>, MergeError> {
        let mut merge = Merge::default();
        for archive in archives {
            merge.add(archive)?;
        }
        Ok(merge.write(Cursor::new(Vec::new()))?.into_inner())
    }

    const SETTINGS: (&str, &[u8]) = (SETTINGS_FILE, b"<settings/>");
    const A: (&str, &[u8]) = ("src/p/a.clas.abap", b"CLASS a DEFINITION.");
    const B: (&str, &[u8]) = ("src/p/b.prog.abap", &[b'b'; 100_000]);
    const C: (&str, &[u8]) = ("src/a/c.prog.abap", b"");

    #[test]
    fn the_same_files_give_the_same_bytes_however_they_are_spread() {
        let whole = merge([archive(2001, &[B, SETTINGS, C, A])]).unwrap();
        for spread in [
            vec![archive(2024, &[SETTINGS, A]), archive(2025, &[SETTINGS, B, C])],
            vec![archive(2003, &[C]), archive(2002, &[B]), archive(2001, &[A, SETTINGS])],
            vec![archive(2003, &[A, B, C]), archive(2002, &[B, SETTINGS])],
        ] {
            assert!(merge(spread).unwrap() == whole);
        }
        let mut merged = ZipArchive::new(Cursor::new(whole)).unwrap();
        let names: Vec<_> = merged.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, [SETTINGS.0, C.0, A.0, B.0]);
        for (path, bytes) in [A, B, C, SETTINGS] {
            let mut found = Vec::new();
            merged.by_name(path).unwrap().read_to_end(&mut found).unwrap();
            assert!(found == bytes, "{path}");
        }
    }

    #[test]
    fn what_is_compressed_stays_as_it_is() {
        let stored = options().compression_method(CompressionMethod::Stored);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(B.0, stored).unwrap();
        zip.write_all(B.1).unwrap();
        let merged = merge([zip.finish().unwrap()]).unwrap();
        assert!(merged.len() > B.1.len(), "it was compressed on its way");
    }

    /// An archive of one stored file whose time stands in an extra field, which the library reads
    /// and does not write.
    fn timed(path: &str, bytes: &[u8], time: u32) -> Archive {
        let len = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let extra = [&b"UT\x05\x00\x01"[..], &time.to_le_bytes()].concat();
        let crc = crc32fast::hash(bytes).to_le_bytes();
        let [path_len, extra_len] = [path.len(), extra.len()].map(|n| u16::try_from(n).unwrap());
        let lens = [path_len.to_le_bytes(), extra_len.to_le_bytes()].concat();
        let common = [&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc, &len, &len, &lens].concat();
        let local = [b"PK\x03\x04", &common[..], path.as_bytes(), &extra, bytes].concat();
        let central = [b"PK\x01\x02\x0a\x03", &common[..], &[0; 14], path.as_bytes(), &extra];
        let central = central.concat();
        let [start, size] = [local.len(), central.len()].map(|n| u32::try_from(n).unwrap());
        let end =
            [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &size.to_le_bytes(), &start.to_le_bytes()];
        Cursor::new([&local[..], &central, &end.concat(), &[0, 0]].concat())
    }

    #[test]
    fn times_in_extra_fields_leave_no_trace() {
        let merged = merge([timed(A.0, A.1, 1)]).unwrap();
        assert!(merged == merge([timed(A.0, A.1, 2)]).unwrap());
        let mut found = Vec::new();
        let mut merged = ZipArchive::new(Cursor::new(merged)).unwrap();
        merged.by_name(A.0).unwrap().read_to_end(&mut found).unwrap();
        assert_eq!(found, A.1);
    }

    #[test]
    fn different_files_of_one_path_are_a_conflict() {
        let other = (A.0, &b"CLASS a DEFINITIOM."[..]);
        let conflict = merge([archive(2001, &[A]), archive(2001, &[other, B])]);
        assert!(matches!(conflict, Err(MergeError::Conflict { path }) if path == A.0));
    }

    #[test]
    fn folders_are_left_out_and_nothing_is_an_archive_too() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.add_directory("src", SimpleFileOptions::default()).unwrap();
        let merged = merge([zip.finish().unwrap()]).unwrap();
        assert_eq!(ZipArchive::new(Cursor::new(merged)).unwrap().len(), 0);
        assert!(matches!(merge([Cursor::new(b"no zip".to_vec())]), Err(MergeError::Source(_))));
    }
}
