//! How a request goes on after its connection was lost.
//!
//! ```text
//!              lost                    accepted, same epoch
//!   Streaming ─────▶ Lost ── resume ──▶ Resuming ──────────▶ Streaming
//!                     │                    │ RESUME_…, another epoch
//!                     └── not accepted ────┴──▶ again from nothing, or Failed
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::{Event, Exchange, ExchangeError, Terms};
use crate::proto::assembler::ChunkAssembler;
use crate::proto::checksum::Sha256;
use crate::proto::credit::Credit;
use crate::proto::feature::{Feature, Features};
use crate::proto::frame::{Accepted, Body, FrameError, Kind};
use crate::proto::id::{OperationKey, Seq};
use crate::proto::request::Resume;
use crate::proto::stats::Counters;

/// What a server keeps of an operation beyond the connection. *Source*: PROTOCOL 6.4.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retained {
    /// Names the state that is kept; another name means that it is lost.
    pub epoch: String,
    /// For how long it is kept from the loss of the connection on.
    pub ttl: Duration,
    /// The size of the operation's chunks, in decoded bytes.
    pub chunk_bytes: u64,
}

impl Retained {
    /// What a server keeps under the name `epoch` for `ttl`, in chunks of that many decoded bytes.
    pub fn new(epoch: impl Into<String>, ttl: Duration, chunk_bytes: u64) -> Self {
        Self { epoch: epoch.into(), ttl, chunk_bytes }
    }
}

/// What can be done about a request whose connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// The server keeps the operation: go on with it.
    Resume,
    /// Asking again does no harm, and nobody has seen a byte: start from nothing.
    Restart,
    /// Neither: the request has failed.
    Fail,
}

impl Exchange {
    /// A request that goes on with an operation of which the chunks before `next`, `offset` bytes
    /// long, are there. [`handle_resumed`](Self::handle_resumed) follows.
    pub fn continued(
        terms: Terms,
        counters: Arc<Counters>,
        retained: Retained,
        next: Seq,
        offset: u64,
    ) -> Self {
        let assembler = ChunkAssembler::continued(terms.limits.clone(), next, offset);
        Self { assembler, retained: Some(retained), ..Self::new(terms, counters) }
    }

    /// The connection is gone. What waits ahead of a gap is dropped: it comes again.
    pub fn handle_lost(&mut self) {
        self.assembler.drop_parked();
        self.idle_at = None;
        self.credit = None;
    }

    /// So many chunks are granted at a time from the next grant on, since the server takes no more.
    pub fn limit_window(&mut self, chunks: u64) {
        self.terms.window = chunks;
    }

    /// The request goes out again on a connection where `features` were agreed on, as the
    /// [`resume`](Self::resume) it gives.
    pub fn handle_resumed(&mut self, features: Features) {
        self.terms.features = features;
        self.is_resuming = true;
        self.is_resumed = true;
        self.open_credit();
    }

    /// What `stream.resume` is to say of what is there; `None` if the server keeps nothing.
    /// `sha256` is the digest of all bytes that were delivered.
    pub fn resume(&self, operation: OperationKey, sha256: Sha256) -> Option<Resume> {
        let epoch = self.retained.as_ref()?.epoch.clone();
        let (next, offset) = (self.assembler.next(), self.assembler.delivered_bytes());
        Some(Resume { operation, epoch, next, offset, sha256 })
    }

    /// The chunk that is delivered next.
    pub fn next_chunk(&self) -> Seq {
        self.assembler.next()
    }

    /// What the server keeps of the operation, if it has said so.
    pub fn retained(&self) -> Option<&Retained> {
        self.retained.as_ref()
    }

    /// What to do now that the connection is gone. `is_repeatable` says whether the operation may
    /// be asked for twice, `is_taken` whether bytes were given to a caller who cannot forget them.
    pub fn recovery(&self, is_repeatable: bool, is_taken: bool) -> Recovery {
        if self.retained.is_some() {
            return Recovery::Resume;
        }
        Self::recovery_without_resume(is_repeatable, is_taken)
    }

    /// As [`recovery`](Self::recovery), once the server has nothing to go on with any more.
    pub fn recovery_without_resume(is_repeatable: bool, is_taken: bool) -> Recovery {
        if is_repeatable && !is_taken { Recovery::Restart } else { Recovery::Fail }
    }

    /// Whether an `accepted` frame means anything now.
    pub(super) fn expects_accepted(&self) -> bool {
        let is_first = !self.is_accepted && !self.assembler.has_chunks();
        let has = |feature| self.terms.features.contains(feature);
        (has(Feature::Resume) && (self.is_resuming || is_first && self.retained.is_none()))
            || (has(Feature::Binary) && is_first && self.retained.is_none())
    }

