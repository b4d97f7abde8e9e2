//! One try: what comes for a request, until its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};

use super::engine::{Course, Engine, Tried, Verdict};
use super::handle::OperationHandle;
use super::in_flight::{InFlight, Kept};
use super::now;
use super::outlet::Output;
use crate::client::error::{CloseCause, Error};
use crate::client::event::Event;
use crate::client::inbox::{Content, Delivery};
use crate::client::transport::Line;
use crate::proto::chunk_size::RequestTiming;
use crate::proto::exchange::Event as Step;
use crate::proto::stats::count;
use crate::proto::{Control, Exchange, ExchangeError, Operation, Seq, ServerError};

/// A request as long as it is followed.
pub(super) struct Followed {
    line: Arc<dyn Line>,
    in_flight: InFlight,
    exchange: Box<Exchange>,
    /// How much of the connection's held time the exchange has been told of.
    held: Duration,
    /// Whether it goes on with an operation, rather than having asked for it.
    is_going_on: bool,
    observation: Box<Observation>,
}

/// What a request tells of its connection, which is told however it ends.
struct Observation {
    line: Arc<dyn Line>,
    timing: RequestTiming,
}

impl Observation {
    fn new(line: &Arc<dyn Line>, sent: Instant, before: u64) -> Self {
        Self { line: Arc::clone(line), timing: RequestTiming::new(sent, before) }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.line.note_timing(&self.timing);
    }
}

impl<O: Operation> Engine<O> {
    /// Hands on what comes until the last frame, or until there is none to come.
    pub(super) async fn follow(
        &mut self,
        line: &Arc<dyn Line>,
        in_flight: InFlight,
        exchange: Box<Exchange>,
    ) -> Result<Tried, Error> {
        let is_going_on = exchange.retained().is_some();
        let held = line.held(now());
        let line = Arc::clone(line);
        let observation = Box::new(Observation::new(&line, self.sent, exchange.delivered_bytes()));
        let mut followed = Followed { line, in_flight, exchange, held, is_going_on, observation };
        loop {
            followed.grant();
            let Some(delivery) = followed.next().await else {
                // A limit of time may have run out; a grant may be due.
                if let Err(error) = followed.exchange.handle_timeout(now()) {
                    return Box::pin(self.fail(followed, error)).await;
                }
                continue;
            };
            let at = now();
            followed.note_held(at);
            let (content, room) = match delivery {
                Some(Delivery::Message(content, room)) => (content, room),
                Some(Delivery::Sent) => {
                    followed.exchange.handle_sent(at);
                    self.outlet.put(Output::Event(Event::Sent)).await;
                    continue;
                }
                Some(Delivery::Refused) => {
                    let cause = followed.line.close_cause();
                    return Box::pin(self.begin_elsewhere(followed, cause)).await;
                }
                Some(Delivery::Evicted { held }) => {
                    let (id, operation) = (followed.id(), self.name.to_string());
                    return Err(Error::SlowConsumer { id, operation, held });
                }
                Some(Delivery::Broken(error)) => {
                    return Box::pin(self.fail(followed, ExchangeError::Frame(error))).await;
                }
                Some(Delivery::Overrun { limit }) => {
                    let (id, operation) = (followed.id(), self.name.to_string());
                    return Err(Error::Overrun { id, operation, limit });
                }
                None => {
                    let (id, cause) = (followed.id(), followed.line.close_cause());
                    // With the connection gone there is nobody to tell.
                    let exchange = followed.leave();
                    return Box::pin(self.recover(id, exchange, cause)).await;
                }
            };
            let message_bytes = content.len();
            let step = match content {
                Content::Chunk(chunk) => {
                    followed.exchange.handle_chunk(chunk, at, &mut self.received)
                }
                Content::Binary(message) => {
                    followed.exchange.handle_binary(&message, at, &mut self.received)
                }
                Content::Text(text) => followed.exchange.handle_text(&text, at, &mut self.received),
            };
            drop(room);
            let delivered = followed.exchange.delivered_bytes();
            followed.observation.timing.handle_message(message_bytes, delivered, at);
            // A server that says it is busy has done nothing; one that had begun is not believed,
            // unless asking twice does no harm.
            match step {
                Ok(step) => {
                    self.is_heard = true;
                    if self.hand_on(&mut followed, step).await? {
                        return self.conclude(followed).await;
                    }
                }
                Err(error) => {
                    // What had been delivered before counts as such.
                    self.hand_on_data(&followed).await?;
                    return Box::pin(self.fail(followed, error)).await;
                }
            }
        }
    }

