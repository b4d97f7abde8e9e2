//! `rfc.call`: calls a function module.

use std::collections::BTreeMap;

use serde::Serialize;

use super::value::RfcValue;
use crate::ops::field::{self, Integer};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Calls a function module with elementary parameters.
///
/// *Shape*: params are `function` first, then every parameter under its own name, in the order
/// given, each a string: `{"function":"…","USERNAME":"ME"}`. The answer is
/// `{"subrc":0,"exports":{…},"tables":{…}}`, on newer servers with `message`.
///
/// What the domain cannot do: parameters are elementary ones; structures and tables to be handed
/// over are not sent, and many servers do not read them. An empty value is as good as none. What
/// is nested in a result is left out, see [`RfcValue::Complex`]; a table whose rows are no
/// structures makes some servers write an answer that is no JSON, which nobody can attribute: it
/// is counted as unreadable, and only the client's deadline or idle limit ends the wait.
///
/// *Errors*: [`CallError`] inside [`OperationError::Unsuccessful`] if `subrc` is not 0 or a table
/// broke off. Most BAPIs leave `subrc` at 0 whatever happens and say in `RETURN` how it went: see
/// [`Called::refusals`]. The server's own codes are `FUNC_NOT_FOUND` and `CALL_ERROR`.
/// Never repeated by itself. *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::rfc::Call;
/// use longhaul::proto::Operation;
/// let call = Call::new("bapi_user_get_detail").with("username", "ME").with("CACHE_RESULTS", "X");
/// assert_eq!(
///     call.params().to_json(),
///     r#"{"function":"BAPI_USER_GET_DETAIL","USERNAME":"ME","CACHE_RESULTS":"X"}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    function: String,
    params: Params,
}

impl Call {
    /// Calls `function` without parameters; the name is turned to upper case.
    pub fn new(function: impl AsRef<str>) -> Self {
        let function = function.as_ref().to_uppercase();
        Self { params: Params::new().with("function", &function), function }
    }

    /// With this parameter, in ABAP's own form; the name is turned to upper case, which is how
    /// servers look for it. A name given again replaces the earlier value.
    pub fn with(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.params = self.params.with(name.as_ref().to_uppercase(), value.as_ref());
        self
    }
}

/// What a function module gave back; its `subrc` was 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Called {
    /// Its exporting parameters, by name.
    pub exports: BTreeMap<String, RfcValue>,
    /// Its tables, by name, row by row.
    pub tables: BTreeMap<String, Vec<RfcValue>>,
    /// The message that went with it; empty on servers that say none.
    pub message: String,
}

/// A function module was called and did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// It raised an exception.
    #[error("{function} ended with subrc {subrc}: {}", answer.message)]
    Subrc {
        /// The function module.
        function: String,
        /// Which of its exceptions; most servers give 99 for all of them.
        subrc: i64,
        /// What it gave back all the same.
        answer: Box<Called>,
    },
    /// The server could not write a table to its end.
    #[error("table {table} of {function} broke off after {rows} rows")]
    Table {
        /// The function module.
        function: String,
        /// The table.
        table: String,
        /// Rows that came before it broke off.
        rows: usize,
        /// What came, without the row that says so.
        answer: Box<Called>,
    },
}

impl Called {
    /// What `RETURN` complains about: the texts of its messages of type `E`, `A` and `X`.
    ///
    /// `RETURN` is what BAPIs report in, as a structure or a table with `TYPE` and `MESSAGE`. An
    /// empty list is no proof of success for a function module that does not report there.
    ///
    /// ```
    /// # use longhaul::ops::rfc::Called;
    /// assert!(Called::default().refusals().is_empty());
    /// ```
    pub fn refusals(&self) -> Vec<&str> {
        let rows = self.tables.get("RETURN").into_iter().flatten();
        rows.chain(self.exports.get("RETURN"))
            .filter(|row| matches!(text_of(row, "TYPE"), "E" | "A" | "X"))
            .map(|row| text_of(row, "MESSAGE"))
            .collect()
    }
}

fn text_of<'a>(row: &'a RfcValue, name: &str) -> &'a str {
    row.get(name).and_then(RfcValue::as_text).unwrap_or_default()
}

/// A server ends a table that it could not write with `{"error":"serialization failed"}`. Columns
/// are upper case, so no row of a table looks like that.
fn is_broken_off(row: &RfcValue) -> bool {
    row.get("error").is_some()
}

