//! The life of a transfer: one try after another, until there is a verdict.
//!
//! ```text
//!   line ──▶ turn ──▶ sent ──▶ frames ──▶ verdict
//!    ▲                  │         │ lost
//!    │                  │         ├─ kept by the server: stream.resume from where we are ─┐
//!    │      BUSY ◀──────┘         ├─ may be repeated, nothing given out: from nothing ────┤
//!    └──── pause ◀────────────────┴───────────────────────────────────────────────────────┘
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep;

use super::begun::Begun;
use super::handle::OperationHandle;
use super::in_flight::{BetweenTries, InFlight, Kept, Retention};
use super::now;
use super::outlet::{Outlet, Output};
use crate::client::digest::Digester;
use crate::client::error::{CloseCause, Error};
use crate::client::event::Event;
use crate::client::options::TransferOptions;
use crate::client::retry::RetryBudget;
use crate::client::transport::{Line, Started, Transport};
use crate::proto::exchange::{Recovery, Terms};
use crate::proto::stats::count;
use crate::proto::{
    Control, Exchange, Feature, MessageId, Operation, OperationKey, OperationName, Reply, Request,
};

/// Makes the tries of one transfer.
pub(super) struct Engine<O: Operation> {
    pub(super) operation: Arc<O>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) options: TransferOptions,
    pub(super) begun: Instant,
    pub(super) outlet: Arc<Outlet>,
    pub(super) name: OperationName,
    /// By which the server may know the operation; made when that is first needed.
    pub(super) key: Option<OperationKey>,
    pub(super) course: Course,
    pub(super) digester: Digester,
    budget: RetryBudget,
    /// The most bytes that were there at any time; only more than that is news.
    furthest: u64,
    is_started: bool,
    /// The request whose connection was lost, and why, until another is there.
    lost: Option<(MessageId, Arc<CloseCause>)>,
    /// What is freed if this ends before the next try has begun.
    pub(super) between: Option<BetweenTries>,
    /// Whether the operation may be run anew where there is nothing left to go on with.
    may_start_over: bool,
    /// What has come of the payload and was not handed on yet, one piece for each chunk.
    pub(super) received: Vec<Bytes>,
    /// Whether the server has shown that it works on the request.
    pub(super) is_heard: bool,
    /// When the last request was sent.
    pub(super) sent: Instant,
    /// The chunk size that was asked for last, in decoded bytes.
    chunk_bytes: u64,
}

/// How the next try begins.
#[derive(Debug)]
pub(super) enum Course {
    /// From nothing.
    Fresh,
    /// With an operation that the server keeps.
    GoOn(Box<Exchange>),
}

/// What a try came to.
pub(super) enum Tried {
    Ended(Verdict),
    Again,
}

/// How a transfer ended well.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) id: MessageId,
    pub(crate) reply: Reply,
    /// What is kept until the result stands.
    pub(crate) kept: Option<Kept>,
}

impl<O: Operation> Engine<O> {
    pub(super) fn new(
        operation: Arc<O>,
        transport: Arc<dyn Transport>,
        options: TransferOptions,
        outlet: Arc<Outlet>,
    ) -> Self {
        let digester = Digester::fresh(options.needs_digest());
        Self {
            name: operation.name(),
            budget: RetryBudget::new(options.retries.clone().unwrap_or_default()),
            furthest: 0,
            operation,
            transport,
            options,
            begun: now(),
            outlet,
            key: None,
            course: Course::Fresh,
            digester,
            is_started: false,
            lost: None,
            between: None,
            may_start_over: true,
            received: Vec::new(),
            is_heard: false,
            sent: now(),
            chunk_bytes: u64::MAX,
        }
    }

    /// Goes on with what is there of the operation.
    pub(super) fn go_on(&mut self, begun: Begun) {
        let Begun { handle, next, offset, hasher, may_start_over } = begun;
        self.outlet.note_handle(Some(handle.clone()));
        let OperationHandle { operation, retained, .. } = handle;
        let terms = self.terms(None);
        let counters = Arc::clone(self.transport.counters());
        let exchange = Exchange::continued(terms, counters, retained, next, offset);
        self.key = Some(operation);
        self.course = Course::GoOn(Box::new(exchange));
        // Going on takes the digest of what is there.
        self.options.digest = true;
        self.digester = Digester::new(hasher);
        self.may_start_over = may_start_over;
        self.furthest = offset;
    }

    /// Tries until there is a verdict, the deadline has passed, or somebody wishes it to stop.
    ///
    /// In a box, since a future has whatever it is called on a second time.
    pub(super) async fn run(self: Box<Self>) -> Result<Verdict, Error> {
        let (outlet, operation) = (Arc::clone(&self.outlet), self.name.to_string());
        let until = |limit| Some((limit, self.begun.checked_add(limit)?.into()));
        let deadline = self.options.deadline.and_then(until);
        let is_journaled = self.options.journal.is_some();
        let work = std::pin::pin!(self.try_until_verdict());
        outlet.run(operation, deadline, is_journaled, work).await
    }