    pub(super) fn handle_accepted(
        &mut self,
        accepted: &Accepted<'_>,
    ) -> Result<Event, ExchangeError> {
        let missing =
            |field| ExchangeError::Frame(FrameError::Missing { kind: Kind::Accepted, field });
        let chunk_bytes = accepted.chunk_bytes.ok_or_else(|| missing("chunkSize"));
        let before = self.retained.as_ref();
        // Nothing may be reserved by a size that the server makes up, nor may it change.
        let most = before.map_or(self.terms.chunk_bytes, |before| before.chunk_bytes);
        if chunk_bytes.as_ref().is_ok_and(|bytes| *bytes == 0 || *bytes > most) {
            let (kind, field) = (Kind::Accepted, "chunkSize");
            return Err(ExchangeError::Frame(FrameError::Invalid { kind, field }));
        }
        if !self.terms.features.contains(Feature::Resume) {
            // It gives an alias, which is the demultiplexer's, and keeps nothing.
            chunk_bytes?;
            self.is_accepted = true;
            return Ok(Event::Ignored);
        }
        let retained = Retained {
            epoch: accepted.epoch.as_deref().ok_or_else(|| missing("epoch"))?.to_owned(),
            ttl: accepted.ttl.ok_or_else(|| missing("ttl"))?,
            chunk_bytes: chunk_bytes?,
        };
        if let Some(before) = before.filter(|before| before.epoch != retained.epoch) {
            let (expected, got) = (before.epoch.clone(), retained.epoch);
            return Err(ExchangeError::EpochChanged { expected, got });
        }
        self.is_resuming = false;
        self.retained = Some(retained.clone());
        Ok(Event::Accepted(retained))
    }

    /// Opens the account of grants where that was agreed on.
    pub(super) fn open_credit(&mut self) {
        let delivered = self.assembler.delivered_chunks();
        let is_agreed = self.terms.features.contains(Feature::Credit);
        self.credit = is_agreed.then(|| Credit::new(self.terms.window, delivered));
    }
}

