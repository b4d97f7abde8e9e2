//! The life of an export in shards: sessions at work until all is there, then one archive.
//!
//! ```text
//!   plan ──▶ shard ──▶ session ──▶ store ──▶ … ──▶ merged ──▶ verdict
//!     ▲                   │ failed
//!     └── again, halves ◀─┴─▶ pause ──▶ session
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use tokio::time::sleep;

use super::board::Board;
use super::crew::Crew;
use super::merging;
use super::session::{Ended, Finished, Session, Task, failure_of, is_logon, reason};
use super::slowest::Slowest;
use crate::client::connect::ConnectError;
use crate::client::error::{Error, ErrorKind};
use crate::client::event::{Event, Sessions};
use crate::client::file::Store;
use crate::client::link::Link;
use crate::client::options::TransferOptions;
use crate::client::retry::Retries;
use crate::client::transfer::{Outlet, Output, Transfer, Verdict};
use crate::client::transport::Transport;
use crate::ops::git::{
    ObjectKey, Outcome, OutcomeSkipped, Plan, Reason, Shard, ShardedExport, Types,
};
use crate::proto::limits::WINDOW;
use crate::proto::{ExchangeError, IdMint, KeptWarnings, Operation, Progress};

/// How far apart signs of progress are, at least.
const PACE: Duration = Duration::from_millis(100);
/// The least that may be parked for a session, in bytes.
const LEAST_PARKED_BYTES: usize = 8 << 20;
/// How long the server may take to say which types it can serialize.
const TYPES_LIMIT: Duration = Duration::from_secs(10);
/// How often a session that cannot connect tries before it counts as refused.
const MOST_CONNECTS: u32 = 3;

/// An export in shards, from its plan to its verdict.
pub(super) struct Run {
    pub(super) operation: Arc<ShardedExport>,
    pub(super) options: TransferOptions,
    /// How long all of it may take, and when that is over.
    pub(super) deadline: Option<(Duration, tokio::time::Instant)>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) store: Store,
    pub(super) plan: Plan,
    pub(super) crew: Crew,
    pub(super) board: Board,
    pub(super) slowest: Slowest,
    pub(super) warnings: KeptWarnings,
    /// Bytes of all shards that are whole.
    pub(super) bytes: u64,
    /// The most bytes that were there at any time, of shards under way too.
    pub(super) most_bytes: u64,
    /// The last thing that went wrong, for an export that gets nothing at all.
    pub(super) last_error: Option<Error>,
    /// The most that was said to be done.
    pub(super) done: u64,
}

/// Something that is under way for one session.
enum Step {
    Opened(Result<Link, ConnectError>),
    Ended(Session, Box<Ended>),
    Rested(Session),
}

impl Run {
    /// Works until there is a verdict, the deadline has passed, or somebody wishes it to stop.
    pub(super) async fn run(self) -> Result<Verdict, Error> {
        let (outlet, operation) = (Arc::clone(&self.outlet), self.operation.name().to_string());
        outlet.put(Output::Started).await;
        // Nothing of the whole is kept by a server.
        let deadline = self.deadline;
        let work = std::pin::pin!(self.work());
        outlet.run(operation, deadline, false, work).await
    }

    async fn work(mut self) -> Result<Verdict, Error> {
        let mut steps = FuturesUnordered::new();
        loop {
            self.hand_out(&mut steps);
            self.tell().await;
            if self.plan.is_done() {
                break;
            }
            let step = tokio::select! {
                biased;
                Some(step) = steps.next() => step,
                () = news(&self.board) => continue,
            };
            if let Some(rest) = self.handle(step)? {
                steps.push(rest);
            }
        }
        // What still opens or rests is not needed any more.
        drop(steps);
        self.conclude().await
    }

