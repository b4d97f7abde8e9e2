//! The client's half: its core, and the decisions that a transfer makes with it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::setup::{Received, Setup};
use crate::proto::exchange::{Event, Recovery};
use crate::proto::{
    Control, Counters, Demux, Exchange, ExchangeError, IdMint, MessageId, Mode, OperationKey,
    OperationName, Params, Reply, Request, Route, ServerError, Terms,
};

/// How long the server has to say what came of a cancel.
pub(super) const OUTCOME_LIMIT: Duration = Duration::from_secs(5);
/// How often in a row the client tries without a new byte.
const TRIES: u32 = 5;

#[derive(Debug)]
pub(super) struct Client {
    setup: Rc<Setup>,
    counters: Arc<Counters>,
    demux: Demux<()>,
    mint: IdMint,
    keys: u8,
    course: Course,
    received: Received,
    /// Chunks that were handed to the consumer, who has not said that they are taken.
    pub(super) untaken: u64,
    tries: u32,
    /// Text to send on the connection there is.
    outgoing: Vec<String>,
    /// Why it began again from nothing, each time.
    pub(super) restarts: Vec<Cause>,
    pub(super) grants: Vec<u64>,
    pub(super) verdict: Option<Verdict>,
}

/// Where the transfer stands.
#[derive(Clone, Debug)]
enum Course {
    /// Not connected until then.
    Pausing {
        until: Instant,
        exchange: Option<Box<Exchange>>,
    },
    Following {
        id: MessageId,
        exchange: Box<Exchange>,
        is_going_on: bool,
    },
    /// Cancelled; the last frame is waited for.
    Leaving {
        id: MessageId,
        is_kept: bool,
        until: Instant,
    },
    Over,
}

/// How a transfer ended.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// With the verified payload of this run.
    Payload {
        run: usize,
        reply: Box<Reply>,
    },
    Failed(Cause),
    Cancelled(CancelOutcome),
}

