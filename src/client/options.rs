//! What a caller may set for one request.

use std::time::Duration;

use crate::proto::limits::{CHUNK_BYTES, IDLE_LIMIT};
use crate::proto::{Features, Limits};

/// How one request is made and what it is held to.
///
/// ```
/// use std::time::Duration;
/// use longhaul::TransferOptions;
/// let options = TransferOptions::default()
///     .chunk_bytes(1 << 20)
///     .idle_limit(Some(Duration::from_secs(60)))
///     .deadline(Some(Duration::from_secs(3600)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransferOptions {
    pub(crate) chunk_bytes: u64,
    pub(crate) idle_limit: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) features: Features,
    pub(crate) limits: Limits,
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            chunk_bytes: CHUNK_BYTES,
            idle_limit: Some(IDLE_LIMIT),
            deadline: None,
            features: Features::BUILT,
            limits: Limits::default(),
        }
    }
}

impl TransferOptions {
    /// The largest chunk to ask for, in decoded bytes; at least 1. Default
    /// [`CHUNK_BYTES`]. Servers may send smaller ones, and some send larger ones all the same.
    pub fn chunk_bytes(mut self, bytes: u64) -> Self {
        self.chunk_bytes = bytes.max(1);
        self
    }

    /// How long the request may go without progress or a new chunk, from when it was sent.
    /// Default 10 minutes; `None` for ever.
    pub fn idle_limit(mut self, limit: Option<Duration>) -> Self {
        self.idle_limit = limit;
        self
    }

    /// How long the request may take from its start, whatever comes. Default `None`: no limit.
    pub fn deadline(mut self, limit: Option<Duration>) -> Self {
        self.deadline = limit;
        self
    }

    /// Which extensions to use where the server has them. Default [`Features::BUILT`]: all.
    pub fn features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// The largest payload to take, in decoded bytes, and what an archive may inflate to.
    /// Default 4 GiB.
    pub fn max_payload_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_payload_bytes = bytes;
        self
    }
}
