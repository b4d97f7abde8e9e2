//! All operations of a server, and the streams that send them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use super::operation::{Operation, OperationId, Outcome, Owner};
use super::payload::Payload;
use super::resume::{expired, mismatch};
use super::retention::Retention;
use super::stream::{Next, Stream, StreamKey, StreamTerms};
use super::tombstones::Tombstones;
use crate::proto::ServerError;
use crate::proto::checksum::Sha256;
use crate::server::refusal::Refusal;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// With `resume` agreed on: whose operation it is.
    pub(crate) owner: Option<Owner>,
    /// The digest of domain, action and params.
    pub(crate) digest: Sha256,
    pub(crate) chunk_bytes: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// An operation that ends with its connection; it is to be run.
    Bound(OperationId),
    /// An operation that outlives its connection; it is to be run.
    Kept(OperationId),
    /// The stream sends an operation that runs already, or has run.
    Attached(OperationId),
}

/// Something that whoever runs the operations has to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// There may be something new to send.
    Changed(OperationId),
    /// The operation is not known any more: stop it, after what its streams still send.
    Freed(OperationId),
}

/// The operations that a server runs and keeps, and the requests that they are sent to.
///
/// ```text
///   start ──▶ runs ──────────▶ has its outcome
///               │  ▲                 │  ▲
///    connection lost, last frame sent, attached, resumed
///               ▼  │                 ▼  │
///             alone for ttl, released, cancelled, over quota ──▶ freed
/// ```
///
/// *Source*: PROTOCOL 6.2 to 6.4.
#[derive(Clone, Debug)]
pub(crate) struct Operations {
    pub(super) retention: Retention,
    /// What every epoch of this server begins with.
    epoch: String,
    /// The last number that was given to an operation or an epoch.
    minted: u64,
    pub(super) known: BTreeMap<OperationId, Operation>,
    pub(super) owners: HashMap<Owner, OperationId>,
    pub(super) streams: HashMap<StreamKey, Stream>,
    pub(super) expired: Tombstones,
    pub(super) changes: Vec<Change>,
}

impl Operations {
    /// No operations yet; `epoch` is a text that no other run of a server has.
    pub(crate) fn new(retention: Retention, epoch: String) -> Self {
        Self {
            retention,
            epoch,
            minted: 0,
            known: BTreeMap::new(),
            owners: HashMap::new(),
            streams: HashMap::new(),
            expired: Tombstones::default(),
            changes: Vec::new(),
        }
    }

    /// How many operations are known.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether a request of this name is still to get its last frame.
    pub(crate) fn has_stream(&self, key: &StreamKey) -> bool {
        self.streams.contains_key(key)
    }

    /// Whether the operation runs or is kept.
    pub(crate) fn knows(&self, owner: &Owner) -> bool {
        self.owners.contains_key(owner)
    }

    /// How the stream of this name is answered, if there is one.
    pub(crate) fn terms(&self, key: &StreamKey) -> Option<&StreamTerms> {
        self.streams.get(key).map(Stream::terms)
    }