/// What it means that a stream which was to go on begins with something else.
pub(super) fn not_accepted(body: Body<'_>) -> ExchangeError {
    let kind = match body {
        Body::Answer(answer) => match answer.outcome {
            Err(error) => return ExchangeError::Server(error),
            Ok(_) => Kind::Answer,
        },
        Body::Chunk(_) => Kind::Chunk,
        _ => Kind::Complete,
    };
    ExchangeError::NotAccepted { kind }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::BytesMut;

    use super::*;
    use crate::proto::frame::write::FrameWriter;
    use crate::proto::{Mode, ServerError};

    const TTL: Duration = Duration::from_mins(1);

    fn agreed() -> Features {
        Features::from_iter([Feature::Resume, Feature::Credit])
    }

    fn stream() -> Exchange {
        let terms = Terms { window: 2, ..Terms::new(Mode::Stream, agreed()) };
        Exchange::new(terms, Arc::default())
    }

    fn frames() -> FrameWriter {
        FrameWriter::new("git_1")
    }

    fn take(exchange: &mut Exchange, text: &str) -> Result<Event, ExchangeError> {
        exchange.handle_text(text, Instant::now(), &mut BytesMut::new())
    }

    fn lost_after_one_chunk() -> Exchange {
        let mut exchange = stream();
        take(&mut exchange, &frames().accepted("e1", TTL, 5)).unwrap();
        take(&mut exchange, &frames().chunk(1, b"hello", None)).unwrap();
        exchange.handle_lost();
        exchange
    }

    #[test]
    fn an_accepted_operation_goes_on_where_it_was() {
        let mut exchange = lost_after_one_chunk();
        assert_eq!(exchange.recovery(false, true), Recovery::Resume);
        let key = OperationKey::from_random([1; 16]);
        let resume = exchange.resume(key, Sha256::of(b"hello")).unwrap();
        assert_eq!((resume.epoch.as_str(), resume.next.get(), resume.offset), ("e1", 2, 5));
        exchange.handle_resumed(agreed());
        take(&mut exchange, &frames().accepted("e1", TTL, 5)).unwrap();
        take(&mut exchange, &frames().chunk(2, b"!", None)).unwrap();
        let null = serde_json::Value::Null;
        assert_eq!(take(&mut exchange, &frames().complete(2, None, &null)), Ok(Event::Ended));
        let reply = exchange.finish(Sha256::of(b"hello!")).unwrap().unwrap();
        assert_eq!((reply.chunks, reply.payload_bytes), (2, 6));
    }

    #[test]
    fn parked_chunks_come_again() {
        let mut exchange = stream();
        take(&mut exchange, &frames().accepted("e1", TTL, 5)).unwrap();
        take(&mut exchange, &frames().chunk(2, b"!", None)).unwrap();
        exchange.handle_lost();
        exchange.handle_resumed(agreed());
        take(&mut exchange, &frames().accepted("e1", TTL, 5)).unwrap();
        take(&mut exchange, &frames().chunk(1, b"hello", None)).unwrap();
        assert_eq!(exchange.delivered_bytes(), 5);
    }

    #[test]
    fn warnings_that_come_again_after_a_resume_are_dropped() {
        let mut exchange = lost_after_one_chunk();
        let warning = frames().warning("CLAS A", "W", "odd");
        assert!(matches!(take(&mut exchange, &warning), Ok(Event::Warning(_))));
        assert!(matches!(take(&mut exchange, &warning), Ok(Event::Warning(_))), "said twice");
        exchange.handle_resumed(agreed());
        assert_eq!(take(&mut exchange, &warning), Ok(Event::Ignored));
        let other = frames().warning("CLAS B", "W", "odd");
        assert!(matches!(take(&mut exchange, &other), Ok(Event::Warning(_))));
    }

    #[test]
    fn another_epoch_is_another_operation() {
        let mut exchange = lost_after_one_chunk();
        exchange.handle_resumed(agreed());
        let error = take(&mut exchange, &frames().accepted("e2", TTL, 5)).unwrap_err();
        assert!(matches!(error, ExchangeError::EpochChanged { .. }));
    }

    #[test]
    fn nothing_counts_before_the_server_has_accepted() {
        let null = serde_json::Value::Null;
        for (text, kind) in [
            (frames().chunk(2, b"!", None), Kind::Chunk),
            (frames().complete(1, None, &null), Kind::Complete),
            (frames().answer(&null), Kind::Answer),
        ] {
            let mut exchange = lost_after_one_chunk();
            exchange.handle_resumed(agreed());
            assert_eq!(take(&mut exchange, &text), Err(ExchangeError::NotAccepted { kind }));
        }
        let mut exchange = lost_after_one_chunk();
        exchange.handle_resumed(agreed());
        let refusal = frames().refusal(ServerError::RESUME_EXPIRED, "", None);
        let error = take(&mut exchange, &refusal).unwrap_err();
        assert!(matches!(error, ExchangeError::Server(e) if e.is_resume_refusal()));
    }

    #[test]
    fn without_accepted_only_what_may_be_repeated_starts_again() {
        let exchange = stream();
        assert_eq!(exchange.recovery(true, false), Recovery::Restart);
        assert_eq!(exchange.recovery(true, true), Recovery::Fail);
        assert_eq!(exchange.recovery(false, false), Recovery::Fail);
    }

    #[test]
    fn accepted_means_something_once_and_before_the_first_chunk() {
        let mut exchange = stream();
        take(&mut exchange, &frames().chunk(1, b"x", None)).unwrap();
        let late = take(&mut exchange, &frames().accepted("e1", TTL, 5));
        assert_eq!((late, exchange.retained()), (Ok(Event::Ignored), None));
        let mut plain = Exchange::new(Terms::new(Mode::Stream, Features::NONE), Arc::default());
        assert_eq!(take(&mut plain, r#"{"id":"git_1","type":"accepted"}"#), Ok(Event::Ignored));
        let error = take(&mut stream(), r#"{"id":"git_1","type":"accepted","epoch":"e"}"#);
        assert!(matches!(error, Err(ExchangeError::Frame(FrameError::Missing { .. }))));
    }

    #[test]
    fn a_chunk_beyond_the_grant_is_fatal() {
        let (mut exchange, now) = (stream(), Instant::now());
        take(&mut exchange, &frames().chunk(1, b"x", None)).unwrap();
        take(&mut exchange, &frames().chunk(2, b"x", None)).unwrap();
        let mut early = exchange_of(&[1, 2]);
        let error = take(&mut early, &frames().chunk(3, b"x", None)).unwrap_err();
        assert_eq!(error, ExchangeError::BeyondCredit { seq: 3, granted: 2 });
        exchange.handle_taken(now);
        assert_eq!(exchange.poll_grant(now), Some(4));
        take(&mut exchange, &frames().chunk(3, b"x", None)).unwrap();
    }

    #[test]
    fn a_smaller_window_holds_from_the_resume_on() {
        let mut exchange = lost_after_one_chunk();
        exchange.limit_window(1);
        exchange.handle_resumed(agreed());
        take(&mut exchange, &frames().accepted("e1", TTL, 5)).unwrap();
        take(&mut exchange, &frames().chunk(2, b"x", None)).unwrap();
        let error = take(&mut exchange, &frames().chunk(3, b"x", None)).unwrap_err();
        assert_eq!(error, ExchangeError::BeyondCredit { seq: 3, granted: 2 });
    }

    fn exchange_of(chunks: &[u64]) -> Exchange {
        let mut exchange = stream();
        for seq in chunks {
            take(&mut exchange, &frames().chunk(*seq, b"x", None)).unwrap();
        }
        exchange
    }

    #[test]
    fn the_idle_limit_does_not_run_while_credit_is_withheld() {
        let limit = Duration::from_secs(10);
        let terms =
            Terms { window: 1, idle_limit: Some(limit), ..Terms::new(Mode::Stream, agreed()) };
        let (mut exchange, start) = (Exchange::new(terms, Arc::default()), Instant::now());
        exchange.handle_sent(start);
        let mut out = BytesMut::new();
        exchange.handle_text(&frames().chunk(1, b"x", None), start, &mut out).unwrap();
        let late = start + limit * 3;
        exchange.handle_taken(late);
        assert_eq!(exchange.handle_timeout(late), Ok(()));
        assert_eq!(exchange.handle_timeout(late + limit), Err(ExchangeError::Idle { limit }));
    }
}
