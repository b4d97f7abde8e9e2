//! One transfer as its client sees it: its core, and what is decided with it.
//!
//! The decisions are those of the client's engine, without its runtime: one try after another,
//! until there is a verdict.

mod ending;
mod recovering;

use std::io::{ErrorKind, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::desk::{Content, Desk};
use super::sink::Sink;
use crate::client::{Retries, RetryBudget};
use crate::proto::exchange::Event;
use crate::proto::frame::Kind;
use crate::proto::{
    Control, Exchange, ExchangeError, Feature, Features, Limits, MessageId, OperationKey,
    OperationName, Params, Reply, Request, Terms,
};

/// What a caller wants, and how.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Wishes {
    /// What is asked for, and with what key: no other transfer has this.
    pub(in crate::server::core) number: u8,
    /// Whether a payload is asked for, or one answer.
    pub(in crate::server::core) is_stream: bool,
    pub(in crate::server::core) features: Features,
    pub(in crate::server::core) window: u64,
    pub(in crate::server::core) chunk_bytes: u64,
    pub(in crate::server::core) limits: Limits,
    pub(in crate::server::core) idle_limit: Option<Duration>,
    pub(in crate::server::core) is_repeatable: bool,
    /// Whether the caller is given bytes as they come, and cannot forget them.
    pub(in crate::server::core) gives_out: bool,
    /// How many chunks the consumer leaves untaken while more can come.
    pub(in crate::server::core) lag: u64,
    pub(in crate::server::core) retries: Retries,
    /// How long it waits before it connects again, rather than for a random time.
    pub(in crate::server::core) pause: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(in crate::server::core) struct Transfer {
    pub(in crate::server::core) wishes: Rc<Wishes>,
    /// What names it in the pending table.
    number: usize,
    /// How often a new key was needed.
    keys: u8,
    course: Course,
    pub(in crate::server::core) sink: Sink,
    /// Chunks that were handed to the consumer, who has not said that they are taken.
    pub(in crate::server::core) untaken: u64,
    budget: RetryBudget,
    random: fastrand::Rng,
    /// The most bytes that were there at any time.
    furthest: u64,
    /// Whether the server has shown that it works on the request.
    is_heard: bool,
    /// Why it began again from nothing, each time.
    pub(in crate::server::core) restarts: Vec<Cause>,
    pub(in crate::server::core) grants: Vec<u64>,
    pub(in crate::server::core) verdict: Option<Verdict>,
}

/// Where a transfer stands.
#[derive(Clone, Debug)]
enum Course {
    /// Nothing is sent until then.
    Pausing {
        until: Instant,
        exchange: Option<Box<Exchange>>,
    },
    Following {
        id: MessageId,
        exchange: Box<Exchange>,
        is_going_on: bool,
        /// Whether the server may keep it.
        is_noted: bool,
    },
    /// Cancelled; the last frame is waited for.
    Leaving {
        id: MessageId,
        is_kept: bool,
        until: Instant,
    },
    /// Left to the server, with what is there of it.
    Detached(Box<Exchange>),
    Over,
}

/// How a transfer ended.
#[derive(Clone, Debug)]
pub(in crate::server::core) enum Verdict {
    /// With a payload that verified.
    Payload(Box<Reply>),
    Failed(Cause),
    Cancelled(CancelOutcome),
}

/// A typed error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum Cause {
    Lost,
    Exchange(ExchangeError),
    /// The payload could not be put where it belongs.
    Sink(ErrorKind),
    /// It was not read, and held up the others.
    Slow,
    /// More came than was granted.
    Overrun,
    Deadline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum CancelOutcome {
    Cancelled,
    Completed,
    Failed,
    Unknown,
}

impl Transfer {
    /// A transfer that begins at `start`.
    pub(in crate::server::core) fn new(
        number: usize,
        wishes: Rc<Wishes>,
        sink: Sink,
        start: Instant,
    ) -> Self {
        Self {
            budget: RetryBudget::new(wishes.retries.clone()),
            random: fastrand::Rng::with_seed(wishes.number.into()),
            wishes,
            number,
            keys: 0,
            course: Course::Pausing { until: start, exchange: None },
            sink,
            untaken: 0,
            furthest: 0,
            is_heard: false,
            restarts: Vec::new(),
            grants: Vec::new(),
            verdict: None,
        }
    }

    pub(in crate::server::core) fn key(&self) -> OperationKey {
        let mut bits = [self.wishes.number; 16];
        bits[0] = self.keys;
        OperationKey::from_random(bits)
    }

    pub(in crate::server::core) fn is_following(&self) -> bool {
        matches!(self.course, Course::Following { .. })
    }

    /// Whether it was cancelled, and waits for what comes of that.
    pub(in crate::server::core) fn is_leaving(&self) -> bool {
        matches!(self.course, Course::Leaving { .. })
    }

    /// The request that the pending table knows.
    pub(in crate::server::core) fn id(&self) -> Option<&MessageId> {
        match &self.course {
            Course::Following { id, .. } | Course::Leaving { id, .. } => Some(id),
            _ => None,
        }
    }

    pub(in crate::server::core) fn exchange(&self) -> Option<&Exchange> {
        match &self.course {
            Course::Following { exchange, .. } | Course::Detached(exchange) => Some(exchange),
            Course::Pausing { exchange, .. } => exchange.as_deref(),
            _ => None,
        }
    }

    /// Whether it goes on with an operation.
    pub(in crate::server::core) fn is_going_on(&self) -> bool {
        matches!(self.course, Course::Following { is_going_on: true, .. })
    }

    /// When it wants to send its request.
    pub(in crate::server::core) fn connects_at(&self) -> Option<Instant> {
        match &self.course {
            Course::Pausing { until, .. } => Some(*until),
            _ => None,
        }
    }

    pub(in crate::server::core) fn next_timeout(&self) -> Option<Instant> {
        match &self.course {
            Course::Pausing { until, .. } | Course::Leaving { until, .. } => Some(*until),
            Course::Following { exchange, .. } => exchange.next_timeout(),
            Course::Detached(_) | Course::Over => None,
        }
    }

    /// There is a connection: asks for the operation, or goes on with it.
    pub(in crate::server::core) fn handle_connected(&mut self, desk: &mut Desk<'_>, now: Instant) {
        let Course::Pausing { exchange, .. } = self.take_course() else { panic!("not pausing") };
        self.budget.handle_connected(now);
        self.send(desk, exchange, now);
    }

    fn send(&mut self, desk: &mut Desk<'_>, exchange: Option<Box<Exchange>>, now: Instant) {
        let wishes = Rc::clone(&self.wishes);
        let resume = exchange.as_ref().and_then(|exchange| {
            let chunk_bytes = exchange.retained()?.chunk_bytes;
            let sha256 = self.sink.received.sha256();
            Some((exchange.resume(self.key(), sha256)?, chunk_bytes))
        });
        let mut request = if let Some((resume, chunk_bytes)) = &resume {
            let mut request = resume.to_request();
            request.stream = Some(*chunk_bytes);
            request
        } else {
            let name = OperationName::new("git", "export");
            let params = Params::new().with("package", format!("$Z{}", wishes.number));
            let mut request = Request::new(name, params);
            request.stream = wishes.is_stream.then_some(wishes.chunk_bytes);
            request.operation = wishes.is_stream.then(|| self.key());
            request
        };
        request.features = wishes.features;
        request.window = request.stream.map(|_| wishes.window);
        let (agreed, mode) = (request.agreed(desk.server), request.mode(desk.server));
        let id = desk.request(&request, self.number);
        let mut exchange = exchange.unwrap_or_else(|| {
            let mut terms = Terms::new(mode, agreed);
            terms.answer_payload = Some("zipBase64");
            terms.window = wishes.window;
            terms.chunk_bytes = wishes.chunk_bytes;
            terms.idle_limit = wishes.idle_limit;
            terms.limits = wishes.limits.clone();
            Box::new(Exchange::new(terms, Arc::clone(desk.counters)))
        });
        if resume.is_some() {
            exchange.limit_window(wishes.window);
            exchange.handle_resumed(agreed);
        }
        exchange.handle_sent(now);
        self.untaken = 0;
        let (is_going_on, is_noted) = (resume.is_some(), agreed.contains(Feature::Resume));
        self.course = Course::Following { id, exchange, is_going_on, is_noted };
    }

    /// One message of the server for it; with `last`, its last one.
    pub(in crate::server::core) fn handle(
        &mut self,
        desk: &mut Desk<'_>,
        content: &Content,
        last: Option<Kind>,
        now: Instant,
    ) {
        match &mut self.course {
            Course::Following { exchange, .. } => {
                let mut pieces = Vec::<Bytes>::new();
                let step = match content {
                    Content::Text(text) => exchange.handle_text(text, now, &mut pieces),
                    Content::Chunk(chunk) => exchange.handle_chunk(chunk.clone(), now, &mut pieces),
                    Content::Binary(bytes) => exchange.handle_binary(bytes, now, &mut pieces),
                };
                self.hand_on(desk, step, &pieces, now);
            }
            Course::Leaving { is_kept, .. } => {
                let (Some(kind), Content::Text(text)) = (last, content) else { return };
                let is_kept = *is_kept;
                self.leave(desk, text, kind, is_kept);
            }
            _ => {}
        }
    }

    fn hand_on(
        &mut self,
        desk: &mut Desk<'_>,
        step: Result<Event, ExchangeError>,
        pieces: &[Bytes],
        now: Instant,
    ) {
        // What had been delivered before a failure counts as such.
        for piece in pieces {
            if let Err(error) = self.sink.write_all(piece) {
                return self.give_up(desk, Cause::Sink(error.kind()));
            }
        }
        let Course::Following { exchange, .. } = &mut self.course else { return };
        if exchange.delivered_bytes() > self.furthest {
            self.furthest = exchange.delivered_bytes();
            self.budget.refill();
        }
        self.is_heard |= step.is_ok();
        match step {
            Ok(Event::Data(length)) => {
                assert_eq!(length, pieces.iter().map(|piece| piece.len() as u64).sum::<u64>());
                self.untaken += 1;
                if self.untaken > self.wishes.lag {
                    self.take(desk, now);
                }
            }
            Ok(Event::Ended) => self.conclude(desk),
            Ok(_) => self.grant(desk, now),
            Err(error) => self.fail(desk, error, now),
        }
    }

    /// The consumer has taken what was handed on.
    pub(in crate::server::core) fn take(&mut self, desk: &mut Desk<'_>, now: Instant) {
        self.untaken = 0;
        if let Course::Following { exchange, .. } = &mut self.course {
            exchange.handle_taken(now);
        }
        self.grant(desk, now);
    }

    fn grant(&mut self, desk: &mut Desk<'_>, now: Instant) {
        let Course::Following { id, exchange, .. } = &mut self.course else { return };
        let Some(up_to) = exchange.poll_grant(now) else { return };
        self.grants.push(up_to);
        desk.control(&Control::Credit { target: id.clone(), up_to });
    }

    /// A limit may have passed, a grant may be due.
    pub(in crate::server::core) fn handle_timeout(&mut self, desk: &mut Desk<'_>, now: Instant) {
        match &mut self.course {
            Course::Following { exchange, .. } => match exchange.handle_timeout(now) {
                Ok(()) => self.grant(desk, now),
                Err(error) => self.fail(desk, error, now),
            },
            Course::Leaving { id, until, .. } if *until <= now => {
                desk.demux.forget(id);
                self.end(Verdict::Cancelled(CancelOutcome::Unknown));
            }
            _ => {}
        }
    }

    /// The connection was held up on this side.
    pub(in crate::server::core) fn handle_held(&mut self, held: Duration) {
        if let Course::Following { exchange, .. } = &mut self.course {
            exchange.handle_held(held);
        }
    }

    fn end(&mut self, verdict: Verdict) {
        self.course = Course::Over;
        self.untaken = 0;
        assert!(self.verdict.replace(verdict).is_none(), "one verdict");
    }

    fn take_course(&mut self) -> Course {
        std::mem::replace(&mut self.course, Course::Over)
    }
}
