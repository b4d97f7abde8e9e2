//! The account of one request: what was sent of its operation, and what may be.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::operation::{Operation, OperationId, Outcome};
use super::payload::Payload;
use crate::proto::frame::write::FrameWriter;
use crate::server::refusal::Refusal;

/// Names a request: the connection it came on, and its id there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StreamKey {
    pub(crate) connection: u64,
    pub(crate) id: Arc<str>,
}

/// How a request wants to be answered.
#[derive(Clone, Debug)]
pub(crate) struct StreamTerms {
    pub(crate) frames: FrameWriter,
    /// Whether a stream was asked for, or one answer.
    pub(crate) is_stream: bool,
    /// Whether `checksum` was agreed on.
    pub(crate) checksum: bool,
    /// With `credit`: how many chunks may come before more is granted.
    pub(crate) window: Option<u64>,
}

/// What a stream is to send.
#[derive(Debug)]
pub(crate) enum Next {
    /// This frame.
    Frame(String),
    /// These chunks, in this order if nothing else is scripted; then
    /// [`handle_sent`](super::Operations::handle_sent).
    Chunks { payload: Arc<Payload>, seqs: RangeInclusive<u64> },
    /// The complete frame, as the last, if [`close`](super::Operations::close) then allows it.
    Complete { payload: Arc<Payload>, data: Arc<RawValue> },
    /// This error, as the last.
    Error(String),
    /// Nothing until something changes, or it is so late.
    Wait(Option<Instant>),
    /// Nothing any more.
    Over,
}

/// What a server has sent of an operation to one request, and what it may send.
///
/// ```text
///            accepted?          granted          all sent
///   Open ──▶ progress, warning, chunks ──▶ … ──▶ complete ──▶ Closing ──▶ gone
///    └── cancelled, superseded, failed ────────▶ error ─────────┘
/// ```
///
/// *Source*: PROTOCOL 4.1, 6.3.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) operation: OperationId,
    terms: StreamTerms,
    /// Whether `accepted` is still to be sent.
    owes_accepted: bool,
    /// The next chunk.
    next: u64,
    /// The last chunk that may be sent; `None` without `credit`.
    granted: Option<u64>,
    /// The number of the last progress that was sent.
    progress: u64,
    /// How many warnings were sent.
    warnings: usize,
    /// Why the stream ends, whatever becomes of its operation.
    fate: Option<Refusal>,
    is_closing: bool,
}

impl Stream {
    /// A stream whose client has the chunks before `next`, and is told of no more of the first
    /// `told` warnings.
    pub(super) fn new(
        operation: OperationId,
        terms: StreamTerms,
        is_kept: bool,
        next: u64,
        told: usize,
    ) -> Self {
        let granted = terms.window.map(|window| next.saturating_sub(1).saturating_add(window));
        Self {
            operation,
            terms,
            owes_accepted: is_kept,
            next,
            granted,
            progress: 0,
            warnings: told,
            fate: None,
            is_closing: false,
        }
    }

    /// Chunks may be sent up to this one, and never fewer than before.
    pub(super) fn handle_credit(&mut self, up_to: u64) {
        self.granted = self.granted.map(|granted| granted.max(up_to));
    }

    /// The chunks up to this one were sent.
    pub(super) fn handle_sent(&mut self, seq: u64) {
        self.next = self.next.max(seq.saturating_add(1));
    }

    /// Ends the stream with this error, unless its last frame is on its way.
    pub(super) fn end(&mut self, fate: Refusal) {
        self.fate.get_or_insert(fate);
    }

    /// Closes the stream for its complete frame, unless it is to end with an error.
    pub(super) fn close(&mut self) -> bool {
        let is_first = self.fate.is_none() && !self.is_closing;
        self.is_closing |= is_first;
        is_first
    }

    /// Whether the stream is to send an error next, or nothing.
    pub(super) fn is_ended(&self) -> bool {
        self.is_closing || self.fate.is_some()
    }

    /// What to send now of `operation`, `None` if that was freed.
    pub(super) fn poll(
        &mut self,
        operation: Option<&Operation>,
        ttl: Duration,
        now: Instant,
    ) -> Next {
        if self.is_closing {
            return Next::Over;
        }
        if let Some(fate) = &self.fate {
            self.is_closing = true;
            return Next::Error(fate.frame(&self.terms.frames, self.terms.is_stream));
        }
        let Some(operation) = operation else { return Next::Over };
        if !self.terms.is_stream {
            return Next::Wait(None);
        }
        if std::mem::take(&mut self.owes_accepted) {
            let (epoch, chunk_bytes) = (&operation.epoch, operation.chunk_bytes);
            return Next::Frame(self.terms.frames.accepted(epoch, ttl, chunk_bytes));
        }
        if let Some(warning) = operation.warnings.get(self.warnings) {
            self.warnings = self.warnings.saturating_add(1);
            let (item, code, message) = (&warning.item, warning.code, &warning.message);
            return Next::Frame(self.terms.frames.warning(item, code, message));
        }
        if let Some(progress) = operation.progress.as_ref().filter(|p| p.number > self.progress) {
            self.progress = progress.number;
            let (done, total, message) = (progress.done, progress.total, &progress.message);
            return Next::Frame(self.terms.frames.progress(done, total, message));
        }
        match &operation.outcome {
            None => Next::Wait(None),
            Some(Err(refusal)) => {
                self.is_closing = true;
                Next::Error(refusal.frame(&self.terms.frames, true))
            }
            Some(Ok(outcome)) => self.poll_payload(outcome, now),
        }
    }

    fn poll_payload(&mut self, outcome: &Outcome, now: Instant) -> Next {
        let payload = Arc::clone(&outcome.payload);
        if self.next > payload.total_chunks() {
            return Next::Complete { payload, data: Arc::clone(&outcome.data) };
        }
        let (available, later) = payload.available(now);
        let last = self.granted.unwrap_or(u64::MAX).min(available);
        if last >= self.next {
            return Next::Chunks { payload, seqs: self.next..=last };
        }
        let is_granted = self.granted.is_none_or(|granted| granted >= self.next);
        Next::Wait(later.filter(|_| is_granted))
    }
}
