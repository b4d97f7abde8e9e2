//! `rfc.search`: names of function modules.

use serde::{Deserialize, Serialize};

use crate::ops::field;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply, json,
};

/// Looks for function modules by name.
///
/// *Shape*: params are `{"pattern":"BAPI_USER*"}`; `*` stands for any characters, and so does `%`.
/// The answer's `data` is a list of `{"name":"…"}`, sorted, at most [`Found::LIMIT`] entries on
/// today's servers, which do not say whether there were more: see [`Found::may_be_cut_off`].
/// *Errors*: [`OperationError::InvalidAnswer`] if `data` is no such list. *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::rfc::Search;
/// use longhaul::proto::Operation;
/// assert_eq!(Search::new("bapi_user*").params().to_json(), r#"{"pattern":"BAPI_USER*"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Search {
    pattern: String,
}

impl Search {
    /// Looks for names like `pattern`, which is turned to upper case.
    pub fn new(pattern: impl AsRef<str>) -> Self {
        Self { pattern: pattern.as_ref().to_uppercase() }
    }
}

/// Function modules that were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Their names, in the server's order.
    pub names: Vec<String>,
}

impl Found {
    /// How many names today's servers give at most.
    pub const LIMIT: usize = 100;

    /// Whether there may be more than were given.
    pub fn may_be_cut_off(&self) -> bool {
        self.names.len() >= Self::LIMIT
    }
}

/// One entry: an object with a name, or the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Object { name: String },
    Name(String),
}

impl Operation for Search {
    type Output = Found;

    fn name(&self) -> OperationName {
        OperationName::new("rfc", "search")
    }

    fn params(&self) -> Params {
        Params::new().with("pattern", &self.pattern)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Found, OperationError> {
        let list = reply.bounded_data()?.and_then(|data| json::read(data).ok());
        let entries: Vec<Entry> = match list {
            Some(entries) => entries,
            // A list at the top leaves no room for anything else, so some may put it under a name.
            None => {
                field::required(reply, "functions").map_err(|_| OperationError::missing("data"))?
            }
        };
        let name = |entry| match entry {
            Entry::Object { name } | Entry::Name(name) => name.trim_end().to_owned(),
        };
        Ok(Found { names: entries.into_iter().map(name).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn names_are_read_from_a_list() {
        let found = conclude(
            &Search::new("RFC*"),
            r#"[{"name":"RFC_PING"},{"name":"RFC_READ_TABLE ","x":1}]"#,
        );
        let found = found.unwrap();
        assert_eq!(found.names, ["RFC_PING", "RFC_READ_TABLE"]);
        assert!(!found.may_be_cut_off());
        assert!(conclude(&Search::new("X"), "[]").unwrap().names.is_empty());
        let named = conclude(&Search::new("X"), r#"{"functions":["A"]}"#).unwrap();
        assert_eq!(named.names, ["A"]);
    }

    #[test]
    fn a_full_list_may_be_cut_off() {
        let entries = vec![r#"{"name":"F"}"#; Found::LIMIT].join(",");
        assert!(conclude(&Search::new("F"), &format!("[{entries}]")).unwrap().may_be_cut_off());
    }

    #[test]
    fn something_else_is_refused() {
        for data in ["{}", "null", "7", r#"[{"title":"x"}]"#, r#"{"functions":7}"#] {
            assert_eq!(unusable(&Search::new("X"), data), "data", "{data}");
        }
    }
}
