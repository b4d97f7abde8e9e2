//! Why a payload is no list of records.

use std::io;
use std::sync::Arc;

#[cfg(doc)]
use super::{MAX_RECORD_DEPTH, RecordLimits};

/// A payload is not the records it should be.
///
/// Records are counted from 1. Every variant but [`Invalid`](Self::Invalid) is final: where the
/// next record would start is not known. *Source*: PROTOCOL 4.8.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A record is longer than the limit.
    #[error("record {index} exceeds {limit} bytes")]
    TooLarge {
        /// The record.
        index: u64,
        /// [`RecordLimits::max_record_bytes`].
        limit: usize,
    },
    /// A record of an array has too many lists and objects inside one another.
    #[error("record {index} is nested more than {limit} deep")]
    TooDeep {
        /// The record.
        index: u64,
        /// [`MAX_RECORD_DEPTH`].
        limit: u32,
    },
    /// The payload ends inside an array.
    #[error("payload ends after {offset} bytes, before or inside record {index} of an array")]
    Truncated {
        /// The record that is broken off, or that would come next.
        index: u64,
        /// The length of the payload, in bytes.
        offset: u64,
    },
    /// A byte cannot stand where it stands, so that nobody can say where records start and end.
    #[error("byte {byte:#04x} at offset {offset} cannot stand before or inside record {index}")]
    Malformed {
        /// The record that it is in, or that would come next.
        index: u64,
        /// Where it stands in the payload, in bytes from 0.
        offset: u64,
        /// The byte.
        byte: u8,
    },
    /// A record is no JSON, or not what the operation's records are. The next one may be.
    #[error("record {index} cannot be read")]
    Invalid {
        /// The record.
        index: u64,
        /// What its reader found.
        source: Arc<serde_json::Error>,
    },
    /// The payload cannot be read from where it is kept.
    #[error("payload cannot be read")]
    Unreadable {
        /// What reading it gave.
        source: Arc<io::Error>,
    },
}

impl RecordError {
    /// Whether the payload was refused for the size or the depth of a record alone.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::TooDeep { .. })
    }
}
