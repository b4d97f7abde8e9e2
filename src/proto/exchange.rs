//! The life of one request, from sent to settled.
//!
//! ```text
//!            progress, warning            chunk            progress, warning, chunk
//!              ┌────────┐                                       ┌────────┐
//!              │        ▼                                       │        ▼
//!   sent ──▶ Waiting ───────────────────────────────────────▶ Streaming
//!              │  │                                           │  │  │
//!              │  └── complete (0 chunks), answer ──▶ Ended ◀─┘  │  └─ answer: failed
//!              │                                        complete │
//!              └──── error, defect, idle limit ────────────▶ Failed
//! ```
//!
//! The loss of the connection leads to `Failed` from everywhere, unless the operation was
//! accepted: [`Recovery`] says how such a request goes on.

mod answer;
mod chunk;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod recovery;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
pub use error::ExchangeError;
pub use recovery::{Recovery, Retained};
use serde_json::value::RawValue;

use super::assembler::{AssembleError, Assembled, ChunkAssembler};
use super::checksum::Sha256;
use super::credit::Credit;
use super::feature::{Feature, Features};
use super::frame::{Body, Complete, Envelope, Kind};
use super::limits::{Limits, WINDOW};
use super::reply::{KeptWarnings, Progress, Reply, ServerError, Warning};
use super::request::Mode;
use super::stats::{Counters, count};

/// What a request is to hold its answer to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terms {
    /// How its frames are read.
    pub mode: Mode,
    /// What was agreed with the server.
    pub features: Features,
    /// The field of a single answer that holds the payload.
    pub answer_payload: Option<&'static str>,
    /// Limits on what comes.
    pub limits: Limits,
    /// How long it may go without progress or a new chunk once it was sent; `None` for ever.
    pub idle_limit: Option<Duration>,
    /// How many chunks may come ahead of the consumer, where `credit` was agreed on.
    pub window: u64,
    /// The size of chunks that was asked for, in decoded bytes; an operation that is accepted has
    /// no larger ones.
    pub chunk_bytes: u64,
}

impl Terms {
    /// Terms with the default limits and window, and no idle limit.
    pub fn new(mode: Mode, features: Features) -> Self {
        Self {
            mode,
            features,
            answer_payload: None,
            limits: Limits::default(),
            idle_limit: None,
            window: WINDOW,
            chunk_bytes: u64::MAX,
        }
    }
}

/// One request and everything that has come for it.
///
/// Text in, events out; the time is always the caller's.
#[derive(Clone, Debug)]
pub struct Exchange {
    terms: Terms,
    counters: Arc<Counters>,
    assembler: ChunkAssembler,
    warnings: KeptWarnings,
    /// When the idle limit runs out; `None` before the request is sent.
    idle_at: Option<Instant>,
    /// Where `credit` was agreed on.
    credit: Option<Credit>,
    /// What the server keeps of the operation, once it has said so.
    retained: Option<Retained>,
    /// Whether the server has accepted the request without keeping it.
    is_accepted: bool,
    /// Whether the request goes on with an operation and the server has not accepted that yet.
    is_resuming: bool,
    /// Whether it has gone on with an operation at all.
    is_resumed: bool,
    end: Option<Ending>,
}

/// How a request ended well.
#[derive(Clone, Debug)]
struct Ending {
    assembled: Assembled,
    /// The digest that the server gives.
    sha256: Option<Sha256>,
    data: Option<Box<RawValue>>,
    frame: Option<Box<RawValue>>,
}

/// What one message meant to its request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// How far the operation is.
    Progress(Progress),
    /// Something went wrong with one item; the operation goes on.
    Warning(Warning),
    /// The server keeps the operation beyond the connection.
    Accepted(Retained),
    /// A chunk came: this many bytes, possibly none, were given to the caller.
    Data(u64),
    /// The message changed nothing: a repeat, an unknown type, an unreadable text.
    Ignored,
    /// The request has ended well and [`Exchange::finish`] gives its reply. A single answer's
    /// payload was given out just now.
    Ended,
}

impl Exchange {
    /// A request that is about to be sent.
    pub fn new(terms: Terms, counters: Arc<Counters>) -> Self {
        let assembler = ChunkAssembler::new(terms.limits.clone());
        let mut exchange = Self {
            terms,
            counters,
            assembler,
            warnings: KeptWarnings::default(),
            idle_at: None,
            credit: None,
            retained: None,
            is_accepted: false,
            is_resuming: false,
            is_resumed: false,
            end: None,
        };
        exchange.open_credit();
        exchange
    }

    /// What was agreed for it.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Bytes of payload delivered so far.
    pub fn delivered_bytes(&self) -> u64 {
        self.assembler.delivered_bytes()
    }

    /// What waits ahead of a gap, as [`ChunkAssembler::parked_bytes`] counts it.
    #[cfg(test)]
    pub(crate) fn parked_bytes(&self) -> usize {
        self.assembler.parked_bytes()
    }

    /// The request went out; the idle limit runs from now.
    pub fn handle_sent(&mut self, now: Instant) {
        self.extend_idle(now);
    }

    /// The connection was held up on our side for `held`; the idle limit is put off by as much.
    pub fn handle_held(&mut self, held: Duration) {
        self.idle_at = self.idle_at.and_then(|at| at.checked_add(held));
    }

    /// The caller has taken everything that was delivered so far; only then is more granted.
    pub fn handle_taken(&mut self, now: Instant) {
        let delivered = self.assembler.delivered_chunks();
        let Some(credit) = &mut self.credit else { return };
        let was_withheld = delivered >= credit.granted();
        credit.handle_taken(delivered);
        // While nothing was granted, nothing could come.
        if was_withheld {
            self.extend_idle(now);
        }
    }

