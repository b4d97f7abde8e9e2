//! The abapGit archive of an export.

use std::io::{Cursor, Write as _};

use bytes::Bytes;
use serde::Serialize;
use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::package::{Object, SourceFile};

/// What an abapGit repository says of itself, with the byte order mark abapGit writes.
const SETTINGS: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>
<asx:abap xmlns:asx=\"http://www.sap.com/abapxml\" version=\"1.0\">
 <asx:values>
  <DATA>
   <MASTER_LANGUAGE>E</MASTER_LANGUAGE>
   <STARTING_FOLDER>/src/</STARTING_FOLDER>
   <FOLDER_LOGIC>FULL</FOLDER_LOGIC>
  </DATA>
 </asx:values>
</asx:abap>
";

/// An archive in the making, grown object by object.
pub(super) struct ArchiveBuilder {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    files: Vec<ArchivedFile>,
}

/// A finished archive.
pub(super) struct Archive {
    pub(super) bytes: Bytes,
    /// The objects' files in the order of the archive.
    pub(super) files: Vec<ArchivedFile>,
}

/// A file of the archive as the answer lists it.
#[derive(Debug, Serialize)]
pub(super) struct ArchivedFile {
    pub(super) path: String,
    /// Its length in bytes, not compressed.
    pub(super) size: u64,
}

/// Why an object is not in the archive; names files, but not where they are on this machine.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error("{file} is not readable: {source}")]
    Unreadable { file: String, source: std::io::Error },
    #[error("{file} does not go into the archive: {source}")]
    Unwritable { file: String, source: ZipError },
}

impl ArchiveBuilder {
    pub(super) fn new() -> ZipResult<Self> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(".abapgit.xml", options(0))?;
        zip.write_all(SETTINGS.as_bytes())?;
        Ok(Self { zip, files: Vec::new() })
    }

    /// Adds all files of the object, or none.
    pub(super) fn add(&mut self, object: &Object) -> Result<(), ArchiveError> {
        let contents: Vec<_> = object.files.iter().map(read).collect::<Result<_, _>>()?;
        for (name, bytes) in contents {
            let path = format!("{}/{name}", object.folder);
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.write(&path, &bytes, size)
                .map_err(|source| ArchiveError::Unwritable { file: name.clone(), source })?;
            self.files.push(ArchivedFile { path, size });
        }
        Ok(())
    }

    pub(super) fn finish(self) -> ZipResult<Archive> {
        let bytes = self.zip.finish()?.into_inner().into();
        Ok(Archive { bytes, files: self.files })
    }

    fn write(&mut self, path: &str, bytes: &[u8], size: u64) -> ZipResult<()> {
        self.zip.start_file(path, options(size))?;
        Ok(self.zip.write_all(bytes)?)
    }
}

fn read(file: &SourceFile) -> Result<(&String, Vec<u8>), ArchiveError> {
    match file.read() {
        Ok(bytes) => Ok((&file.name, bytes)),
        Err(source) => Err(ArchiveError::Unreadable { file: file.name.clone(), source }),
    }
}

/// A fixed time, so that the same files give the same bytes.
fn options(size: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
        .large_file(size >= u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

    use super::*;
    use crate::server::package::Catalog;

    fn export(folder: &std::path::Path, package: &str) -> Archive {
        let catalog = Catalog::scan(&[(package.into(), folder.into())]).unwrap();
        let mut archive = ArchiveBuilder::new().unwrap();
        for object in catalog.objects_of(package, true).unwrap() {
            archive.add(&object).unwrap();
        }
        archive.finish().unwrap()
    }

    #[test]
    fn every_file_comes_back_byte_by_byte() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let names = ["zx.prog.abap", "LICENSE", "Ünï cödé.txt"];
        for name in names {
            fs::write(folder.path().join(name), &bytes).unwrap();
        }
        let archive = export(folder.path(), "/NS/P");
        let mut zip = zip::ZipArchive::new(Cursor::new(&archive.bytes)).unwrap();
        for name in names {
            let mut found = Vec::new();
            let path = format!("src//ns/p/{name}");
            zip.by_name(&path).unwrap().read_to_end(&mut found).unwrap();
            assert!(found == bytes, "{name}");
            assert!(archive.files.iter().any(|f| f.path == path && f.size == 100_000));
        }
        assert_eq!(zip.len(), names.len() + 1);
        let mut settings = String::new();
        zip.by_name(".abapgit.xml").unwrap().read_to_string(&mut settings).unwrap();
        assert!(settings.starts_with("\u{feff}<?xml") && settings.contains("<asx:abap"));
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("zx.prog.abap"), "REPORT zx.").unwrap();
        assert_eq!(export(folder.path(), "$P").bytes, export(folder.path(), "$P").bytes);
    }

    #[test]
    fn an_object_is_added_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["zx.clas.abap", "zx.clas.xml"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let catalog = Catalog::scan(&[("$P".into(), folder.path().into())]).unwrap();
        fs::remove_file(folder.path().join("zx.clas.xml")).unwrap();
        let mut archive = ArchiveBuilder::new().unwrap();
        let error = archive.add(&catalog.object("CLAS", "ZX").unwrap()).unwrap_err();
        assert!(matches!(&error, ArchiveError::Unreadable { file, .. } if file == "zx.clas.xml"));
        let path = folder.path().to_string_lossy().into_owned();
        assert!(!error.to_string().contains(&path));
        assert!(archive.finish().unwrap().files.is_empty());
    }
}
