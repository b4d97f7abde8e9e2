//! What a caller gets of a transfer that ended well.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::proto::checksum::Sha256;
use crate::proto::{Payload, Reply, Skipped, Warning};

/// The verdict on a transfer that ended well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The length of the payload.
    pub bytes: u64,
    /// How many chunks it came in; 0 if it came in a single answer or is empty.
    pub chunks: u64,
    /// Its SHA-256, computed here.
    pub sha256: Sha256,
    /// Whether the server gave a digest and it matched.
    pub digest_checked: bool,
    /// What went wrong with single items, in the order it came.
    pub warnings: Vec<Warning>,
    /// What the server says it left out.
    pub skipped: Vec<Skipped>,
    /// From the start of the request to its verdict.
    pub elapsed: Duration,
}

/// A finished operation, its payload in memory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completed<T> {
    /// What the operation makes of the reply.
    pub output: T,
    /// The verified payload.
    pub payload: Payload,
    /// The verdict.
    pub receipt: Receipt,
}

/// A finished operation, its payload in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Saved<T> {
    /// What the operation makes of the reply.
    pub output: T,
    /// The file.
    pub path: PathBuf,
    /// The verdict.
    pub receipt: Receipt,
}

impl Receipt {
    /// The verdict that a reply gives, on a request begun at `begun`.
    pub(crate) fn new(reply: &Reply, begun: Instant, now: Instant) -> Self {
        Self {
            bytes: reply.payload_bytes,
            chunks: reply.chunks,
            sha256: reply.sha256,
            digest_checked: reply.digest_checked,
            warnings: reply.warnings.clone(),
            skipped: reply.skipped(),
            elapsed: now.saturating_duration_since(begun),
        }
    }
}
