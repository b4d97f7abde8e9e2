//! How the server says no.

use std::time::Duration;

use super::admission::Busy;
use crate::proto::ServerError;
use crate::proto::frame::write::FrameWriter;

/// The longest part of a peer's text that is repeated to it or logged, in characters.
const SHOWN_CHARS: usize = 100;

/// A request that is not served, or failed. *Source*: PROTOCOL 9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) const PARSE_ERROR: &'static str = "PARSE_ERROR";
    pub(super) const UNKNOWN_DOMAIN: &'static str = "UNKNOWN_DOMAIN";
    pub(super) const UNKNOWN_ACTION: &'static str = "UNKNOWN_ACTION";
    pub(super) const MISSING_PARAM: &'static str = "MISSING_PARAM";
    pub(super) const SERVICE_EXCEPTION: &'static str = "SERVICE_EXCEPTION";
    pub(super) const TEST_ERROR: &'static str = "TEST_ERROR";
    pub(super) const GIT_ERROR: &'static str = "GIT_ERROR";
    pub(super) const ATC_ERROR: &'static str = "ATC_ERROR";

    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }

    /// The frame that tells it: typed where a stream was asked for.
    pub(super) fn frame(&self, frames: &FrameWriter, stream: bool) -> String {
        if stream {
            frames.error(self.code, &self.message, self.retry_after)
        } else {
            frames.refusal(self.code, &self.message, self.retry_after)
        }
    }
}

impl From<Busy> for Refusal {
    fn from(busy: Busy) -> Self {
        Self {
            code: ServerError::BUSY,
            message: "too many heavy requests".into(),
            retry_after: Some(busy.retry_after),
        }
    }
}

/// The beginning of a text that came from a peer, so that an answer is not as long as the question.
pub(super) fn shown(text: &str) -> &str {
    let end = text.char_indices().nth(SHOWN_CHARS).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "ä".repeat(SHOWN_CHARS + 1);
        assert_eq!(shown(&long).chars().count(), SHOWN_CHARS);
        assert_eq!(shown("short"), "short");
    }
}
