//! What the files of vsp say: `.vsp.json` and `.vsp/systems.json`, as text.
//!
//! No part of the API: this is for the command `longhaul`, which finds the files, and stands here
//! because all reading of foreign bytes does, where it can be fuzzed. It is liberal: unknown keys
//! are passed over, numbers may stand where texts should, and the other way round. Nothing of what
//! a file holds is repeated in an error but names of systems and keys, since it may hold cookies.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use serde_json::{Map, Value};

use super::secret::Secret;

/// One file.
#[derive(Clone)]
pub struct SystemsFile(Map<String, Value>);

/// What a file says of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemEntry {
    /// Where it is.
    pub url: Option<String>,
    /// Who logs on.
    pub user: Option<String>,
    /// Three digits.
    pub client: Option<String>,
    /// In capital letters.
    pub language: Option<String>,
    /// Whether any certificate of the server's will do.
    pub insecure: Option<bool>,
    /// A path as it stands in the file.
    pub cookie_file: Option<String>,
    /// What stands in the header `Cookie`.
    pub cookie_string: Option<Secret>,
}

/// A file is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemsError {
    /// It is no JSON.
    #[error("is broken at line {line}, column {column}")]
    Broken {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 where the line has not begun.
        column: usize,
    },
    /// It is JSON, but no object.
    #[error("holds no JSON object")]
    NotAnObject,
    /// What it has for a system is no object.
    #[error("system {system:?} is no JSON object")]
    System {
        /// The name of the system.
        system: String,
    },
    /// A key has another value than it may.
    #[error("{}has a {key:?} that is not {wanted}", of(system.as_deref()))]
    Field {
        /// The name of the system; `None` for a key of the file itself.
        system: Option<String>,
        /// The key.
        key: &'static str,
        /// What it may have.
        wanted: &'static str,
    },
}

impl SystemsFile {
    /// Reads a file of these bytes.
    ///
    /// # Errors
    /// [`SystemsError::Broken`] and [`SystemsError::NotAnObject`].
    pub fn read(bytes: &[u8]) -> Result<Self, SystemsError> {
        let json = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        // As a value of no type in particular: errors of that kind do not repeat what they read.
        let content = serde_json::from_slice(json)
            .map_err(|error| SystemsError::Broken { line: error.line(), column: error.column() })?;
        let Value::Object(content) = content else { return Err(SystemsError::NotAnObject) };
        Ok(Self(content))
    }

    /// The name of the system that is meant where none is named.
    ///
    /// # Errors
    /// [`SystemsError::Field`].
    pub fn default_name(&self) -> Result<Option<String>, SystemsError> {
        Fields { system: None, fields: &self.0 }.text("default")
    }

    /// The names of all systems.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.systems().into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// What it says of the system `name`; `None` if it has none of that name.
    ///
    /// # Errors
    /// [`SystemsError::System`] and [`SystemsError::Field`].
    pub fn system(&self, name: &str) -> Result<Option<SystemEntry>, SystemsError> {
        let Some(fields) = self.systems().and_then(|systems| systems.get(name)) else {
            return Ok(None);
        };
        let Value::Object(fields) = fields else {
            return Err(SystemsError::System { system: name.to_owned() });
        };
        let fields = Fields { system: Some(name), fields };
        Ok(Some(SystemEntry {
            url: fields.text("url")?,
            user: fields.text("user")?,
            client: fields.client()?,
            language: fields.checked("language", language, "a language such as EN")?,
            insecure: fields.flag("insecure")?,
            cookie_file: fields.text("cookie_file")?,
            cookie_string: fields.text("cookie_string")?.map(Secret::from),
        }))
    }

    fn systems(&self) -> Option<&Map<String, Value>> {
        self.0.get("systems")?.as_object()
    }
}

/// Names alone: the values may be secret.
impl std::fmt::Debug for SystemsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// One system in a file, or the file itself.
struct Fields<'a> {
    system: Option<&'a str>,
    fields: &'a Map<String, Value>,
}

impl Fields<'_> {
    /// A text; numbers are taken as one, and empty ones count as not said.
    fn text(&self, key: &'static str) -> Result<Option<String>, SystemsError> {
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
    fn checked<T>(
        &self,
        key: &'static str,
        read: fn(&str) -> Option<T>,
        wanted: &'static str,
    ) -> Result<Option<T>, SystemsError> {
        let text = self.text(key)?;
        text.map(|text| read(&text).ok_or_else(|| self.wrong(key, wanted))).transpose()
    }

    /// Three digits, which a number loses where it begins with 0.
    fn client(&self) -> Result<Option<String>, SystemsError> {
        match self.fields.get("client").and_then(Value::as_u64) {
            Some(number) if number < 1000 => Ok(Some(format!("{number:03}"))),
            _ => self.checked("client", sap_client, "three digits such as 001"),
        }
    }

    /// A yes or no, also as a text or a number.
    fn flag(&self, key: &'static str) -> Result<Option<bool>, SystemsError> {
        match self.fields.get(key) {
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            _ => self.checked(key, flag, "true or false"),
        }
    }

    fn wrong(&self, key: &'static str, wanted: &'static str) -> SystemsError {
        SystemsError::Field { system: self.system.map(str::to_owned), key, wanted }
    }
}

fn of(system: Option<&str>) -> String {
    system.map_or_else(String::new, |system| format!("system {system:?} "))
}

/// Three digits, the number of a client.
pub fn sap_client(text: &str) -> Option<String> {
    let is_client = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_client.then(|| text.to_owned())
}

/// A language such as `EN`, or the one letter that SAP itself uses.
pub fn language(text: &str) -> Option<String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ((1..=2).contains(&text.len()) && is_plain).then(|| text.to_ascii_uppercase())
}

/// A yes or no, in the words that variables have for it.
pub fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "on" => Some(true),
        "false" | "f" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}