/// A typed error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Lost,
    Exchange(ExchangeError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CancelOutcome {
    Cancelled,
    Completed,
    Failed,
    Unknown,
}

impl Clone for Client {
    fn clone(&self) -> Self {
        let counters = Arc::<Counters>::default();
        let mut demux = Demux::new(Arc::clone(&counters));
        if let Course::Following { id, .. } | Course::Leaving { id, .. } = &self.course
            && self.demux.get(id).is_some()
        {
            demux.register(id.clone(), Mode::Stream, ());
        }
        assert_eq!(self.demux.len(), demux.len(), "nobody else waits");
        Self {
            setup: Rc::clone(&self.setup),
            counters,
            demux,
            mint: self.mint.clone(),
            keys: self.keys,
            course: self.course.clone(),
            received: self.received.clone(),
            untaken: self.untaken,
            tries: self.tries,
            outgoing: self.outgoing.clone(),
            restarts: self.restarts.clone(),
            grants: self.grants.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

impl Client {
    pub(super) fn new(setup: &Rc<Setup>) -> Self {
        let counters = Arc::<Counters>::default();
        Self {
            setup: Rc::clone(setup),
            demux: Demux::new(Arc::clone(&counters)),
            counters,
            mint: IdMint::new(),
            keys: 1,
            course: Course::Pausing { until: setup.start, exchange: None },
            received: Received::default(),
            untaken: 0,
            tries: TRIES,
            outgoing: Vec::new(),
            restarts: Vec::new(),
            grants: Vec::new(),
            verdict: None,
        }
    }

    pub(super) fn key(&self) -> OperationKey {
        OperationKey::from_random([self.keys; 16])
    }

    /// Whether nobody waits for anything.
    pub(super) fn is_settled(&self) -> bool {
        self.demux.is_empty() && self.verdict.is_some()
    }

    pub(super) fn is_following(&self) -> bool {
        matches!(self.course, Course::Following { .. })
    }

    pub(super) fn has_bytes(&self) -> bool {
        !self.received.is_empty()
    }

    /// How many messages came that nobody waits for.
    pub(super) fn unknown_ids(&self) -> u64 {
        self.counters.snapshot().unknown_ids
    }

    /// When it wants to be connected again.
    pub(super) fn connects_at(&self) -> Option<Instant> {
        match &self.course {
            Course::Pausing { until, .. } => Some(*until),
            _ => None,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.course {
            Course::Pausing { until, .. } | Course::Leaving { until, .. } => Some(*until),
            Course::Following { exchange, .. } => exchange.next_timeout(),
            Course::Over => None,
        }
    }

    pub(super) fn poll(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outgoing)
    }

    /// There is a connection: asks for the operation, or goes on with it.
    pub(super) fn handle_connected(&mut self, now: Instant) {
        let Course::Pausing { exchange, .. } = self.take_course() else { panic!("not pausing") };
        self.send(exchange, now);
    }

    fn send(&mut self, exchange: Option<Box<Exchange>>, now: Instant) {
        let resume = exchange.as_ref().and_then(|exchange| {
            let chunk_bytes = exchange.retained()?.chunk_bytes;
            Some((exchange.resume(self.key(), self.received.sha256())?, chunk_bytes))
        });
        let mut request = if let Some((resume, chunk_bytes)) = &resume {
            let mut request = resume.to_request();
            request.stream = Some(*chunk_bytes);
            request
        } else {
            let name = OperationName::new("git", "export");
            let mut request = Request::new(name, Params::new().with("packages", ["$ZRAY"]));
            request.stream = Some(self.setup.chunk_bytes);
            request.operation = Some(self.key());
            request
        };
        request.features = self.setup.features;
        request.window = Some(self.setup.window);
        let server = Some(self.setup.features);
        let (agreed, mode) = (request.agreed(server), request.mode(server));
        let id = self.mint.mint(request.name.domain());
        self.outgoing.push(request.write(&id, server).unwrap());
        assert!(self.demux.register(id.clone(), mode, ()).is_none());
        let mut exchange = exchange.unwrap_or_else(|| {
            let mut terms = Terms::new(mode, agreed);
            terms.window = self.setup.window;
            terms.idle_limit = self.setup.idle_limit;
            // What is compared with a repeat; fewer are copied faster.
            terms.limits.remembered_chunks = 16;
            Box::new(Exchange::new(terms, Arc::default()))
        });
        if resume.is_some() {
            exchange.handle_resumed(agreed);
        }
        exchange.handle_sent(now);
        self.untaken = 0;
        self.course = Course::Following { id, exchange, is_going_on: resume.is_some() };
    }

    /// One message from the server.
    pub(super) fn handle_text(&mut self, text: &str, now: Instant) {
        let kind = match self.demux.route(text) {
            Route::Nobody | Route::Broken(..) => return,
            Route::To(&mut (), _) => None,
            Route::Last((), kind) => Some(kind),
        };
        match &mut self.course {
            Course::Following { exchange, .. } => {
                let mut bytes = BytesMut::new();
                let step = exchange.handle_text(text, now, &mut bytes);
                self.hand_on(step, &bytes, now);
            }
            Course::Leaving { is_kept, .. } if kind.is_some() => {
                let is_cancelled = text.contains(ServerError::CANCELLED);
                let outcome = match kind {
                    _ if is_cancelled => CancelOutcome::Cancelled,
                    Some(crate::proto::frame::Kind::Complete) => CancelOutcome::Completed,
                    _ => CancelOutcome::Failed,
                };
                if *is_kept && !is_cancelled {
                    self.release();
                }
                self.end(Verdict::Cancelled(outcome));
            }
            _ => {}
        }
    }

    fn hand_on(&mut self, step: Result<Event, ExchangeError>, bytes: &[u8], now: Instant) {
        match step {
            Ok(Event::Data(length)) => {
                assert_eq!(length, bytes.len() as u64);
                self.received.push(bytes, &self.setup);
                if length > 0 {
                    self.tries = TRIES;
                }
                self.untaken += 1;
                if self.untaken > self.setup.lag {
                    self.take(now);
                }
            }
            Ok(Event::Ended) => self.conclude(),
            Ok(_) => self.grant(now),
            Err(error) => self.fail(error, now),
        }
    }

    /// The consumer has taken what was handed on.
    pub(super) fn take(&mut self, now: Instant) {
        self.untaken = 0;
        if let Course::Following { exchange, .. } = &mut self.course {
            exchange.handle_taken(now);
        }
        self.grant(now);
    }

    fn grant(&mut self, now: Instant) {
        let Course::Following { id, exchange, .. } = &mut self.course else { return };
        let Some(up_to) = exchange.poll_grant(now) else { return };
        self.grants.push(up_to);
        let control = Control::Credit { target: id.clone(), up_to };
        self.control(&control);
    }

    fn conclude(&mut self) {
        let Course::Following { exchange, .. } = self.take_course() else { return };
        let is_kept = exchange.retained().is_some();
        let verdict = match exchange.finish(self.received.sha256()) {
            Ok(Some(reply)) => {
                let run = self.received.run(&self.setup);
                let run = run.expect("what was verified is the payload");
                Verdict::Payload { run, reply: Box::new(reply) }
            }
            Ok(None) => panic!("it has ended"),
            Err(error) => Verdict::Failed(Cause::Exchange(error)),
        };
        if is_kept {
            self.release();
        }
        self.end(verdict);
    }

    fn fail(&mut self, error: ExchangeError, now: Instant) {
        let Course::Following { id, exchange, is_going_on } = self.take_course() else { return };
        // What still runs is stopped, as whoever follows it is gone.
        if self.demux.forget(&id).is_some() {
            self.control(&Control::Cancel { target: id });
        } else if exchange.retained().is_some() && !is_going_on {
            self.release();
        }
        let has_lost_it = match &error {
            ExchangeError::Server(error) => error.is_resume_refusal(),
            ExchangeError::EpochChanged { .. } | ExchangeError::NotAccepted { .. } => true,
            _ => false,
        };
        let cause = Cause::Exchange(error);
        let recovery = Exchange::recovery_without_resume(self.setup.is_repeatable, self.is_given());
        if !is_going_on || !has_lost_it || recovery != Recovery::Restart {
            if is_going_on {
                self.release();
            }
            return self.end(Verdict::Failed(cause));
        }
        self.release();
        self.keys += 1;
        self.restart(cause);
        self.send(None, now);
    }

    fn restart(&mut self, cause: Cause) {
        self.restarts.push(cause);
        self.received = Received::default();
    }

    /// The connection is gone.
    pub(super) fn handle_lost(&mut self, now: Instant) {
        self.outgoing.clear();
        assert!(self.demux.drain().count() <= 1);
        match self.take_course() {
            Course::Following { mut exchange, .. } => {
                exchange.handle_lost();
                let recovery = exchange.recovery(self.setup.is_repeatable, self.is_given());
                self.tries -= 1;
                if recovery == Recovery::Fail || self.tries == 0 {
                    return self.end(Verdict::Failed(Cause::Lost));
                }
                let until = now + self.setup.pause;
                let exchange = (recovery == Recovery::Resume).then_some(exchange);
                if exchange.is_none() {
                    self.restart(Cause::Lost);
                }
                self.course = Course::Pausing { until, exchange };
            }
            Course::Leaving { .. } => self.end(Verdict::Cancelled(CancelOutcome::Unknown)),
            course => self.course = course,
        }
    }

    /// A limit may have passed, a grant may be due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.course {
            Course::Following { exchange, .. } => match exchange.handle_timeout(now) {
                Ok(()) => self.grant(now),
                Err(error) => self.fail(error, now),
            },
            Course::Leaving { id, until, .. } if *until <= now => {
                self.demux.forget(id);
                self.end(Verdict::Cancelled(CancelOutcome::Unknown));
            }
            _ => {}
        }
    }

    /// Whoever wanted the payload does not want it any more.
    pub(super) fn cancel(&mut self, now: Instant) {
        match self.take_course() {
            Course::Following { id, exchange, .. } => {
                self.control(&Control::Cancel { target: id.clone() });
                let until = now + OUTCOME_LIMIT;
                let is_kept = exchange.retained().is_some();
                self.course = Course::Leaving { id, is_kept, until };
            }
            Course::Pausing { .. } => self.end(Verdict::Cancelled(CancelOutcome::Unknown)),
            course => self.course = course,
        }
    }

    fn is_given(&self) -> bool {
        self.setup.gives_out && !self.received.is_empty()
    }

    fn release(&mut self) {
        self.control(&Control::Release { operation: self.key() });
    }

    fn control(&mut self, control: &Control) {
        let id = self.mint.mint("stream");
        self.outgoing.push(control.write(&id));
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
