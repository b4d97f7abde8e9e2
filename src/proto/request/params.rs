//! The parameters of a request.

use serde::Serialize;
use serde_json::value::RawValue;

/// The parameters of a request, in the order they were given.
///
/// ```
/// use longhaul::proto::Params;
/// let params = Params::new().with("packages", ["$ZRAY"]).with("includeSubpackages", true);
/// assert_eq!(params.to_json(), r#"{"packages":["$ZRAY"],"includeSubpackages":true}"#);
/// ```
#[derive(Clone, Debug, Default)]
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
        let members: crate::proto::reply::Members<'_> = serde_json::from_str(json).ok()?;
        let mut params = Self::new();
        for (key, value) in members.0 {
            params.set(key.into_owned(), value.to_owned());
        }
        Some(params)
    }

    /// The parameters as a compact JSON object.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        for (key, value) in &self.0 {
            if json.len() > 1 {
                json.push(',');
            }
            push_string(&mut json, key);
            json.push(':');
            json.push_str(value.get());
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

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// Appends `text` as a JSON string, in raw UTF-8.
pub(crate) fn push_string(json: &mut String, text: &str) {
    // Writing a string cannot fail: it has no map keys and the writer is memory.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}
