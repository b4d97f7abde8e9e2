//! What a function module gives back.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// One value of a function module's result.
///
/// *Shape*: a server writes every elementary value as a string in ABAP's own form: numbers with
/// the sign behind, dates as `YYYYMMDD`, `X` for yes. A structure is an object, a row of a table
/// as well. *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::rfc::RfcValue;
/// let row: RfcValue = serde_json::from_str(r#"{"NAME":"ME","LINES":"[complex]"}"#).unwrap();
/// assert_eq!(row.get("NAME").and_then(RfcValue::as_text), Some("ME"));
/// assert!(row.get("LINES").unwrap().is_complex());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RfcValue {
    /// An elementary value, as ABAP writes it.
    Text(String),
    /// The components of a structure, or the columns of a row, by name.
    Structure(BTreeMap<String, RfcValue>),
    /// The rows of a table.
    Table(Vec<RfcValue>),
    /// A structure or a table inside another one, which the server leaves out: it writes
    /// `[complex]` in its place.
    #[serde(serialize_with = "left_out")]
    Complex,
}

/// What stands in the place of a value that the server leaves out.
const COMPLEX: &str = "[complex]";

impl RfcValue {
    /// The text of an elementary value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A component of a structure, or a column of a row; names are upper case.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Structure(components) => components.get(name),
            _ => None,
        }
    }

    /// The rows of a table; none if it is something else.
    pub fn rows(&self) -> &[Self] {
        match self {
            Self::Table(rows) => rows,
            _ => &[],
        }
    }

    /// Whether the server left the value out.
    pub fn is_complex(&self) -> bool {
        matches!(self, Self::Complex)
    }
}

fn left_out<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(COMPLEX)
}

impl<'de> Deserialize<'de> for RfcValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = RfcValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<RfcValue, E> {
        Ok(if text == COMPLEX { RfcValue::Complex } else { RfcValue::Text(text.to_owned()) })
    }

    fn visit_bool<E>(self, flag: bool) -> Result<RfcValue, E> {
        Ok(RfcValue::Text(flag.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<RfcValue, E> {
        Ok(RfcValue::Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<RfcValue, E> {
        Ok(RfcValue::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<RfcValue, E> {
        Ok(RfcValue::Text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<RfcValue, E> {
        Ok(RfcValue::Text(String::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RfcValue, A::Error> {
        let mut components = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            components.insert(name, value);
        }
        Ok(RfcValue::Structure(components))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RfcValue, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            rows.push(row);
        }
        Ok(RfcValue::Table(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_become_text() {
        for (json, text) in
            [("\"A\"", "A"), ("7", "7"), ("-7", "-7"), ("true", "true"), ("null", "")]
        {
            let value: RfcValue = serde_json::from_str(json).unwrap();
            assert_eq!(value.as_text(), Some(text), "{json}");
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let json = r#"{"A":"1","B":{"C":"[complex]"},"T":[{"X":"y"}]}"#;
        let value: RfcValue = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(value.get("T").unwrap().rows().len(), 1);
        assert!(value.rows().is_empty() && value.get("A").unwrap().get("A").is_none());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(serde_json::from_str::<RfcValue>(&deep).is_err());
    }
}
