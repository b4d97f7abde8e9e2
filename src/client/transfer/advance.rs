//! How a transfer moves on: one delivery, one limit of time, one try after another.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::{Happened, Running, State, Transfer, now};
use crate::client::error::Error;
use crate::client::event::{Event, Status};
use crate::client::inbox::Delivery;
use crate::client::transport::{Started, Turn};
use crate::proto::exchange::{Event as Step, Terms};
use crate::proto::stats::count;
use crate::proto::{Exchange, ExchangeError, Operation};

impl<O: Operation> Transfer<O> {
    /// Sends the request, for the first time or again.
    pub(super) fn send(&mut self, turn: Turn) -> Result<(), Error> {
        let Started { id, mode, features, inbox } = self.transport.start(&self.request, turn)?;
        let mut terms = Terms::new(mode, features);
        terms.answer_payload = self.operation.answer_payload();
        terms.limits = self.options.limits.clone();
        terms.idle_limit = self.options.idle_limit;
        let exchange = Exchange::new(terms, Arc::clone(self.transport.counters()));
        tracing::debug!(
            %id,
            domain = self.request.name.domain(),
            action = self.request.name.action(),
            "request"
        );
        self.state = State::Running(Running {
            id,
            inbox,
            exchange,
            hasher: Default::default(),
            held: Duration::ZERO,
        });
        Ok(())
    }

    /// Waits for the next event and appends payload to `out`.
    pub(super) async fn advance(&mut self, out: &mut BytesMut) -> Option<Happened> {
        std::future::poll_fn(|cx| self.poll_advance(cx, out)).await
    }

    /// The next event; payload is appended to `out`.
    pub(super) fn poll_advance(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut BytesMut,
    ) -> Poll<Option<Happened>> {
        loop {
            match &mut self.state {
                State::Running(running) => {
                    let delivery = running.inbox.poll_next(cx);
                    let now = now();
                    let Poll::Ready(delivery) = delivery else {
                        match ready!(self.poll_timer(cx, now)) {
                            Ok(()) => continue,
                            Err(error) => self.fail(error),
                        }
                        continue;
                    };
                    // Nothing extends a deadline, so it comes before what has come. The idle limit
                    // does not: what waits in the inbox may put it off.
                    if let Some(limit) = self.options.deadline.filter(|_| self.is_overdue(now)) {
                        let operation = self.request.name.to_string();
                        self.fail(Error::Deadline { operation, limit });
                        continue;
                    }
                    if let Some(happened) = self.handle_delivery(delivery, now, out) {
                        return Poll::Ready(Some(happened));
                    }
                }
                State::Pausing => {
                    let turn = ready!(self.poll_turn(cx));
                    if let Err(error) = turn.and_then(|turn| self.send(turn)) {
                        self.fail(error);
                    }
                }
                State::Ended(_) | State::Settled => return Poll::Ready(None),
            }
        }
    }

    fn handle_delivery(
        &mut self,
        delivery: Option<Delivery>,
        now: Instant,
        out: &mut BytesMut,
    ) -> Option<Happened> {
        let State::Running(running) = &mut self.state else { return None };
        running.note_held(self.transport.held(now));
        let step = match delivery {
            Some(Delivery::Sent) => {
                running.exchange.handle_sent(now);
                return Some(Happened::Event(Event::Sent));
            }
            Some(Delivery::Text(text, _room)) => {
                let before = out.len();
                let step = running.exchange.handle_text(&text, now, out);
                running.hasher.update(out.get(before..).unwrap_or_default());
                step
            }
            Some(Delivery::Evicted { held }) => {
                let (id, operation) = (running.id.clone(), self.request.name.to_string());
                self.fail(Error::SlowConsumer { id, operation, held });
                return None;
            }
            None => {
                let id = Some(running.id.clone());
                self.fail(Error::Lost { id, cause: self.transport.close_cause() });
                return None;
            }
        };
        // A server that says it is busy has done nothing; one that had begun is not believed, unless
        // asking twice does no harm.
        let may_repeat = !self.heard || self.operation.is_repeatable();
        self.heard |= step.is_ok();
        match step {
            Ok(Step::Progress(progress)) => {
                self.progress = Some(progress.clone());
                self.tell_progress();
                Some(Happened::Event(Event::Progress(progress)))
            }
            Ok(Step::Warning(warning)) => {
                if let Some(watch) = &mut self.watchers.warning {
                    watch(&warning);
                }
                Some(Happened::Event(Event::Warning(warning)))
            }
            Ok(Step::Data(bytes)) => {
                self.bytes = self.bytes.saturating_add(bytes as u64);
                self.tell_progress();
                (bytes > 0).then_some(Happened::Data)
            }
            Ok(Step::Ended) => {
                self.end();
                // A single answer brings its payload with its end.
                (!out.is_empty()).then_some(Happened::Data)
            }
            Ok(_) => None,
            Err(ExchangeError::Server(error))
                if error.is_busy() && self.bytes == 0 && may_repeat =>
            {
                let pause = self.busy.pause(&error, fastrand::f64());
                let Some(pause) = pause.filter(|pause| self.deadline_allows(now, *pause)) else {
                    self.fail_exchange(ExchangeError::Server(error));
                    return None;
                };
                tracing::debug!(?pause, "server is busy, the request is sent again");
                count(&self.transport.counters().busy_retries);
                self.timer.as_mut().reset(now.checked_add(pause).unwrap_or(now).into());
                self.state = State::Pausing;
                Some(Happened::Event(Event::Busy { pause }))
            }
            Err(error) => {
                self.fail_exchange(error);
                None
            }
        }
    }

