//! What is wrong with an answer.

use std::error::Error as StdError;
use std::sync::Arc;

/// How much of a name that the peer chose is kept as evidence, in characters.
const MOST_EVIDENCE: usize = 60;

/// An answer of ADT is not what it should be.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdtAnswerError {
    /// The answer is no UTF-8.
    #[error("the answer is not utf-8")]
    NotText,
    /// The answer is no XML.
    #[error("the answer is no xml at byte {position}")]
    NotXml {
        /// Where its reader stopped, in bytes from the start.
        position: u64,
        /// What its reader found.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The answer ends inside an element.
    #[error("the answer ends in the middle")]
    CutOff,
    /// The answer declares a document type, which is not read.
    #[error("the answer declares a document type")]
    DocumentType,
    /// The answer has an entity that is none of XML's own, which is not read.
    #[error("the answer has the entity {name:?}")]
    Entity {
        /// The start of its name.
        name: String,
    },
    /// The answer's elements stand inside each other deeper than any answer's.
    #[error("the answer has more than {limit} elements inside each other")]
    TooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// The answer is another document, such as a logon page.
    #[error("the answer is {got:?}, not {expected:?}")]
    OtherDocument {
        /// The element that should be there.
        expected: &'static str,
        /// The start of the outermost element's name.
        got: String,
    },
    /// A table lacks a column, or has it twice.
    #[error("the table has column {column} {times} times")]
    Column {
        /// The column.
        column: &'static str,
        /// How often it is there.
        times: usize,
    },
    /// A table's columns differ in length.
    #[error("the table has a column of {got} values beside one of {expected}")]
    UnevenColumns {
        /// The values of the first column.
        expected: usize,
        /// The values of the other.
        got: usize,
    },
    /// A table has more rows than were asked for.
    #[error("the table has more than the {limit} rows that were asked for")]
    TooManyRows {
        /// How many were asked for.
        limit: usize,
    },
}

/// The start of what the peer sent, to be kept as evidence.
pub(super) fn evidence(text: &str) -> String {
    text.chars().take(MOST_EVIDENCE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
