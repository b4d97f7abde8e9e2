//! `report.getSpoolOutput`: what a job printed.

use serde::Serialize;

use crate::ops::field::{self, Whole};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks for a list that a job printed.
///
/// Not every release of the handler has this action; the others answer `UNKNOWN_ACTION`.
///
/// *Shape*: params are `{"spool_id":"12345"}`, a string. The answer is
/// `{"spool_id":"12345","lines":2,"output":"one\ntwo"}`; lines are cut at 255 characters.
/// *Errors*: [`OperationError::InvalidAnswer`]. The server's own codes are `SPOOL_NOT_FOUND` and
/// the `TEMSE_…_ERROR`s. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::SpoolOutput;
/// use longhaul::proto::Operation;
/// assert_eq!(SpoolOutput::new("12345").params().to_json(), r#"{"spool_id":"12345"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct SpoolOutput {
    id: String,
}

impl SpoolOutput {
    /// Asks for the list of this number, as [`Job::spool_ids`](super::Job::spool_ids) gives it.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

/// A list that was printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Spool {
    /// Its text, lines parted by `\n`; `None` where the server finds nothing in it that it can
    /// read.
    pub text: Option<String>,
    /// How many lines the server counts; `None` where it does not say.
    pub lines: Option<u64>,
}

/// What a server writes where it finds nothing to read.
const UNREADABLE: &str = "[Spool exists but contains no readable data]";

impl Operation for SpoolOutput {
    type Output = Spool;

    fn name(&self) -> OperationName {
        OperationName::new("report", "getSpoolOutput")
    }

    fn params(&self) -> Params {
        Params::new().with("spool_id", &self.id)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Spool, OperationError> {
        let field::Text(output) = field::required(reply, "output")?;
        let lines = reply.field("lines")?.map(|Whole(lines)| lines);
        if output == UNREADABLE {
            return Ok(Spool { text: None, lines: Some(0) });
        }
        Ok(Spool { text: Some(output), lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn text_and_lines_are_read() {
        let data = r#"{"spool_id":"12345","lines":"2","output":"one\n two"}"#;
        let spool = conclude(&SpoolOutput::new("12345"), data).unwrap();
        assert_eq!((spool.text.as_deref(), spool.lines), (Some("one\n two"), Some(2)));
        assert_eq!(unusable(&SpoolOutput::new("1"), r#"{"lines":0}"#), "output");
    }

    #[test]
    fn nothing_readable_is_not_a_text() {
        let data = format!(r#"{{"lines":1,"output":"{UNREADABLE}"}}"#);
        let spool = conclude(&SpoolOutput::new("1"), &data).unwrap();
        assert_eq!((spool.text, spool.lines), (None, Some(0)));
    }
}