    /// The connection takes nothing new, and has not sent the request.
    async fn begin_elsewhere(
        &mut self,
        followed: Followed,
        cause: Arc<CloseCause>,
    ) -> Result<Tried, Error> {
        let Followed { in_flight, mut exchange, is_going_on, .. } = followed;
        // Nothing is to be stopped, and the server keeps what it kept.
        if let Some(retention) = in_flight.end() {
            retention.keep();
        }
        if is_going_on {
            exchange.handle_lost();
            self.course = Course::GoOn(exchange);
        }
        self.try_elsewhere(cause).await
    }

    /// Hands on what one message meant; true if it was the last.
    async fn hand_on(&mut self, followed: &mut Followed, step: Step) -> Result<bool, Error> {
        match step {
            Step::Progress(progress) => self.put(Event::Progress(progress)).await,
            Step::Warning(warning) => self.put(Event::Warning(warning)).await,
            Step::Accepted(retained) => {
                let operation = self.key()?;
                if let Some(between) = self.between.take() {
                    between.end();
                }
                followed.in_flight.note_operation(operation.clone());
                let name = self.name.to_string();
                let handle = OperationHandle { name, operation, retained: retained.clone() };
                self.outlet.note_handle(Some(handle));
                self.put(Event::Accepted(retained)).await;
            }
            Step::Data(_) => {
                self.hand_on_data(followed).await?;
                followed.exchange.handle_taken(now());
            }
            Step::Ended => {
                // A single answer brings its payload with its end.
                self.hand_on_data(followed).await?;
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }

    async fn put(&self, event: Event) {
        self.outlet.put(Output::Event(event)).await;
    }

    async fn hand_on_data(&mut self, followed: &Followed) -> Result<(), Error> {
        if self.received.is_empty() {
            return Ok(());
        }
        self.note_bytes(followed.exchange.delivered_bytes());
        let mut received = std::mem::take(&mut self.received);
        let mut behind = received.len() as u64;
        for bytes in received.drain(..) {
            behind = behind.saturating_sub(1);
            if bytes.is_empty() {
                continue;
            }
            self.digester.update(&bytes).await?;
            let next = followed.exchange.next_chunk();
            let next = Seq::new(next.get().saturating_sub(behind)).unwrap_or(next);
            self.outlet.put(Output::Data { bytes, next }).await;
        }
        // The same memory again.
        self.received = received;
        Ok(())
    }

    /// Verifies the whole and gives the verdict.
    async fn conclude(&mut self, followed: Followed) -> Result<Tried, Error> {
        let sha256 = self.digester.so_far().await?;
        let Followed { in_flight, exchange, .. } = followed;
        let (id, operation) = (in_flight.id().clone(), self.name.to_string());
        let kept = in_flight.end().map(Kept::Payload);
        match exchange.finish(sha256) {
            Ok(Some(reply)) => Ok(Tried::Ended(Verdict { id, reply, kept })),
            Ok(None) => Ok(Tried::Again),
            Err(source) => Err(Error::Transfer { id, operation, source }),
        }
    }

    /// What to do about a request that has failed: try again, start over, or give its error.
    async fn fail(&mut self, followed: Followed, error: ExchangeError) -> Result<Tried, Error> {
        let (id, operation) = (followed.id(), self.name.to_string());
        let is_going_on = followed.is_going_on;
        match error {
            ExchangeError::Server(source) if source.is_busy() && self.may_ask_again(&followed) => {
                let Some(pause) = self.pause_for(&source) else {
                    return Err(Error::Server { id, operation, source });
                };
                if is_going_on {
                    let mut exchange = followed.leave();
                    exchange.handle_lost();
                    self.go_between();
                    self.course = Course::GoOn(exchange);
                } else if followed.exchange.retained().is_some() {
                    // What was accepted and then refused is freed, and not asked for again.
                    self.key = None;
                    self.outlet.note_handle(None);
                    drop(followed);
                } else {
                    // It is asked for again by the same key, which is not to be freed meanwhile.
                    followed.leave();
                }
                count(&self.transport.counters().busy_retries);
                self.put(Event::Busy { pause }).await;
                sleep(pause).await;
                Ok(Tried::Again)
            }
            ExchangeError::Server(source) if source.is_resume_refusal() => {
                let line = Arc::clone(&followed.line);
                self.start_over(&line, Error::Server { id, operation, source }).await?;
                Ok(Tried::Again)
            }
            ExchangeError::Server(source) => {
                if source.code == ServerError::SUPERSEDED {
                    // It is somebody else's now, and not ours to stop or to free.
                    followed.leave();
                }
                Err(Error::Server { id, operation, source })
            }
            source @ (ExchangeError::EpochChanged { .. } | ExchangeError::NotAccepted { .. })
                if is_going_on =>
            {
                let line = Arc::clone(&followed.line);
                drop(followed);
                self.start_over(&line, Error::Transfer { id, operation, source }).await?;
                Ok(Tried::Again)
            }
            source if source.is_damage() && followed.exchange.retained().is_some() => {
                let Some(pause) = self.pause(None) else {
                    self.leave_journaled();
                    return Err(Error::Transfer { id, operation, source });
                };
                self.ask_again_elsewhere(followed, pause).await
            }
            ExchangeError::Idle { limit } => {
                self.leave_journaled();
                Err(Error::Idle { id, operation, limit })
            }
            source => {
                if source.is_limit() {
                    self.leave_journaled();
                }
                Err(Error::Transfer { id, operation, source })
            }
        }
    }

    /// Leaves what the server keeps to it where somebody may come back.
    fn leave_journaled(&self) {
        if self.options.journal.is_some() {
            self.outlet.leave_behind();
        }
    }

    /// Goes on from the last good byte, over a connection that may do better.
    async fn ask_again_elsewhere(
        &mut self,
        followed: Followed,
        pause: Duration,
    ) -> Result<Tried, Error> {
        followed.line.detach(followed.in_flight.id());
        let mut exchange = followed.leave();
        exchange.handle_lost();
        self.go_between();
        self.course = Course::GoOn(exchange);
        let cause = Arc::new(CloseCause::Damaged);
        tracing::debug!(%cause, ?pause, "asking again on another connection");
        self.put(Event::Interrupted { cause, pause }).await;
        sleep(pause).await;
        Ok(Tried::Again)
    }

    /// Whether a server that says it is busy can be asked again.
    fn may_ask_again(&self, followed: &Followed) -> bool {
        let has_begun = self.is_heard && !self.operation.is_repeatable();
        followed.is_going_on || (!has_begun && followed.exchange.delivered_bytes() == 0)
    }

    fn pause_for(&mut self, busy: &ServerError) -> Option<Duration> {
        let pause = self.pause(busy.retry_after)?;
        let deadline = self.options.deadline.and_then(|limit| self.begun.checked_add(limit));
        let end = now().checked_add(pause);
        deadline.is_none_or(|at| end.is_some_and(|end| end < at)).then_some(pause)
    }
}

impl Followed {
    fn id(&self) -> crate::proto::MessageId {
        self.in_flight.id().clone()
    }

    /// Neither stops nor frees what the server has.
    fn leave(self) -> Box<Exchange> {
        if let Some(retention) = self.in_flight.end() {
            retention.keep();
        }
        self.exchange
    }

    /// Sends the grant that is due.
    fn grant(&mut self) {
        if !self.exchange.has_credit() {
            return;
        }
        if let Some(up_to) = self.exchange.poll_grant(now()) {
            // A connection that has ended will say so.
            let _ = self.line.control(Control::Credit { target: self.id(), up_to });
        }
    }

    /// The next delivery, the inner `None` once there is none to come; the outer `None` if a limit
    /// of time may have run out before. What waits in the inbox comes before that.
    async fn next(&mut self) -> Option<Option<Delivery>> {
        let Some(due) = self.exchange.next_timeout() else {
            return Some(self.in_flight.next().await);
        };
        tokio::select! {
            biased;
            delivery = self.in_flight.next() => Some(delivery),
            () = sleep_until(due.into()) => {
                self.note_held(now());
                None
            }
        }
    }

    /// Puts the idle limit off by what the connection was held since the last time.
    fn note_held(&mut self, now: Instant) {
        let total = self.line.held(now);
        self.exchange.handle_held(total.saturating_sub(self.held));
        self.held = total;
    }
}
