//! What is kept without a connection, for how long, and how much.

use std::time::{Duration, Instant};

use super::operation::{Operation, OperationId, Owner};
use super::operations::{Change, Operations};
use crate::server::refusal::Refusal;

/// For how long and how much is kept of operations whose connection is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    pub(crate) ttl: Duration,
    /// How much memory or disk all kept payloads may hold together, in bytes.
    pub(crate) max_bytes: u64,
    /// How many operations are kept at once.
    pub(crate) max_operations: usize,
}

/// What a lost connection does to the operations that were on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Loss {
    /// They are kept.
    #[default]
    Kept,
    /// They are forgotten.
    Forgotten,
    /// They get another epoch.
    Renamed,
}

/// What ends an operation beside its request.
impl Operations {
    /// `stream.release`: what is still being sent goes on, and is not kept. *Source*: PROTOCOL 6.4.
    pub(crate) fn release(&mut self, owner: &Owner) {
        let Some(id) = self.owners.remove(owner) else { return };
        let Some(operation) = self.known.get_mut(&id) else { return };
        operation.owner = None;
        if operation.stream.is_none() {
            self.free(id, None);
        }
    }

    /// A connection is gone, and all streams on it.
    pub(crate) fn handle_disconnected(&mut self, connection: u64, loss: Loss, now: Instant) {
        self.streams.retain(|key, _| key.connection != connection);
        let was_on = |operation: &Operation| {
            operation.latest.as_ref().is_some_and(|key| key.connection == connection)
        };
        let left: Vec<_> =
            self.known.iter().filter(|(_, op)| was_on(op)).map(|(id, _)| *id).collect();
        for id in left {
            let epoch = (loss == Loss::Renamed).then(|| self.mint_epoch());
            let Some(operation) = self.known.get_mut(&id) else { continue };
            operation.stream = None;
            operation.latest = None;
            operation.touched = now;
            if let Some(epoch) = epoch {
                operation.epoch = epoch;
            }
            if operation.owner.is_none() || loss == Loss::Forgotten {
                self.free(id, None);
            }
        }
        self.keep_to_quota();
    }

    /// Frees what was alone for too long.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.expired.handle_timeout(now);
        let ttl = self.retention.ttl;
        let is_due = |op: &Operation| expiry(op, ttl).is_some_and(|at| at <= now);
        let due: Vec<_> =
            self.known.iter().filter(|(_, op)| is_due(op)).map(|(id, _)| *id).collect();
        for id in due {
            let owner = self.known.get(&id).and_then(|operation| operation.owner.clone());
            self.free(id, None);
            if let Some(owner) = owner {
                self.expired.insert(owner, now);
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to free.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.known.values().filter_map(|op| expiry(op, self.retention.ttl)).min()
    }

    /// Forgets an operation; the stream that sends it ends with `fate`.
    pub(super) fn free(&mut self, id: OperationId, fate: Option<&Refusal>) {
        let Some(operation) = self.known.remove(&id) else { return };
        if let Some(owner) = &operation.owner {
            self.owners.remove(owner);
        }
        let stream = operation.stream.and_then(|key| self.streams.get_mut(&key));
        if let (Some(stream), Some(fate)) = (stream, fate) {
            stream.end(fate.clone());
        }
        self.changes.push(Change::Freed(id));
    }

    /// Makes room for one more operation to keep, if there can be.
    pub(super) fn make_room_for_one(&mut self) -> bool {
        while self.owners.len() >= self.retention.max_operations {
            let Some(id) = self.longest_alone() else { return false };
            self.free_for_room(id);
        }
        true
    }

    /// Forgets an operation that its client may still count on, and remembers its key.
    fn free_for_room(&mut self, id: OperationId) {
        let kept = self.known.get(&id);
        let known = kept.and_then(|kept| Some((kept.owner.clone()?, kept.touched)));
        self.free(id, None);
        if let Some((owner, touched)) = known {
            self.expired.insert(owner, touched);
        }
    }

    pub(super) fn keep_to_quota(&mut self) {
        let is_kept = |operation: &&Operation| operation.owner.is_some();
        let kept = |all: &Self| {
            let held = all.known.values().filter(is_kept).map(Operation::held_bytes);
            held.fold(0, u64::saturating_add)
        };
        while kept(self) > self.retention.max_bytes {
            let Some(id) = self.longest_alone() else { return };
            self.free_for_room(id);
        }
    }

    /// Of the operations that no stream sends: the one longest without a connection; if all have
    /// one, that whose last frame is longest ago.
    fn longest_alone(&self) -> Option<OperationId> {
        let alone = self.known.iter().filter(|(_, op)| op.stream.is_none());
        alone.min_by_key(|(_, op)| (op.latest.is_some(), op.touched)).map(|(id, _)| *id)
    }
}

/// When an operation is freed, if it is left alone until then.
fn expiry(operation: &Operation, ttl: Duration) -> Option<Instant> {
    let is_alone = operation.stream.is_none();
    operation.touched.checked_add(ttl).filter(|_| is_alone)
}
