//! Systems that the files of vsp describe: `.vsp.json` or `.vsp/systems.json`, here or at home.
//!
//! They are read as liberally as can be: unknown keys are passed over, numbers may stand where
//! texts should, and the other way round. Nothing of what they hold is repeated in a message but
//! names of systems and keys, since a file may hold cookies.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use longhaul::Secret;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::values;

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
    content: Map<String, Value>,
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
        let json = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        // As a value of no type in particular: errors of that kind do not repeat what they read.
        let content = serde_json::from_slice(json).map_err(|error| {
            unusable(&format!("is broken at line {}, column {}", error.line(), error.column()))
        })?;
        let Value::Object(content) = content else {
            return Err(unusable("holds no JSON object"));
        };
        Ok(Some(Self { path: path.to_owned(), folder: folder.to_owned(), content }))
    }

    fn default_name(&self) -> Result<Option<String>, Failure> {
        Entry { document: self, name: "", fields: &self.content }.text("default")
    }

    fn systems(&self) -> Option<&Map<String, Value>> {
        self.content.get("systems")?.as_object()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.systems().into_iter().flat_map(Map::keys).map(String::as_str)
    }

    fn system(&self, name: &str) -> Result<Option<System>, Failure> {
        let Some(fields) = self.systems().and_then(|systems| systems.get(name)) else {
            return Ok(None);
        };
        let Value::Object(fields) = fields else {
            return Err(self.wrong(name, "is no JSON object"));
        };
        let entry = Entry { document: self, name, fields };
        Ok(Some(System {
            name: name.to_owned(),
            file: self.path.clone(),
            url: entry.text("url")?,
            user: entry.text("user")?,
            client: entry.client()?,
            language: entry.checked("language", values::language)?,
            insecure: entry.flag("insecure")?,
            cookie_file: entry.text("cookie_file")?.map(|path| self.folder.join(path)),
            cookie_string: entry.text("cookie_string")?.map(Secret::from),
        }))
    }

    fn wrong(&self, name: &str, what: &str) -> Failure {
        let of = if name.is_empty() { String::new() } else { format!("system {name:?} ") };
        Failure::configuration(format!("{}: {of}{what}", self.path.display()), "mend the file")
    }
}

/// One system in a file, or the file itself.
struct Entry<'a> {
    document: &'a Document,
    name: &'a str,
    fields: &'a Map<String, Value>,
}

impl Entry<'_> {
    /// A text; numbers are taken as one, and empty ones count as not said.
    fn text(&self, key: &str) -> Result<Option<String>, Failure> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
            }
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    /// A text of a certain form.
    fn checked(
        &self,
        key: &str,
        check: fn(&str) -> Result<String, String>,
    ) -> Result<Option<String>, Failure> {
        let text = self.text(key)?;
        let read = text.map(|text| {
            check(&text)
                .map_err(|why| self.document.wrong(self.name, &format!("has a bad {key:?}: {why}")))
        });
        read.transpose()
    }

    /// Three digits, which a number loses where it begins with 0.
    fn client(&self) -> Result<Option<String>, Failure> {
        match self.fields.get("client").and_then(Value::as_u64) {
            Some(number) if number < 1000 => Ok(Some(format!("{number:03}"))),
            _ => self.checked("client", values::sap_client),
        }
    }

    /// A yes or no, also as a text or a number.
    fn flag(&self, key: &str) -> Result<Option<bool>, Failure> {
        match self.fields.get(key) {
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            _ => match self.text(key)? {
                None => Ok(None),
                Some(text) => {
                    values::flag(&text).map(Some).map_err(|_| self.wrong(key, "true or false"))
                }
            },
        }
    }

    fn wrong(&self, key: &str, wanted: &str) -> Failure {
        self.document.wrong(self.name, &format!("has a {key:?} that is not {wanted}"))
    }
}