    /// Puts free sessions to work, and opens others where there is more to do.
    fn hand_out(&mut self, steps: &mut FuturesUnordered<BoxFuture<'static, Step>>) {
        for _ in 0..self.crew.free() {
            let Some(session) = self.crew.take() else { break };
            match self.plan.next_shard(self.crew.allowed(), session.is_first) {
                None => self.crew.idle(session),
                Some(shard) => {
                    let task = Task {
                        shard,
                        slot: self.store.next_slot(),
                        options: self.shard_options(),
                        board: self.board.clone(),
                    };
                    steps.push(
                        async move {
                            let ended = session.work(task).await;
                            Step::Ended(session, Box::new(ended))
                        }
                        .boxed(),
                    );
                }
            }
        }
        while self.plan.has_waiting_for_all() && self.crew.may_open() {
            let way = self.crew.first().way().for_another_of(self.operation.sessions);
            steps.push(async move { Step::Opened(Link::open(way).await) }.boxed());
        }
    }

    /// Takes what came of a step; gives the next for the same session, if there is one.
    fn handle(&mut self, step: Step) -> Result<Option<BoxFuture<'static, Step>>, Error> {
        match step {
            Step::Rested(session) => self.crew.add(session),
            Step::Opened(Ok(link)) => self.crew.add_opened(link),
            Step::Opened(Err(error)) => {
                tracing::info!(error = reason(&error), "no further session");
                self.crew.lost();
            }
            Step::Ended(session, ended) => {
                self.crew.ended();
                let Ended { shard, slot, took, result } = *ended;
                match result {
                    Ok(finished) => {
                        let Finished { content, bytes } = finished;
                        if !content.objects.is_empty() {
                            self.store.add(slot);
                        }
                        self.bytes = self.bytes.saturating_add(bytes);
                        self.check_limit()?;
                        self.slowest.note(&shard.objects, took);
                        self.plan.handle_done(&shard, content.objects, &content.skipped, took);
                        self.crew.note_success();
                        let mut session = session;
                        session.note_success();
                        self.crew.add(session);
                    }
                    Err(error) => return self.handle_failed(session, shard, error, took),
                }
            }
        }
        Ok(None)
    }

    fn handle_failed(
        &mut self,
        mut session: Session,
        shard: Shard,
        error: Error,
        took: Duration,
    ) -> Result<Option<BoxFuture<'static, Step>>, Error> {
        let Some(failure) = failure_of(&error) else { return Err(self.of_all(error)) };
        tracing::debug!(error = reason(&error), objects = shard.objects.len(), "a shard failed");
        self.plan.handle_failed(shard, failure, took);
        let pause = session.pause_after(&error);
        match &error {
            Error::Server { source, .. } if source.is_busy() => {
                let busy_for = self.crew.note_busy(Instant::now());
                if self.options.idle_limit.is_some_and(|limit| busy_for >= limit) {
                    return Err(error);
                }
            }
            Error::Connect(refusal) if is_logon(refusal) => return Err(error),
            Error::Connect(refusal) => {
                let retries = self.options.retries.clone().unwrap_or_default();
                let most = if session.is_first { retries.most_tries() } else { MOST_CONNECTS };
                let is_final = !refusal.is_transient() || session.note_refusal() > most;
                if is_final && !session.is_first {
                    self.crew.lost();
                    return Ok(None);
                }
                // The first is needed for what others cannot take; they do the rest without it.
                if is_final && (!refusal.is_transient() || self.crew.is_alone()) {
                    return Err(error);
                }
            }
            _ => self.last_error = Some(error),
        }
        Ok(Some(
            async move {
                sleep(pause).await;
                Step::Rested(session)
            }
            .boxed(),
        ))
    }

    /// What one request is held to: all sessions together have what one transfer has, and all
    /// shards together are one payload.
    fn shard_options(&self) -> TransferOptions {
        let sessions = self.operation.sessions.max(1);
        let share = u64::try_from(sessions).ok().and_then(|n| WINDOW.checked_div(n));
        let window = self.options.window.min(share.unwrap_or_default().max(1));
        let mut options = self.options.clone().retries(Retries::never()).window(window);
        options.deadline = Some(self.operation.request_limit);
        let limits = &mut options.limits;
        limits.max_payload_bytes = limits.max_payload_bytes.saturating_sub(self.bytes);
        let parked = limits.max_parked_bytes.checked_div(sessions).unwrap_or_default();
        limits.max_parked_bytes = parked.max(LEAST_PARKED_BYTES.min(limits.max_parked_bytes));
        options
    }

    /// Fails once all that has come is more than the payload may have.
    fn check_limit(&self) -> Result<(), Error> {
        let is_within = self.bytes <= self.options.limits.max_payload_bytes;
        if is_within { Ok(()) } else { Err(self.too_large()) }
    }

    /// What the error of a shard means for the whole.
    fn of_all(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::Limit { self.too_large() } else { error }
    }

    fn too_large(&self) -> Error {
        let name = self.operation.name();
        let limit = self.options.limits.max_payload_bytes;
        let got = self.bytes.max(limit.saturating_add(1));
        Error::Transfer {
            id: IdMint::new().mint(name.domain()),
            operation: name.to_string(),
            source: ExchangeError::AnswerTooLarge { got, limit },
        }
    }

    /// Tells how far it is.
    async fn tell(&mut self) {
        for warning in self.board.take_warnings() {
            self.warnings.keep(&warning);
            self.outlet.put(Output::Event(Event::Warning(warning))).await;
        }
        let (reading, tally) = (self.board.read(), self.plan.tally());
        let count = |objects: usize| u64::try_from(objects).unwrap_or(u64::MAX);
        let total = count(tally.total);
        self.done = count(tally.settled).saturating_add(reading.done).min(total).max(self.done);
        let progress =
            Progress { done: Some(self.done), total: Some(total), message: reading.message };
        self.most_bytes = self.most_bytes.max(self.bytes.saturating_add(reading.bytes));
        let sessions = Sessions {
            allowed: self.crew.allowed(),
            at_work: self.crew.at_work(),
            shards: self.store.shards().len(),
            bytes: self.most_bytes,
        };
        self.outlet.put(Output::Event(Event::Progress(progress))).await;
        self.outlet.put(Output::Event(Event::Sessions(sessions))).await;
    }

    /// Puts the shards together, hands the whole on and says what it is.
    async fn conclude(self) -> Result<Verdict, Error> {
        let Self { plan, crew, store, outlet, operation, .. } = self;
        if plan.received().is_empty()
            && let Some(error) = self.last_error
        {
            return Err(error);
        }
        let is_silent = plan.skipped().values().any(|reason| *reason == Reason::None);
        let types = if is_silent { types(crew.first()).await } else { None };
        // The server has no more to do for us.
        drop(crew);
        let skipped: Vec<_> = plan
            .skipped()
            .iter()
            .map(|(object, reason)| OutcomeSkipped {
                object: object.clone(),
                reason: explain(object, reason, types.as_ref()),
            })
            .collect();
        let requested = plan.received().iter().chain(plan.skipped().keys());
        let requested = requested.cloned().collect();
        let outcome = Outcome { requested, skipped, slowest: self.slowest.into_times() };
        merging::merge(&operation, &outlet, store, outcome, self.warnings.into_list()).await
    }
}

/// The types that the server can serialize, if it says so.
async fn types(link: &Arc<Link>) -> Option<BTreeSet<String>> {
    let transport: Arc<dyn Transport> = link.clone();
    let options = TransferOptions::default().deadline(Some(TYPES_LIMIT)).retries(Retries::never());
    let types = async { Transfer::start(transport, Types, options, None).await?.collect().await };
    match Box::pin(types).await {
        Ok(done) => Some(done.output.into_iter().map(|kind| kind.to_uppercase()).collect()),
        Err(error) => {
            tracing::debug!(%error, "the types that can be serialized are not known");
            None
        }
    }
}

/// Why an object is not there, as far as anybody knows.
fn explain(object: &ObjectKey, reason: &Reason, types: Option<&BTreeSet<String>>) -> String {
    match reason {
        Reason::Given(reason) => reason.clone(),
        Reason::None if types.is_some_and(|types| !types.contains(object.kind())) => {
            format!("the server cannot serialize objects of type {}", object.kind())
        }
        Reason::None => "the server left it out and gave no reason".to_owned(),
    }
}

/// Waits for news, and lets a few more come.
async fn news(board: &Board) {
    board.changed().await;
    sleep(PACE).await;
}
