//! The parameters of a request.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::proto::json::each_member;

/// The parameters of a request, in the order they were given.
///
/// ```
/// use longhaul::proto::Params;
/// let params = Params::new().with("packages", ["$ZRAY"]).with("includeSubpackages", true);
/// assert_eq!(params.to_json(), r#"{"packages":["$ZRAY"],"includeSubpackages":true}"#);
/// ```
#[derive(Clone, Default)]
pub struct Params(Vec<(String, Box<RawValue>)>);

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter; a value that has no JSON form (a map with other keys than strings) is
    /// written as `null`. A key given again replaces the earlier value and keeps its place.
    pub fn with(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let value = serde_json::value::to_raw_value(&value).unwrap_or_else(|_| null());
        self.set(key.into(), value);
        self
    }

    /// Takes the members of a JSON object; `None` if `json` is no object.
    pub fn from_json(json: &str) -> Option<Self> {
        let mut params = Self::new();
        each_member(json, |key, value| params.set(key.into_owned(), value.to_owned())).ok()?;
        Some(params)
    }

    /// The parameters as a compact JSON object.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        for (key, value) in &self.0 {
            push_member(&mut json, key, value);
        }
        json.push('}');
        json
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), &**value))
    }

    fn set(&mut self, key: String, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }
}

/// Only the names: a value may be a key that nobody is to see.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params")?;
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// Appends a member to an object that was opened with `{`.
pub(crate) fn push_member(object: &mut String, key: &str, value: &RawValue) {
    if object.len() > 1 {
        object.push(',');
    }
    push_string(object, key);
    object.push(':');
    object.push_str(value.get());
}

/// Appends `text` as a JSON string, in raw UTF-8.
pub(crate) fn push_string(json: &mut String, text: &str) {
    let is_plain = |byte: &u8| *byte >= b' ' && !matches!(byte, b'"' | b'\\');
    if text.as_bytes().iter().all(is_plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
        return;
    }
    // Writing a string cannot fail: it has no map keys and the writer is memory.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}
