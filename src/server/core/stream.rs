//! The account of one request: what was sent of its operation, and what may be.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::operation::{NumberedProgress, Operation, OperationId};
use super::payload::Payload;
use crate::proto::Alias;
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
    /// Whether `resume` was agreed on, so that `accepted` promises to keep the operation.
    pub(crate) resume: bool,
    /// With `binary`: what stands for the request in its chunks. `None` if these go as text.
    pub(crate) alias: Option<Alias>,
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

/// What an `accepted` frame promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    /// The operation outlives its connection; there may be an alias as well.
    Kept,
    /// An alias alone.
    Named,
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
    /// The `accepted` that is still to be sent.
    owed: Option<Accepted>,
    /// The next chunk.
    next: u64,
    /// The last chunk that may be sent; `None` without `credit`.
    granted: Option<u64>,
    /// The number of the last progress that was sent.
    progress: u64,
    /// Whether that was the last frame, with nothing awaited since, so that chunks come first now.
    has_told: bool,
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
        mut terms: StreamTerms,
        is_kept: bool,
        next: u64,
        told: usize,
    ) -> Self {
        if terms.resume && !is_kept {
            // There is no `accepted` that gives an alias and does not promise to keep.
            terms.alias = None;
        }
        let owed = match terms.alias {
            _ if is_kept => Some(Accepted::Kept),
            Some(_) => Some(Accepted::Named),
            None => None,
        };
        let granted = terms.window.map(|window| next.saturating_sub(1).saturating_add(window));
        Self {
            operation,
            owed,
            terms,
            next,
            granted,
            progress: 0,
            has_told: false,
            warnings: told,
            fate: None,
            is_closing: false,
        }
    }

    /// How the request is answered, once it is known whether its operation is kept.
    pub(super) fn terms(&self) -> &StreamTerms {
        &self.terms
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
        if let Some(accepted) = self.owed.take() {
            return Next::Frame(self.accept(accepted, operation, ttl));
        }
        if let Some(warning) = operation.warnings.get(self.warnings) {
            self.warnings = self.warnings.saturating_add(1);
            let (item, code, message) = (&warning.item, warning.code, &warning.message);
            return Next::Frame(self.terms.frames.warning(item, code, message));
        }
        let news = operation.progress.as_ref().filter(|p| p.number > self.progress);
        // An operation that tells its progress faster than this is asked must not keep back the
        // payload that it makes meanwhile.
        if let Some(progress) = news.filter(|_| !std::mem::take(&mut self.has_told)) {
            return self.tell(progress);
        }
        let data = match &operation.outcome {
            None => None,
            Some(Ok(outcome)) => Some(&outcome.data),
            Some(Err(refusal)) => {
                self.is_closing = true;
                return Next::Error(refusal.frame(&self.terms.frames, true));
            }
        };
        let next = match operation.payload() {
            Some(payload) => self.poll_payload(payload, data, now),
            None => Next::Wait(None),
        };
        match news {
            Some(progress) if !matches!(next, Next::Chunks { .. }) => self.tell(progress),
            _ => {
                self.has_told &= !matches!(next, Next::Wait(_));
                next
            }
        }
    }

    fn accept(&self, accepted: Accepted, operation: &Operation, ttl: Duration) -> String {
        let (frames, chunk_bytes) = (&self.terms.frames, operation.chunk_bytes);
        let epoch = operation.epoch.as_str();
        match self.terms.alias {
            None => frames.accepted(epoch, ttl, chunk_bytes),
            Some(alias) => {
                let kept = (accepted == Accepted::Kept).then_some((epoch, ttl));
                frames.accepted_with_alias(kept, chunk_bytes, alias)
            }
        }
    }

    fn tell(&mut self, progress: &NumberedProgress) -> Next {
        self.progress = progress.number;
        self.has_told = true;
        let (done, total, message) = (progress.done, progress.total, &progress.message);
        Next::Frame(self.terms.frames.progress(done, total, message))
    }

    /// What to send of a payload, of which there will be more as long as there is no `data`.
    fn poll_payload(
        &self,
        payload: &Arc<Payload>,
        data: Option<&Arc<RawValue>>,
        now: Instant,
    ) -> Next {
        if let Some(data) = data.filter(|_| self.next > payload.total_chunks()) {
            return Next::Complete { payload: Arc::clone(payload), data: Arc::clone(data) };
        }
        let (available, later) = payload.available(now);
        let last = self.granted.unwrap_or(u64::MAX).min(available);
        if last >= self.next {
            return Next::Chunks { payload: Arc::clone(payload), seqs: self.next..=last };
        }
        let is_granted = self.granted.is_none_or(|granted| granted >= self.next);
        // A client that may have it gets the little there is: more may take long. What comes while
        // a chunk is sent, or credit is awaited, is gathered.
        if is_granted && available >= payload.total_chunks() && payload.flush() {
            return Next::Chunks { payload: Arc::clone(payload), seqs: self.next..=self.next };
        }
        Next::Wait(later.filter(|_| is_granted))
    }
}
