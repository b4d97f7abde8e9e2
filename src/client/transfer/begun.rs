//! What a transfer begins with that does not begin from nothing.

use std::time::Duration;

use super::handle::OperationHandle;
use crate::client::file::Leftover;
use crate::proto::checksum::Sha256Hasher;
use crate::proto::{Retained, Seq};

/// What is there of an operation already.
pub(super) struct Begun {
    pub(super) handle: OperationHandle,
    /// The chunk that is wanted next.
    pub(super) next: Seq,
    /// Where it starts.
    pub(super) offset: u64,
    /// The digest of what is before it.
    pub(super) hasher: Sha256Hasher,
    /// Whether the operation may be run anew.
    pub(super) may_start_over: bool,
}

impl Begun {
    /// An operation of which nothing is there yet, and that is not to be run anew.
    pub(super) fn from_start(handle: OperationHandle) -> Self {
        let (next, hasher) = (Seq::FIRST, Sha256Hasher::default());
        Self { handle, next, offset: 0, hasher, may_start_over: false }
    }

    /// An operation of which an earlier process has a part on disk.
    pub(super) fn from_leftover(leftover: &Leftover) -> Self {
        let (position, ticket) = (leftover.position().clone(), leftover.ticket().clone());
        let ttl = Duration::from_millis(ticket.ttl_ms);
        let retained = Retained::new(ticket.epoch, ttl, ticket.chunk_bytes);
        let (name, operation) = (ticket.operation, ticket.key);
        Self {
            handle: OperationHandle { name, operation, retained },
            next: position.next,
            offset: position.offset,
            hasher: position.sha256,
            may_start_over: true,
        }
    }
}
