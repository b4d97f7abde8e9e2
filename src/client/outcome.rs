//! What a caller gets of a transfer that ended well.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::file::StagedFile;
use crate::proto::checksum::Sha256;
use crate::proto::{Payload, Reply, ServerError, Skipped, Warning};

/// The verdict on a transfer that ended well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The length of the payload.
    pub bytes: u64,
    /// How many chunks it came in; 0 if it came in a single answer or is empty.
    pub chunks: u64,
    /// Whether the server streamed, rather than answered once; also an empty payload can be.
    pub is_stream: bool,
    /// Its SHA-256, computed here; `None` where
    /// [that was not wanted](crate::TransferOptions::without_digest).
    pub sha256: Option<Sha256>,
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

/// A finished operation whose payload was read as records.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded<T> {
    /// What the operation makes of the reply and of all records.
    pub output: T,
    /// How many records there were.
    pub records: u64,
    /// The verdict.
    pub receipt: Receipt,
}

/// A finished operation whose payload stands verified beside its file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Staged<T> {
    /// What the operation makes of the reply.
    pub output: T,
    /// The verdict.
    pub receipt: Receipt,
    /// The file, which has its name once it is committed.
    pub file: StagedFile,
}

/// What came of cancelling a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// It was stopped, or had not been sent yet.
    Cancelled,
    /// Its result was faster; it is thrown away.
    Completed,
    /// It had failed before it could be stopped.
    Failed(ServerError),
    /// The server cannot be asked to stop it, or did not say within 5 s.
    Unknown,
}

impl Receipt {
    /// The verdict that a reply gives, on a request begun at `begun`.
    pub(crate) fn new(reply: &Reply, begun: Instant, now: Instant) -> Self {
        Self {
            bytes: reply.payload_bytes,
            chunks: reply.chunks,
            is_stream: reply.frame.is_some(),
            sha256: reply.sha256,
            digest_checked: reply.digest_checked,
            warnings: reply.warnings.clone(),
            skipped: reply.skipped(),
            elapsed: now.saturating_duration_since(begun),
        }
    }
}
