//! One operation, as long as the server knows it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::value::RawValue;

use super::payload::Payload;
use super::stream::StreamKey;
use crate::proto::OperationKey;
use crate::proto::checksum::Sha256;
use crate::proto::limits::MAX_KEPT_WARNINGS;
use crate::server::refusal::Refusal;

/// Names an operation within one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OperationId(pub(super) u64);

/// Whom an operation belongs to, and the key it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) user: Arc<str>,
    pub(crate) key: OperationKey,
}

/// What an operation gave.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) payload: Arc<Payload>,
    /// What complete says beside the payload.
    pub(crate) data: Arc<RawValue>,
}

/// An operation that runs, or has run and is kept.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// `None` for one that ends with its connection.
    pub(super) owner: Option<Owner>,
    /// The digest of what was asked for.
    pub(super) question: Sha256,
    pub(super) epoch: String,
    pub(super) chunk_bytes: u64,
    pub(super) progress: Option<NumberedProgress>,
    pub(super) warnings: Vec<ItemWarning>,
    /// What there is of a payload that is sent while it is made.
    pub(super) growing: Option<Arc<Payload>>,
    /// `None` while it runs.
    pub(super) outcome: Option<Result<Outcome, Refusal>>,
    /// The stream that sends it, until that has sent its last frame.
    pub(super) stream: Option<StreamKey>,
    /// The last stream there was, until its connection is gone.
    pub(super) latest: Option<StreamKey>,
    /// When its connection was lost, or the last frame sent.
    pub(super) touched: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct NumberedProgress {
    /// Counts the reports of one operation from 1.
    pub(super) number: u64,
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) message: String,
}

#[derive(Clone, Debug)]
pub(super) struct ItemWarning {
    pub(super) item: String,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Operation {
    pub(super) fn handle_progress(&mut self, done: u64, total: u64, message: String) {
        let number = self.progress.as_ref().map_or(1, |last| last.number.saturating_add(1));
        self.progress = Some(NumberedProgress { number, done, total, message });
    }

    pub(super) fn handle_warning(&mut self, item: String, code: &'static str, message: String) {
        if self.warnings.len() < MAX_KEPT_WARNINGS {
            self.warnings.push(ItemWarning { item, code, message });
        }
    }

    /// The payload, as soon as there is something of it.
    pub(super) fn payload(&self) -> Option<&Arc<Payload>> {
        match &self.outcome {
            Some(Ok(outcome)) => Some(&outcome.payload),
            _ => self.growing.as_ref(),
        }
    }

    /// How much memory or disk its payload holds.
    pub(super) fn held_bytes(&self) -> u64 {
        self.payload().map_or(0, |payload| payload.held_bytes())
    }

    /// Where chunk `seq` starts, as far as that is known.
    pub(super) fn border(&self, seq: u64) -> Option<u64> {
        match self.payload() {
            Some(payload) => payload.border(seq),
            None => (seq == 1).then_some(0),
        }
    }
}