    /// Waits until a limit of time may have run out; an error if one has.
    fn poll_timer(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Result<(), Error>> {
        let State::Running(running) = &mut self.state else { return Poll::Ready(Ok(())) };
        running.note_held(self.transport.held(now));
        let deadline = self.options.deadline.and_then(|limit| self.begun.checked_add(limit));
        let due = [running.exchange.next_timeout(), deadline].into_iter().flatten().min();
        let Some(due) = due else { return Poll::Pending };
        if due > now {
            self.timer.as_mut().reset(due.into());
            ready!(self.timer.as_mut().poll(cx));
        }
        let now = self::now().max(due);
        running.note_held(self.transport.held(now));
        let (id, operation) = (running.id.clone(), self.request.name.to_string());
        if let Some(limit) = self.options.deadline.filter(|_| deadline.is_some_and(|at| at <= now))
        {
            return Poll::Ready(Err(Error::Deadline { operation, limit }));
        }
        Poll::Ready(running.exchange.handle_timeout(now).map_err(|error| match error {
            ExchangeError::Idle { limit } => Error::Idle { id, operation, limit },
            source => Error::Transfer { id, operation, source },
        }))
    }

    /// Waits for the pause to end, then for a turn, but not past the deadline.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<Turn, Error>> {
        if self.turn.is_none() {
            ready!(self.timer.as_mut().poll(cx));
            if let Some(deadline) = self.deadline() {
                self.timer.as_mut().reset(deadline.into());
            }
        }
        let waiting = self.turn.get_or_insert_with(|| self.transport.turn(&self.request));
        let turn = match waiting.as_mut().poll(cx) {
            Poll::Ready(turn) => turn,
            Poll::Pending => {
                let Some(limit) = self.options.deadline else { return Poll::Pending };
                ready!(self.timer.as_mut().poll(cx));
                Err(Error::Deadline { operation: self.request.name.to_string(), limit })
            }
        };
        self.turn = None;
        Poll::Ready(turn)
    }

    fn deadline(&self) -> Option<Instant> {
        self.options.deadline.and_then(|limit| self.begun.checked_add(limit))
    }

    fn is_overdue(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    fn deadline_allows(&self, now: Instant, pause: Duration) -> bool {
        let then = now.checked_add(pause);
        self.deadline().is_none_or(|deadline| then.is_some_and(|then| then < deadline))
    }

    fn tell_progress(&mut self) {
        if let Some(watch) = &mut self.watchers.progress {
            watch(&Status { progress: self.progress.as_ref(), bytes: self.bytes });
        }
    }

    fn fail_exchange(&mut self, source: ExchangeError) {
        let Some(id) = self.id().cloned() else { return };
        let operation = self.request.name.to_string();
        self.fail(match source {
            ExchangeError::Server(source) => Error::Server { id, operation, source },
            source => Error::Transfer { id, operation, source },
        });
    }

    /// Ends with an error and leaves the table, where it may still stand.
    fn fail(&mut self, error: Error) {
        if let State::Running(running) = &self.state {
            self.transport.cancel(&running.id);
        }
        self.state = State::Ended(Err(error));
    }

    /// Ends with the reply; only after [`Step::Ended`].
    fn end(&mut self) {
        if let State::Running(running) = std::mem::replace(&mut self.state, State::Settled) {
            let (id, operation) = (running.id, self.request.name.to_string());
            match running.exchange.finish(running.hasher.finish()) {
                Ok(Some(reply)) => {
                    self.bytes = reply.payload_bytes;
                    self.state = State::Ended(Ok((id, reply)));
                }
                Ok(None) => {}
                Err(source) => self.fail(Error::Transfer { id, operation, source }),
            }
        }
        self.tell_progress();
    }
}

impl Running {
    /// Puts the idle limit off by what the connection was held since the last time.
    fn note_held(&mut self, total: Duration) {
        self.exchange.handle_held(total.saturating_sub(self.held));
        self.held = total;
    }
}
