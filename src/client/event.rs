//! What a caller sees of a transfer while it runs.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::error::{CloseCause, Error};
use crate::proto::{Progress, Retained, Warning};

/// Something that happened to a transfer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The request is on its way.
    Sent,
    /// How far the operation is.
    Progress(Progress),
    /// Something went wrong with one item; the operation goes on.
    Warning(Warning),
    /// The server keeps the operation beyond the connection, so that a break costs nothing.
    Accepted(Retained),
    /// The connection broke; it is opened again after a pause, and the operation goes on or starts
    /// again.
    Interrupted {
        /// What ended the connection.
        cause: Arc<CloseCause>,
        /// How long the pause is.
        pause: Duration,
    },
    /// The operation starts again from nothing: all that came before is void.
    Restarted {
        /// Why it could not go on.
        cause: Arc<Error>,
    },
    /// Several sessions are at work on parts of the payload, and this is how it stands with them.
    Sessions(Sessions),
    /// The next bytes of the payload, in order, **not verified**: the verdict comes at the end.
    Data(Unverified),
    /// The server was busy and did nothing; the request is sent again after a pause.
    Busy {
        /// How long the pause is.
        pause: Duration,
    },
}

/// How it stands with the sessions of an export in shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sessions {
    /// How many there may be at the moment: as many as were asked for, fewer where the server
    /// refused more or was busy.
    pub allowed: usize,
    /// How many wait for an answer.
    pub at_work: usize,
    /// Requests that were answered well so far.
    pub shards: usize,
    /// Bytes received so far, of shards that are whole and of those that are under way.
    pub bytes: u64,
}

/// Something that came in order and may still turn out to be wrong: bytes, or a record.
///
/// Count, length and, where agreed, digest are known only at the end of the transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified<T = Bytes>(pub(crate) T);

impl<T> Unverified<T> {
    /// What came, by whoever knows that it is not verified.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> AsRef<T> for Unverified<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl Unverified {
    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, by whoever knows that they are not verified.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// How far a transfer is, for [`Transfer::on_progress`](super::Transfer::on_progress).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Status<'a> {
    /// What the server said last; `None` before it said anything.
    pub progress: Option<&'a Progress>,
    /// Bytes of payload received so far.
    pub bytes: u64,
    /// How it stands with the sessions, if there are several.
    pub sessions: Option<Sessions>,
}