    /// Whether there can be grants to send at all.
    #[cfg(feature = "client")]
    pub(crate) fn has_credit(&self) -> bool {
        self.credit.is_some()
    }

    /// The grant to send to the server now, the last `seq` that may come.
    pub fn poll_grant(&mut self, now: Instant) -> Option<u64> {
        self.credit.as_mut()?.poll_grant(now)
    }

    /// When [`handle_timeout`](Self::handle_timeout) or [`poll_grant`](Self::poll_grant) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let repeat_at = self.credit.as_ref().and_then(Credit::next_timeout);
        [self.idle_at, repeat_at].into_iter().flatten().min()
    }

    /// Fails if the idle limit has run out by `now`.
    ///
    /// # Errors
    /// [`ExchangeError::Idle`].
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), ExchangeError> {
        match (self.idle_at, self.terms.idle_limit) {
            (Some(at), Some(limit)) if at <= now => Err(ExchangeError::Idle { limit }),
            _ => Ok(()),
        }
    }

    /// Takes one text message that was routed to this request and gives payload to `out`, in pieces
    /// that are due in this order.
    ///
    /// # Errors
    /// [`ExchangeError`]: the request has failed. A text that cannot be read at all fails
    /// nothing; it is counted.
    pub fn handle_text(
        &mut self,
        text: &str,
        now: Instant,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Event, ExchangeError> {
        if !self.takes_frames() {
            return Ok(Event::Ignored);
        }
        let mut mended = String::new();
        let Ok(envelope) = Envelope::read(text, &mut mended) else {
            count(&self.counters.unreadable);
            return Ok(Event::Ignored);
        };
        let kind = envelope.kind(self.terms.mode);
        if kind == Kind::Accepted && !self.expects_accepted() {
            count(&self.counters.unknown_types);
            return Ok(Event::Ignored);
        }
        let body = envelope.body(self.terms.mode).map_err(ExchangeError::Frame)?;
        if self.is_resuming && matches!(kind, Kind::Chunk | Kind::Complete | Kind::Answer) {
            return Err(recovery::not_accepted(body));
        }
        match body {
            Body::Accepted(accepted) => self.handle_accepted(&accepted),
            Body::Progress(progress) => {
                self.extend_idle(now);
                Ok(Event::Progress(progress))
            }
            Body::Warning(warning) => Ok(self.handle_warning(warning)),
            Body::Chunk(chunk) => self.handle_text_chunk(&chunk, now, out),
            Body::Complete(complete) => self.handle_complete(&complete),
            Body::Answer(answer) => self.handle_answer(&answer, out),
            Body::Error(error) => Err(ExchangeError::Server(error)),
            Body::Unknown => Ok(Event::Ignored),
        }
    }

    /// The reply, once [`Event::Ended`] has come; `None` before. `sha256` is the digest of all
    /// bytes that were delivered; without one, the server's own is not compared with anything.
    ///
    /// # Errors
    /// [`AssembleError::Digest`] if the server gave another one.
    pub fn finish(self, sha256: impl Into<Option<Sha256>>) -> Result<Option<Reply>, ExchangeError> {
        let Some(end) = self.end else { return Ok(None) };
        let sha256 = sha256.into();
        let pair = end.sha256.zip(sha256);
        if let Some((expected, got)) = pair.filter(|(expected, got)| expected != got) {
            return Err(AssembleError::Digest { expected, got }.into());
        }
        Ok(Some(Reply {
            data: end.data,
            frame: end.frame,
            warnings: self.warnings.into_list(),
            chunks: end.assembled.chunks,
            payload_bytes: end.assembled.bytes,
            sha256,
            digest_checked: pair.is_some(),
        }))
    }

    fn handle_warning(&mut self, warning: Warning) -> Event {
        // A server may say again what it said before the connection was lost.
        if self.is_resumed && self.warnings.contains(&warning) {
            return Event::Ignored;
        }
        self.warnings.keep(&warning);
        Event::Warning(warning)
    }

    /// Whether it has not ended; what comes later is counted.
    fn takes_frames(&self) -> bool {
        if self.end.is_some() {
            count(&self.counters.unknown_ids);
        }
        self.end.is_none()
    }

    fn handle_complete(&mut self, complete: &Complete<'_>) -> Result<Event, ExchangeError> {
        if !complete.success {
            let error = complete.error.clone().unwrap_or_else(ServerError::unexplained);
            return Err(ExchangeError::Unsuccessful(error));
        }
        self.require(Kind::Complete, "size", complete.size.is_some())?;
        self.require(Kind::Complete, "sha256", complete.sha256.is_some())?;
        let assembled = self.take_assembler().finish(complete.total_chunks, complete.size)?;
        self.end = Some(Ending {
            assembled,
            sha256: complete.sha256,
            data: complete.data.map(ToOwned::to_owned),
            frame: answer::without_data(complete.frame),
        });
        Ok(Event::Ended)
    }

    /// Fails where `checksum` was agreed on and a field it asks for is absent.
    fn require(
        &self,
        kind: Kind,
        field: &'static str,
        is_there: bool,
    ) -> Result<(), ExchangeError> {
        let feature = Feature::Checksum;
        if is_there || !self.terms.features.contains(feature) {
            return Ok(());
        }
        Err(ExchangeError::NotAsAgreed { kind, field, feature })
    }

    fn extend_idle(&mut self, now: Instant) {
        self.idle_at = self.terms.idle_limit.and_then(|limit| now.checked_add(limit));
    }

    fn take_assembler(&mut self) -> ChunkAssembler {
        std::mem::replace(&mut self.assembler, ChunkAssembler::new(self.terms.limits.clone()))
    }
}

#[cfg(test)]
mod tests;
