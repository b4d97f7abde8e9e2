//! What a caller may set for one request.

use std::path::PathBuf;
use std::time::Duration;

use super::retry::Retries;
use crate::proto::limits::{IDLE_LIMIT, WINDOW};
use crate::proto::{ChunkSize, Feature, Features, Limits};

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
    pub(crate) chunk_size: ChunkSize,
    pub(crate) idle_limit: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) features: Features,
    pub(crate) limits: Limits,
    pub(crate) window: u64,
    /// `None` for the client's own.
    pub(crate) retries: Option<Retries>,
    pub(crate) journal: Option<JournalOption>,
    /// Whether the payload's SHA-256 is computed, journal or not.
    pub(crate) digest: bool,
}

/// Where the state of a transfer is written down, so that another process can go on with it.
#[derive(Clone, Debug)]
pub(crate) struct JournalOption {
    /// The file that the payload is saved to.
    pub(crate) target: PathBuf,
    /// Whether to go on with what is found there.
    pub(crate) goes_on: bool,
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            chunk_size: ChunkSize::default(),
            idle_limit: Some(IDLE_LIMIT),
            deadline: None,
            features: Features::BUILT,
            limits: Limits::default(),
            window: WINDOW,
            retries: None,
            journal: None,
            digest: true,
        }
    }
}

impl TransferOptions {
    /// The largest chunk to ask for: a size, or what suits the connection. Default
    /// [`ChunkSize::Fixed`] with [`CHUNK_BYTES`](crate::proto::limits::CHUNK_BYTES).
    ///
    /// ```
    /// use longhaul::{ChunkSize, TransferOptions};
    /// let options = TransferOptions::default().chunk_size(ChunkSize::Auto);
    /// ```
    pub fn chunk_size(mut self, size: ChunkSize) -> Self {
        self.chunk_size = size;
        self
    }

    /// The largest chunk to ask for, in decoded bytes; at least 1. Short for
    /// [`chunk_size`](Self::chunk_size) with [`ChunkSize::Fixed`].
    pub fn chunk_bytes(self, bytes: u64) -> Self {
        self.chunk_size(ChunkSize::Fixed(bytes.max(1)))
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

    /// Does without the SHA-256 of the payload, which costs several times what receiving it costs.
    ///
    /// The payload is then held to the number of its chunks, their numbers, and, where the server
    /// offers `checksum`, their places, their CRC-32 and the whole length, but not to a digest
    /// ([`Receipt::digest_checked`](super::Receipt::digest_checked) is false). A transfer that is cut
    /// is not resumed, since that takes the digest of what is there. With a journal the digest is
    /// computed all the same.
    pub fn without_digest(mut self) -> Self {
        self.digest = false;
        self
    }

    /// Whether the digest is needed, for the result or for resuming.
    pub(crate) fn needs_digest(&self) -> bool {
        self.digest || self.journal.is_some()
    }

    /// The features that are of use with these options.
    pub(crate) fn usable_features(&self) -> Features {
        let all = self.features;
        if self.needs_digest() { all } else { all.without(Feature::Resume) }
    }

    /// The largest payload to take, in decoded bytes, and what an archive may inflate to.
    /// Default 4 GiB.
    pub fn max_payload_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_payload_bytes = bytes;
        self
    }

    /// How many chunks the server may send ahead of the consumer, at least 1, where it offers
    /// `credit`. Default [`WINDOW`]. Fewer where the server asks for fewer, or where more would
    /// not fit into 32 MiB.
    pub fn window(mut self, chunks: u64) -> Self {
        self.window = chunks.max(1);
        self
    }

    /// How to try again when the connection breaks or the server is busy. Default: as
    /// [`ClientBuilder::retries`](super::ClientBuilder::retries) says.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    /// Writes a journal while the payload is saved to `target`, so that
    /// [`resume_from`](Self::resume_from) can go on with it, also in another process.
    ///
    /// Where the server offers `resume`, a transfer that breaks, is detached or is killed then
    /// leaves the `.part` and a `.journal` beside the target. The journal holds the key of the
    /// operation, with which the payload can be read by the same user.
    pub fn journal_for(mut self, target: impl Into<PathBuf>) -> Self {
        self.journal = Some(JournalOption { target: target.into(), goes_on: false });
        self
    }

    /// As [`journal_for`](Self::journal_for), and goes on with what an earlier transfer of the same
    /// request left beside `target`, if there is anything that fits.
    ///
    /// What is there stays until it is [saved](super::Transfer::save) or cancelled: a transfer that
    /// does not even start leaves it as it is.
    ///
    /// Where the server has nothing left of it, the operation starts again if it may be repeated;
    /// [`Event::Restarted`](super::Event::Restarted) says so.
    pub fn resume_from(mut self, target: impl Into<PathBuf>) -> Self {
        self.journal = Some(JournalOption { target: target.into(), goes_on: true });
        self
    }
}