impl Operation for Call {
    type Output = Called;

    fn name(&self) -> OperationName {
        OperationName::new("rfc", "call")
    }

    fn params(&self) -> Params {
        self.params.clone()
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Called, OperationError> {
        let Integer(subrc) = field::required(reply, "subrc")?;
        let mut called = Called {
            exports: reply.field("exports")?.unwrap_or_default(),
            tables: reply.field("tables")?.unwrap_or_default(),
            message: field::text(reply, "message")?,
        };
        let function = self.function.clone();
        if subrc != 0 {
            let answer = Box::new(called);
            return Err(OperationError::unsuccessful(CallError::Subrc { function, subrc, answer }));
        }
        let broken =
            called.tables.iter_mut().find(|(_, rows)| rows.last().is_some_and(is_broken_off));
        if let Some((table, rows)) = broken {
            rows.pop();
            let (table, rows) = (table.clone(), rows.len());
            let answer = Box::new(called);
            let error = CallError::Table { function, table, rows, answer };
            return Err(OperationError::unsuccessful(error));
        }
        Ok(called)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, failure, unusable};

    #[test]
    fn exports_and_tables_are_read() {
        let data = r#"{"subrc":0,"exports":{"ADDRESS":{"LASTNAME":"Doe","MAILS":"[complex]"},"COUNT":"12"},"tables":{"RETURN":[],"PROFILES":[{"BAPIPROF":"SAP_ALL"}]},"new":1}"#;
        let called = conclude(&Call::new("F"), data).unwrap();
        assert_eq!(called.exports["COUNT"].as_text(), Some("12"));
        assert_eq!(text_of(&called.exports["ADDRESS"], "LASTNAME"), "Doe");
        assert!(called.exports["ADDRESS"].get("MAILS").unwrap().is_complex());
        assert_eq!(text_of(&called.tables["PROFILES"][0], "BAPIPROF"), "SAP_ALL");
        assert!(called.refusals().is_empty());
    }

    #[test]
    fn what_is_absent_is_empty_and_what_is_wrong_is_not() {
        assert_eq!(conclude(&Call::new("F"), r#"{"subrc":"0"}"#).unwrap(), Called::default());
        assert_eq!(unusable(&Call::new("F"), "{}"), "subrc");
        assert_eq!(unusable(&Call::new("F"), r#"{"subrc":0,"tables":[]}"#), "tables");
        assert_eq!(unusable(&Call::new("F"), r#"{"subrc":0,"exports":"x"}"#), "exports");
    }

    #[test]
    fn another_subrc_than_0_is_a_failure_with_its_evidence() {
        for (subrc, number) in [("99", 99), ("\"99\"", 99), ("\"4-\"", -4)] {
            let data =
                format!(r#"{{"subrc":{subrc},"message":"no such user","exports":{{"E":"x"}}}}"#);
            let CallError::Subrc { function, subrc, answer } = failure(&Call::new("f"), &data)
            else {
                panic!("{data}")
            };
            assert_eq!((function.as_str(), subrc), ("F", number));
            assert_eq!((answer.message.as_str(), answer.exports.len()), ("no such user", 1));
        }
    }

    #[test]
    fn a_table_that_broke_off_is_a_failure() {
        let data = r#"{"subrc":0,"exports":{},"tables":{"T":[{"A":"1"},{"error":"serialization failed"}]}}"#;
        let CallError::Table { table, rows, answer, .. } = failure(&Call::new("F"), data) else {
            panic!("not the table")
        };
        assert_eq!((table.as_str(), rows, answer.tables["T"].len()), ("T", 1, 1));
    }

    #[test]
    fn a_bapi_complains_in_return() {
        let table = r#"{"subrc":0,"tables":{"RETURN":[{"TYPE":"W","MESSAGE":"w"},{"TYPE":"E","MESSAGE":"locked"}]}}"#;
        assert_eq!(conclude(&Call::new("F"), table).unwrap().refusals(), ["locked"]);
        let structure = r#"{"subrc":0,"exports":{"RETURN":{"TYPE":"A","MESSAGE":"gone"}}}"#;
        assert_eq!(conclude(&Call::new("F"), structure).unwrap().refusals(), ["gone"]);
    }

    #[test]
    fn it_is_never_repeated() {
        assert!(!Call::new("F").is_repeatable());
    }
}
