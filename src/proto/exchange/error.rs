//! Why a request failed.

use std::time::Duration;

#[cfg(doc)]
use super::Terms;
use crate::proto::assembler::AssembleError;
use crate::proto::base64::InvalidBase64;
use crate::proto::feature::Feature;
use crate::proto::frame::{BinaryDefect, FrameError, Kind};
#[cfg(doc)]
use crate::proto::limits::Limits;
use crate::proto::reply::ServerError;

/// A request has failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The server said no, or failed.
    #[error("the server refused or failed")]
    Server(#[source] ServerError),
    /// The complete frame says that the operation did not succeed.
    #[error("the operation completed without success")]
    Unsuccessful(#[source] ServerError),
    /// A frame is not what its type says.
    #[error("the server sent a defective frame")]
    Frame(#[source] FrameError),
    /// A binary message is no chunk, though its alias is the request's.
    #[error("the server sent a defective binary chunk")]
    Binary(#[source] BinaryDefect),
    /// The chunks are no whole payload.
    #[error("the payload did not verify")]
    Assemble(#[source] AssembleError),
    /// A feature was agreed on, and a frame does without it.
    #[error("{} frame lacks {field}, though {} was agreed on", kind.name(), feature.name())]
    NotAsAgreed {
        /// The frame.
        kind: Kind,
        /// The field it lacks.
        field: &'static str,
        /// The feature that asks for it.
        feature: Feature,
    },
    /// A single answer came where chunks had come already.
    #[error("a single answer came after {chunks} chunks")]
    AnswerAfterChunks {
        /// Chunks delivered before it.
        chunks: u64,
    },
    /// The payload inside a single answer is no base64 text.
    #[error("{field} of the answer is not base64")]
    AnswerPayload {
        /// The field of the answer.
        field: &'static str,
        /// What is wrong; `None` if it is no string.
        #[source]
        source: Option<InvalidBase64>,
    },
    /// The payload inside a single answer is longer than the limit.
    #[error("payload of {got} bytes exceeds {limit} bytes")]
    AnswerTooLarge {
        /// Its length, in decoded bytes.
        got: u64,
        /// [`Limits::max_payload_bytes`].
        limit: u64,
    },
    /// Neither progress nor a new chunk came for too long.
    #[error("nothing new came for {limit:?}")]
    Idle {
        /// [`Terms::idle_limit`].
        limit: Duration,
    },
    /// A chunk came that was not granted, though `credit` was agreed on.
    #[error("chunk {seq} came, but only those up to {granted} were granted")]
    BeyondCredit {
        /// The chunk.
        seq: u64,
        /// The last one that was granted.
        granted: u64,
    },
    /// A stream that was to go on with an operation began with something else.
    #[error("{} frame came before the server accepted to go on", kind.name())]
    NotAccepted {
        /// The frame.
        kind: Kind,
    },
    /// The server has lost what it kept of the operation: the state has another name.
    #[error("the server lost what it had kept: its state is {got:?} and was {expected:?}")]
    EpochChanged {
        /// The name of the state that the operation is to go on with.
        expected: String,
        /// The name of the state that the server has.
        got: String,
    },
}

impl From<AssembleError> for ExchangeError {
    fn from(error: AssembleError) -> Self {
        Self::Assemble(error)
    }
}

impl ExchangeError {
    /// Whether a chunk was spoilt on its way, so that it may be right the next time.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Assemble(AssembleError::Crc { .. } | AssembleError::Base64 { .. }))
    }

    /// Whether a limit of this side was exceeded, so that a higher one may help.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::AnswerTooLarge { .. } | Self::Assemble(AssembleError::TooLarge { .. }))
    }
}
