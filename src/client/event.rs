//! What a caller sees of a transfer while it runs.

use std::time::Duration;

use bytes::Bytes;

use crate::proto::{Progress, Warning};

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
    /// The next bytes of the payload, in order, **not verified**: the verdict comes at the end.
    Data(Unverified),
    /// The server was busy and did nothing; the request is sent again after a pause.
    Busy {
        /// How long the pause is.
        pause: Duration,
    },
}

/// Bytes that came in order and may still turn out to be wrong.
///
/// Count, length and, where agreed, digest are known only at the end of the transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified(pub(crate) Bytes);

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
}
