//! What a transfer does about a failure: try again, start over, or end with it.

use std::time::{Duration, Instant};

use super::{Cause, Course, Transfer, Verdict};
use crate::proto::exchange::Recovery;
use crate::proto::{Exchange, ExchangeError, ServerError};
use crate::server::core::halves::Desk;

impl Transfer {
    pub(super) fn fail(&mut self, desk: &mut Desk<'_>, error: ExchangeError, now: Instant) {
        let Course::Following { id, mut exchange, is_going_on, is_noted } = self.take_course()
        else {
            return;
        };
        let cause = Cause::Exchange(error.clone());
        match error {
            ExchangeError::Server(error)
                if error.is_busy() && self.may_ask_again(&exchange, is_going_on) =>
            {
                let Some(pause) = self.pause(error.retry_after, now) else {
                    self.stop_request(desk, id, &exchange, is_noted);
                    return self.end(Verdict::Failed(cause));
                };
                let until = now + pause;
                let is_retained = exchange.retained().is_some();
                if !is_going_on && is_retained {
                    // What was accepted and then refused is freed, and not asked for again.
                    self.release(desk);
                    self.keys += 1;
                }
                exchange.handle_lost();
                let exchange = is_going_on.then_some(exchange);
                self.course = Course::Pausing { until, exchange };
            }
            ExchangeError::Server(error) if error.is_resume_refusal() => {
                self.start_over(desk, cause, now);
            }
            ExchangeError::Server(error) => {
                // What was taken over is somebody else's, and not to be freed.
                if error.code != ServerError::SUPERSEDED {
                    self.stop_request(desk, id, &exchange, is_noted);
                }
                self.end(Verdict::Failed(cause));
            }
            ExchangeError::EpochChanged { .. } | ExchangeError::NotAccepted { .. }
                if is_going_on =>
            {
                self.stop_request(desk, id, &exchange, is_noted);
                self.start_over(desk, cause, now);
            }
            error if error.is_damage() && exchange.retained().is_some() => {
                let Some(pause) = self.pause(None, now) else {
                    self.stop_request(desk, id, &exchange, is_noted);
                    return self.end(Verdict::Failed(cause));
                };
                // From the last good byte, over a connection that may do better.
                desk.demux.forget(&id);
                *desk.is_retired = true;
                exchange.handle_lost();
                self.course = Course::Pausing { until: now + pause, exchange: Some(exchange) };
            }
            _ => {
                self.stop_request(desk, id, &exchange, is_noted);
                self.end(Verdict::Failed(cause));
            }
        }
    }

    /// Begins again with nothing, if that may be.
    fn start_over(&mut self, desk: &mut Desk<'_>, cause: Cause, now: Instant) {
        let recovery =
            Exchange::recovery_without_resume(self.wishes.is_repeatable, self.is_given());
        let mut has_try = || self.pause(None, now).is_some() || self.budget.start_over_once_more();
        if recovery != Recovery::Restart || !has_try() {
            self.release(desk);
            return self.end(Verdict::Failed(cause));
        }
        self.release(desk);
        self.keys += 1;
        self.restart(cause);
        if *desk.is_retired {
            self.course = Course::Pausing { until: now, exchange: None };
        } else {
            self.budget.handle_connected(now);
            self.send(desk, None, now);
        }
    }

    fn restart(&mut self, cause: Cause) {
        assert!(!self.is_given(), "bytes were given out that cannot be taken back");
        self.restarts.push(cause);
        self.sink.clear();
        self.is_heard = false;
    }

    /// The connection is gone.
    pub(in crate::server::core) fn handle_lost(&mut self, now: Instant) {
        match self.take_course() {
            Course::Following { mut exchange, .. } => {
                exchange.handle_lost();
                let recovery = exchange.recovery(self.wishes.is_repeatable, self.is_given());
                let pause = self.pause(None, now).filter(|_| recovery != Recovery::Fail);
                let Some(pause) = pause else {
                    return self.end(Verdict::Failed(Cause::Lost));
                };
                let exchange = (recovery == Recovery::Resume).then_some(exchange);
                if exchange.is_none() {
                    self.restart(Cause::Lost);
                }
                self.course = Course::Pausing { until: now + pause, exchange };
            }
            Course::Leaving { .. } => {
                self.end(Verdict::Cancelled(super::CancelOutcome::Unknown));
            }
            course => self.course = course,
        }
    }

    /// Whether a server that says it is busy can be asked again.
    fn may_ask_again(&self, exchange: &Exchange, is_going_on: bool) -> bool {
        let has_begun = self.is_heard && !self.wishes.is_repeatable;
        is_going_on || (!has_begun && exchange.delivered_bytes() == 0)
    }

    /// How long to wait before the next try; `None` if there is to be none.
    fn pause(&mut self, asked: Option<Duration>, now: Instant) -> Option<Duration> {
        let (asked, jitter) = match self.wishes.pause {
            Some(pause) => (Some(pause), 0.0),
            None => (asked, self.random.f64()),
        };
        self.budget.pause(asked, now, jitter)
    }

    fn is_given(&self) -> bool {
        self.wishes.gives_out && !self.sink.received.is_empty()
    }
}