    /// Forgets everything, streams as well.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.owners.clear();
        self.streams.clear();
        self.changes.clear();
    }

    /// Starts an operation, or attaches to the one that has the key.
    ///
    /// # Errors
    /// `RESUME_MISMATCH` if the key stands for something else that was asked for, `RESUME_EXPIRED`
    /// if the operation has run and is gone: it is never run again.
    pub(crate) fn start(
        &mut self,
        question: Question,
        key: StreamKey,
        terms: StreamTerms,
        now: Instant,
    ) -> Result<Started, Refusal> {
        self.handle_timeout(now);
        if let Some(owner) = &question.owner {
            if let Some(known) = self.owners.get(owner).copied() {
                let is_same = |operation: &Operation| operation.question == question.digest;
                if !self.known.get(&known).is_some_and(is_same) {
                    return Err(mismatch("the key stands for another request"));
                }
                self.attach(known, key, terms, 1, 0);
                return Ok(Started::Attached(known));
            }
            if self.expired.contains(owner) {
                return Err(expired());
            }
        }
        let id = OperationId(self.mint());
        let epoch = self.mint_epoch();
        let owner = question.owner.filter(|_| self.make_room_for_one());
        if let Some(owner) = owner.clone() {
            self.owners.insert(owner, id);
        }
        let is_kept = owner.is_some();
        let operation = Operation {
            owner,
            question: question.digest,
            epoch,
            chunk_bytes: question.chunk_bytes,
            progress: None,
            warnings: Vec::new(),
            growing: None,
            outcome: None,
            stream: None,
            latest: None,
            touched: now,
        };
        self.known.insert(id, operation);
        self.attach(id, key, terms, 1, 0);
        Ok(if is_kept { Started::Kept(id) } else { Started::Bound(id) })
    }

    /// The operation works on its next item.
    pub(crate) fn handle_progress(&mut self, id: OperationId, done: u64, total: u64, item: String) {
        if let Some(operation) = self.known.get_mut(&id) {
            operation.handle_progress(done, total, item);
            self.changes.push(Change::Changed(id));
        }
    }

    /// Something went wrong with one item.
    pub(crate) fn handle_warning(
        &mut self,
        id: OperationId,
        item: String,
        code: &'static str,
        message: String,
    ) {
        if let Some(operation) = self.known.get_mut(&id) {
            operation.handle_warning(item, code, message);
            self.changes.push(Change::Changed(id));
        }
    }

    /// There is more of the payload, which may be sent before the operation has run. The outcome is
    /// to have the same one.
    pub(crate) fn handle_growth(&mut self, id: OperationId, payload: &Arc<Payload>) {
        if let Some(operation) = self.known.get_mut(&id) {
            operation.growing.get_or_insert_with(|| Arc::clone(payload));
            self.changes.push(Change::Changed(id));
            self.keep_to_quota();
        }
    }

    /// The operation has run. Only the first outcome counts.
    pub(crate) fn handle_outcome(&mut self, id: OperationId, outcome: Result<Outcome, Refusal>) {
        let Some(operation) = self.known.get_mut(&id) else { return };
        if let Ok(outcome) = operation.outcome.get_or_insert(outcome) {
            outcome.payload.flush();
        }
        self.changes.push(Change::Changed(id));
        self.keep_to_quota();
    }

    /// `stream.credit`. *Source*: PROTOCOL 6.3.
    pub(crate) fn handle_credit(&mut self, target: &StreamKey, up_to: u64) {
        if let Some(stream) = self.streams.get_mut(target) {
            stream.handle_credit(up_to);
            self.changes.push(Change::Changed(stream.operation));
        }
    }

    /// `stream.cancel`; frees what is kept of the request, also if that has ended.
    /// *Source*: PROTOCOL 6.2.
    pub(crate) fn cancel(&mut self, target: &StreamKey) {
        let latest = |operation: &Operation| operation.latest.as_ref() == Some(target);
        let id = match self.streams.get(target) {
            Some(stream) => Some(stream.operation),
            None => self.known.iter().find(|(_, op)| latest(op)).map(|(id, _)| *id),
        };
        // A stream that was superseded has no say over what goes on elsewhere.
        if let Some(id) = id.filter(|id| self.known.get(id).is_some_and(latest)) {
            let fate = Refusal::new(ServerError::CANCELLED, "cancelled by the client");
            self.free(id, Some(&fate));
        }
    }

    /// The operation is lost with the process that ran it, and so is what there was of it.
    pub(crate) fn crash(&mut self, id: OperationId) {
        let fate = Refusal::new(Refusal::SERVICE_EXCEPTION, "the work process ended");
        self.free(id, Some(&fate));
    }

    /// As [`crash`](Self::crash), for the operation that this stream sends.
    pub(crate) fn crash_stream(&mut self, key: &StreamKey) {
        let is_sent = |(_, op): &(&OperationId, &Operation)| op.stream.as_ref() == Some(key);
        if let Some(id) = self.known.iter().find(is_sent).map(|(id, _)| *id) {
            self.crash(id);
        }
    }

    /// What the stream is to send now.
    pub(crate) fn poll(&mut self, key: &StreamKey, now: Instant) -> Next {
        let Some(stream) = self.streams.get_mut(key) else { return Next::Over };
        stream.poll(self.known.get(&stream.operation), self.retention.ttl, now)
    }

    /// Whether the stream is to send an error next, or nothing more.
    pub(crate) fn is_ended(&self, key: &StreamKey) -> bool {
        self.streams.get(key).is_none_or(Stream::is_ended)
    }

    /// The chunks up to this one were sent.
    pub(crate) fn handle_sent(&mut self, key: &StreamKey, seq: u64) {
        if let Some(stream) = self.streams.get_mut(key) {
            stream.handle_sent(seq);
        }
    }

    /// Whether the stream may end with its complete frame. What ends it otherwise comes too late
    /// then.
    pub(crate) fn close(&mut self, key: &StreamKey) -> bool {
        self.streams.get_mut(key).is_some_and(Stream::close)
    }

    /// The last frame of the stream was sent.
    pub(crate) fn handle_last_sent(&mut self, key: &StreamKey, now: Instant) {
        let Some(stream) = self.streams.remove(key) else { return };
        let id = stream.operation;
        let operation = self.known.get_mut(&id);
        let Some(operation) = operation.filter(|op| op.stream.as_ref() == Some(key)) else {
            return;
        };
        operation.stream = None;
        operation.touched = now;
        if operation.owner.is_none() {
            self.free(id, None);
        }
        self.keep_to_quota();
    }

    /// What happened since this was last asked.
    pub(crate) fn poll_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    pub(super) fn attach(
        &mut self,
        id: OperationId,
        key: StreamKey,
        terms: StreamTerms,
        next: u64,
        told: usize,
    ) {
        let Some(operation) = self.known.get_mut(&id) else { return };
        if let Some(older) = operation.stream.take().and_then(|key| self.streams.get_mut(&key)) {
            let message = "resumed on another connection";
            older.end(Refusal::new(ServerError::SUPERSEDED, message));
        }
        operation.stream = Some(key.clone());
        operation.latest = Some(key.clone());
        let is_kept = operation.owner.is_some();
        self.streams.insert(key, Stream::new(id, terms, is_kept, next, told));
        self.changes.push(Change::Changed(id));
    }

    fn mint(&mut self) -> u64 {
        self.minted = self.minted.saturating_add(1);
        self.minted
    }

    pub(super) fn mint_epoch(&mut self) -> String {
        let number = self.mint();
        format!("{}-{number}", self.epoch)
    }
}
