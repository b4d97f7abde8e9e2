//! A list that a report would have shown as a grid.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ops::field::{self, Text};

/// The grid (ALV) that a report would have shown.
///
/// *Shape*: `columns`, a list of `{"name","type"}`; `rows`, a list of objects with a string for
/// each column; `total_rows`, `truncated`. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::Grid;
/// let json = r#"{"columns":[{"name":"N","type":"I"}],"rows":[{"N":"1"}],"total_rows":"2"}"#;
/// let grid: Grid = serde_json::from_str(json).unwrap();
/// assert_eq!(grid.rows[0]["N"], "1");
/// assert!(grid.is_truncated());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Grid {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each by the column's name; what is no elementary value is empty.
    #[serde(deserialize_with = "read_rows")]
    pub rows: Vec<BTreeMap<String, String>>,
    /// How many rows there were; `None` where the server does not say.
    #[serde(deserialize_with = "field::read_count")]
    pub total_rows: Option<u64>,
    /// Whether the server says that it left rows out.
    #[serde(deserialize_with = "field::read_flag")]
    pub truncated: bool,
}

/// A column of a [`Grid`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Column {
    /// Its name, in upper case.
    #[serde(deserialize_with = "field::read_text")]
    pub name: String,
    /// ABAP's letter for its kind, such as `C` for text and `I` for a number.
    #[serde(rename = "type", deserialize_with = "field::read_text")]
    pub kind: String,
}

impl Grid {
    /// Whether rows are missing: the server says so, or counts more than it gave.
    pub fn is_truncated(&self) -> bool {
        let given = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        self.truncated || self.total_rows.is_some_and(|total| total > given)
    }
}

fn read_rows<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<BTreeMap<String, String>>, D::Error> {
    let rows = Vec::<BTreeMap<String, Text>>::deserialize(deserializer)?;
    let row = |row: BTreeMap<String, Text>| row.into_iter().map(|(k, Text(v))| (k, v)).collect();
    Ok(rows.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_texts_and_nulls_are_empty() {
        let json = r#"{"rows":[{"A":"x","COLOR":null,"N":5}],"total_rows":1,"truncated":false}"#;
        let grid: Grid = serde_json::from_str(json).unwrap();
        assert_eq!((grid.rows[0]["COLOR"].as_str(), grid.rows[0]["N"].as_str()), ("", "5"));
        assert!(!grid.is_truncated());
        assert!(serde_json::from_str::<Grid>(r#"{"rows":[{"A":{}}]}"#).is_err());
        assert_eq!(serde_json::from_str::<Grid>("{}").unwrap(), Grid::default());
    }
}