    async fn try_until_verdict(mut self: Box<Self>) -> Result<Verdict, Error> {
        loop {
            let line = self.line().await?;
            if let Tried::Ended(verdict) = self.try_once(&line).await? {
                return Ok(verdict);
            }
        }
    }

    /// The connection, opened again if need be and as often as the budget allows.
    async fn line(&mut self) -> Result<Arc<dyn Line>, Error> {
        loop {
            match self.transport.line().await {
                Ok(line) => {
                    self.budget.handle_connected(now());
                    self.lost = None;
                    return Ok(line);
                }
                Err(Error::Connect(error)) => {
                    let Some(pause) = self.pause(None).filter(|_| error.is_transient()) else {
                        return Err(match self.lost.take() {
                            Some((id, cause)) => Error::NotReopened { id, cause, source: error },
                            None => Error::Connect(error),
                        });
                    };
                    tracing::debug!(%error, ?pause, "not connected");
                    sleep(pause).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_once(&mut self, line: &Arc<dyn Line>) -> Result<Tried, Error> {
        let Some(request) = self.request(line).await? else { return Ok(Tried::Again) };
        line.check(&request)?;
        let started = match line.turn(&request).await {
            Ok(turn) => {
                self.sent = now();
                line.start(&request, turn, self.outlet.is_own_sink())
            }
            Err(error) => Err(error),
        };
        let started = match started {
            Ok(started) => started,
            // Nothing was sent, so nothing can have happened; another connection will do.
            Err(Error::Lost { cause, .. }) => return Box::pin(self.try_elsewhere(cause)).await,
            Err(error) => return Err(error),
        };
        let (terms, features) = (self.terms(Some(&started)), started.features);
        let (transport, outlet) = (Arc::clone(&self.transport), Arc::clone(&self.outlet));
        let key = self.key.clone();
        let in_flight = InFlight::new(transport, Arc::clone(line), started, key, outlet);
        let id = in_flight.id();
        tracing::debug!(%id, domain = self.name.domain(), action = self.name.action(), "request");
        self.outlet.note_id(id);
        if !std::mem::replace(&mut self.is_started, true) {
            self.outlet.put(Output::Started).await;
        }
        let exchange = match std::mem::replace(&mut self.course, Course::Fresh) {
            Course::Fresh => {
                let counters = Arc::clone(self.transport.counters());
                Box::new(Exchange::new(terms, counters))
            }
            Course::GoOn(mut exchange) => {
                count(&self.transport.counters().resumes);
                exchange.limit_window(terms.window);
                exchange.handle_resumed(features);
                exchange
            }
        };
        self.follow(line, in_flight, exchange).await
    }

    /// Nothing was sent, so nothing can have happened: another connection will do.
    pub(super) async fn try_elsewhere(&mut self, cause: Arc<CloseCause>) -> Result<Tried, Error> {
        if !matches!(*cause, CloseCause::ByUs) {
            self.wait_after(None, cause).await?;
        }
        Ok(Tried::Again)
    }

    /// The request that the next try begins with; `None` if the try has to begin otherwise.
    async fn request(&mut self, line: &Arc<dyn Line>) -> Result<Option<Request>, Error> {
        let key = match &self.course {
            Course::Fresh if !self.operation.has_payload() => None,
            _ => Some(self.key()?),
        };
        let mut request = match &self.course {
            Course::Fresh => {
                let mut request = Request::new(self.name.clone(), self.operation.params());
                let has_payload = self.operation.has_payload();
                request.stream = has_payload.then_some(self.chunk_bytes);
                request.operation = key;
                request
            }
            Course::GoOn(exchange) => {
                let Some(sha256) = self.digester.so_far().await? else {
                    let operation = self.name.to_string();
                    self.start_over(line, Error::NotResumable { operation }).await?;
                    return Ok(None);
                };
                let chunk_bytes = exchange.retained().map(|retained| retained.chunk_bytes);
                let Some(resume) = key.and_then(|key| exchange.resume(key, sha256)) else {
                    return Ok(None);
                };
                let mut request = resume.to_request();
                request.stream = chunk_bytes;
                request
            }
        };
        let hint = self.options.deadline.or(self.options.idle_limit);
        request.timeout_ms = hint.and_then(|limit| u64::try_from(limit.as_millis()).ok());
        request.features = self.options.usable_features();
        request.window = request.stream.map(|_| self.options.window);
        let is_going_on = matches!(self.course, Course::GoOn(_));
        if request.stream.is_some() && !is_going_on {
            self.chunk_bytes = line.chunk_bytes(self.options.chunk_size, &request);
            request.stream = Some(self.chunk_bytes);
        }
        if is_going_on && !line.agreed(&request).contains(Feature::Resume) {
            let operation = self.name.to_string();
            Box::pin(self.start_over(line, Error::NotResumable { operation })).await?;
            return Ok(None);
        }
        Ok(Some(request))
    }

    fn terms(&self, started: Option<&Started>) -> Terms {
        let (mode, features) = started.map_or_else(
            || (crate::proto::Mode::Stream, crate::proto::Features::NONE),
            |started| (started.mode, started.features),
        );
        let mut terms = Terms::new(mode, features);
        terms.answer_payload = self.operation.answer_payload();
        terms.limits = self.options.limits.clone();
        terms.idle_limit = self.options.idle_limit;
        terms.window = started.map_or(self.options.window, |started| started.window);
        terms.chunk_bytes = self.chunk_bytes;
        terms
    }

    /// Begins again with nothing, since there is nothing left to go on with because of `cause`.
    ///
    /// Fails with `cause` where the operation may not be run twice, or bytes were given out.
    pub(super) async fn start_over(
        &mut self,
        line: &Arc<dyn Line>,
        cause: Error,
    ) -> Result<(), Error> {
        let (is_repeatable, is_committed) =
            (self.operation.is_repeatable() && self.may_start_over, self.outlet.is_committed());
        let recovery = Exchange::recovery_without_resume(is_repeatable, is_committed);
        if recovery != Recovery::Restart {
            return Err(cause);
        }
        // Counted as a try, so that a server that refuses whatever it is asked ends it.
        if self.pause(None).is_none() && !self.budget.start_over_once_more() {
            return Err(cause);
        }
        tracing::info!(%cause, "the operation starts again");
        self.between = None;
        if let Some(operation) = self.key.take() {
            // Where the connection has just ended, the server has only its own time to go by.
            let _ = line.control(Control::Release { operation });
        }
        self.restart(Arc::new(cause)).await;
        Ok(())
    }

    /// Throws away what has come, and tells whoever reads.
    async fn restart(&mut self, cause: Arc<Error>) {
        self.course = Course::Fresh;
        self.digester = Digester::fresh(self.options.needs_digest());
        self.received.clear();
        self.is_heard = false;
        self.outlet.note_handle(None);
        self.outlet.put(Output::Event(Event::Restarted { cause })).await;
    }

    /// What to do now that the connection is gone: go on, start again, or fail.
    pub(super) async fn recover(
        &mut self,
        id: MessageId,
        mut exchange: Box<Exchange>,
        cause: Arc<CloseCause>,
    ) -> Result<Tried, Error> {
        exchange.handle_lost();
        let may_repeat = self.operation.is_repeatable() && self.may_start_over;
        let recovery = exchange.recovery(may_repeat, self.outlet.is_committed());
        let lost = |id| Error::Lost { id: Some(id), cause: Arc::clone(&cause) };
        if recovery == Recovery::Fail || !cause.is_transient() {
            return Err(lost(id));
        }
        if recovery == Recovery::Resume {
            self.go_between();
        }
        self.wait_after(Some(id.clone()), Arc::clone(&cause)).await?;
        match recovery {
            Recovery::Resume => self.course = Course::GoOn(exchange),
            _ => self.restart(Arc::new(lost(id))).await,
        }
        Ok(Tried::Again)
    }

    /// Has what the server keeps freed, should there be no next try.
    pub(super) fn go_between(&mut self) {
        // What is kept since an earlier try is so still: put in its place, another would free it.
        if self.between.is_some() {
            return;
        }
        let Some(key) = self.key.clone() else { return };
        let retention = Retention::of(Arc::clone(&self.transport), key);
        let is_journaled = self.options.journal.is_some();
        self.between = Some(BetweenTries::new(retention, Arc::clone(&self.outlet), is_journaled));
    }

    /// The key of the operation.
    pub(super) fn key(&mut self) -> Result<OperationKey, Error> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let key = new_key()?;
        Ok(self.key.insert(key).clone())
    }

    /// Pauses before the next connection, or fails if the budget is spent.
    async fn wait_after(
        &mut self,
        id: Option<MessageId>,
        cause: Arc<CloseCause>,
    ) -> Result<(), Error> {
        let Some(pause) = self.pause(None).filter(|_| cause.is_transient()) else {
            return Err(Error::Lost { id, cause });
        };
        tracing::debug!(%cause, ?pause, "the connection was lost");
        self.lost = id.map(|id| (id, Arc::clone(&cause)));
        if self.is_started {
            self.outlet.put(Output::Event(Event::Interrupted { cause, pause })).await;
        }
        sleep(pause).await;
        Ok(())
    }

    /// How long to wait before the next try; `None` if there is to be none.
    pub(super) fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.budget.pause(asked, now(), fastrand::f64())
    }

    /// So many bytes are there now. The retries are there again if that is more than ever: what
    /// comes a second time is nothing new.
    pub(super) fn note_bytes(&mut self, delivered: u64) {
        if delivered > self.furthest {
            self.furthest = delivered;
            self.budget.refill();
        }
    }
}

/// A key that nobody can guess.
fn new_key() -> Result<OperationKey, Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| Error::Random { source: Arc::new(error.into()) })?;
    Ok(OperationKey::from_random(bits))
}
