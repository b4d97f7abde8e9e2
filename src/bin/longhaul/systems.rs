//! Systems that the files of vsp describe: `.vsp.json` or `.vsp/systems.json`, here or at home.
//!
//! What they say is read by the library.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use longhaul::Secret;
use longhaul::client::systems::{SystemsError, SystemsFile};

use crate::failure::Failure;

/// Where the files are, below the current folder and the home folder.
const FILES: [&str; 2] = [".vsp.json", ".vsp/systems.json"];

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a file says of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct System {
    pub(crate) name: String,
    /// The file, for messages.
    pub(crate) file: PathBuf,
    pub(crate) url: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) insecure: Option<bool>,
    /// A relative one is relative to the folder that was searched.
    pub(crate) cookie_file: Option<PathBuf>,
    pub(crate) cookie_string: Option<Secret>,
}

impl System {
    /// The variable that holds the password, after the name.
    pub(crate) fn password_variable(&self) -> String {
        let name = self.name.to_uppercase();
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        format!("VSP_{name}_PASSWORD")
    }
}

/// Finds the system `name` in the files of `folders`; a file that comes first wins.
///
/// # Errors
/// A failure of configuration if there is none, or a file on the way cannot be read.
pub(crate) fn find(name: &str, folders: &[PathBuf]) -> Result<System, Failure> {
    let mut known = BTreeSet::new();
    for document in documents(folders) {
        let document = document?;
        if let Some(system) = document.system(name)? {
            return Ok(system);
        }
        known.extend(document.names().map(str::to_owned));
    }
    let hint = if known.is_empty() {
        "describe it in .vsp.json, or give the server with --url".to_owned()
    } else {
        format!("there are: {}", Vec::from_iter(known).join(", "))
    };
    Err(Failure::configuration(format!("there is no system {name:?}"), hint))
}

/// The system that the files in `folders` call their default; `None` if they name none.
///
/// # Errors
/// A failure of configuration if that system does not exist, or a file cannot be read.
pub(crate) fn find_default(folders: &[PathBuf]) -> Result<Option<System>, Failure> {
    for document in documents(folders) {
        if let Some(name) = document?.default_name()? {
            return find(&name, folders).map(Some);
        }
    }
    Ok(None)
}

/// The files that there are, read one after the other.
fn documents(folders: &[PathBuf]) -> impl Iterator<Item = Result<Document, Failure>> {
    let paths = folders.iter().flat_map(|folder| FILES.map(|file| (folder, folder.join(file))));
    paths.filter_map(|(folder, path)| Document::read(folder, &path).transpose())
}

/// One file.
struct Document {
    path: PathBuf,
    folder: PathBuf,
    content: SystemsFile,
}

impl Document {
    /// Reads a file; `None` if there is none.
    fn read(folder: &Path, path: &Path) -> Result<Option<Self>, Failure> {
        let unusable = |what: &str| {
            Failure::configuration(
                format!("{} {what}", path.display()),
                "mend the file, or give the server with --url",
            )
        };
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
        match read {
            Ok(length) if length as u64 > MAX_FILE_BYTES => {
                return Err(unusable(&format!("has more than {MAX_FILE_BYTES} bytes")));
            }
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(unusable(&format!("cannot be read: {error}"))),
        }
        let content = SystemsFile::read(&bytes).map_err(|error| unusable(&error.to_string()))?;
        Ok(Some(Self { path: path.to_owned(), folder: folder.to_owned(), content }))
    }

    fn default_name(&self) -> Result<Option<String>, Failure> {
        self.content.default_name().map_err(|error| self.wrong(&error))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.content.names()
    }

    fn system(&self, name: &str) -> Result<Option<System>, Failure> {
        let entry = self.content.system(name).map_err(|error| self.wrong(&error))?;
        Ok(entry.map(|entry| System {
            name: name.to_owned(),
            file: self.path.clone(),
            url: entry.url,
            user: entry.user,
            client: entry.client,
            language: entry.language,
            insecure: entry.insecure,
            cookie_file: entry.cookie_file.map(|path| self.folder.join(path)),
            cookie_string: entry.cookie_string,
        }))
    }

    fn wrong(&self, error: &SystemsError) -> Failure {
        Failure::configuration(format!("{}: {error}", self.path.display()), "mend the file")
    }
}
