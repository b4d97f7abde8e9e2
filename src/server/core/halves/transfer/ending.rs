//! How a transfer ends: by itself, or because its caller wants no more of it.

use std::time::Instant;

use super::{CancelOutcome, Cause, Course, Transfer, Verdict};
use crate::client::RetryBudget;
use crate::client::limits::OUTCOME_LIMIT;
use crate::proto::frame::Kind;
use crate::proto::{Control, Exchange, ExchangeError, Feature, MessageId, Seq, ServerError};
use crate::server::core::halves::Desk;

impl Transfer {
    pub(super) fn conclude(&mut self, desk: &mut Desk<'_>) {
        let Course::Following { exchange, .. } = self.take_course() else { return };
        let is_kept = exchange.retained().is_some();
        let verdict = match exchange.finish(self.sink.received.sha256()) {
            Ok(Some(reply)) => Verdict::Payload(Box::new(reply)),
            Ok(None) => panic!("it has ended"),
            Err(error) => Verdict::Failed(Cause::Exchange(error)),
        };
        if is_kept {
            self.release(desk);
        }
        self.end(verdict);
    }

    /// Ends with an error of this side.
    pub(in crate::server::core) fn give_up(&mut self, desk: &mut Desk<'_>, cause: Cause) {
        self.stop(desk);
        self.end(Verdict::Failed(cause));
    }

    /// A frame that belongs to it is not what it has to be.
    pub(in crate::server::core) fn handle_broken(
        &mut self,
        desk: &mut Desk<'_>,
        error: ExchangeError,
        now: Instant,
    ) {
        if self.is_following() {
            self.fail(desk, error, now);
        } else if let Course::Leaving { id, .. } = &self.course {
            desk.demux.forget(id);
            self.end(Verdict::Cancelled(CancelOutcome::Unknown));
        }
    }

    /// Whoever wanted the payload does not want it any more, and does not ask what came of that.
    pub(in crate::server::core) fn drop_it(&mut self, desk: &mut Desk<'_>) {
        self.stop(desk);
        self.end(Verdict::Cancelled(CancelOutcome::Unknown));
    }

    /// Whoever wanted the payload does not want it any more, and asks what came of that. `last` is
    /// the last frame, if that has come and was not taken.
    pub(in crate::server::core) fn cancel(
        &mut self,
        desk: &mut Desk<'_>,
        last: Option<(&str, Kind)>,
        now: Instant,
    ) {
        match self.take_course() {
            Course::Following { id, exchange, is_going_on, is_noted } => {
                if !exchange.terms().features.contains(Feature::Cancel) {
                    self.course = Course::Following { id, exchange, is_going_on, is_noted };
                    return self.drop_it(desk);
                }
                if desk.demux.get(&id).is_none() {
                    // There is nothing to be stopped any more.
                    if let Some((text, kind)) = last {
                        return self.leave(desk, text, kind, is_noted);
                    }
                    if is_noted {
                        self.release(desk);
                    }
                    return self.end(Verdict::Cancelled(CancelOutcome::Unknown));
                }
                desk.control(&Control::Cancel { target: id.clone() });
                let until = now + OUTCOME_LIMIT;
                let is_kept = exchange.retained().is_some();
                self.course = Course::Leaving { id, is_kept, until };
            }
            course @ Course::Pausing { .. } => {
                self.course = course;
                self.drop_it(desk);
            }
            course => self.course = course,
        }
    }

    /// Tells by the last frame what came of a cancel.
    pub(super) fn leave(&mut self, desk: &mut Desk<'_>, text: &str, kind: Kind, is_kept: bool) {
        let is_cancelled = text.contains(ServerError::CANCELLED);
        let outcome = match kind {
            _ if is_cancelled => CancelOutcome::Cancelled,
            Kind::Complete => CancelOutcome::Completed,
            _ => CancelOutcome::Failed,
        };
        if is_kept && !is_cancelled {
            self.release(desk);
        }
        self.end(Verdict::Cancelled(outcome));
    }

    /// Leaves the operation to the server; `true` if somebody can come back for it.
    pub(in crate::server::core) fn detach(&mut self, desk: Option<&mut Desk<'_>>) -> bool {
        let exchange = match self.take_course() {
            Course::Following { id, mut exchange, .. } => {
                if let Some(desk) = desk {
                    desk.demux.forget(&id);
                    *desk.is_retired = true;
                }
                exchange.handle_lost();
                Some(exchange)
            }
            Course::Pausing { exchange, .. } => exchange,
            course => {
                self.course = course;
                return false;
            }
        };
        match exchange.filter(|exchange| exchange.retained().is_some()) {
            Some(exchange) => self.course = Course::Detached(exchange),
            None => self.end(Verdict::Cancelled(CancelOutcome::Unknown)),
        }
        self.verdict.is_none()
    }

    /// Goes on with what was left to the server, from where it was or from nothing.
    pub(in crate::server::core) fn attach(&mut self, from_nothing: bool, now: Instant) {
        let Course::Detached(before) = self.take_course() else { panic!("not detached") };
        let (mut next, mut offset) = (before.next_chunk(), before.delivered_bytes());
        if from_nothing {
            (next, offset) = (Seq::FIRST, 0);
            self.sink.clear();
        }
        let (terms, retained) = (before.terms().clone(), before.retained().cloned());
        let retained = retained.expect("it is kept");
        // Whoever attaches is another transfer to the client, with a budget of its own.
        self.budget = RetryBudget::new(self.wishes.retries.clone());
        self.furthest = offset;
        let exchange =
            Exchange::continued(terms, std::sync::Arc::default(), retained, next, offset);
        self.course = Course::Pausing { until: now, exchange: Some(Box::new(exchange)) };
    }

    pub(in crate::server::core) fn is_detached(&self) -> bool {
        matches!(self.course, Course::Detached(_))
    }

    /// Stops what the server still does, and frees what it keeps.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) {
        match self.take_course() {
            Course::Following { id, exchange, is_noted, .. } => {
                self.stop_request(desk, id, &exchange, is_noted);
            }
            Course::Pausing { exchange: Some(_), .. } | Course::Detached(_) => self.release(desk),
            Course::Leaving { id, .. } => drop(desk.demux.forget(&id)),
            Course::Pausing { .. } | Course::Over => {}
        }
    }

    pub(super) fn stop_request(
        &mut self,
        desk: &mut Desk<'_>,
        id: MessageId,
        exchange: &Exchange,
        is_noted: bool,
    ) {
        let is_pending = desk.demux.forget(&id).is_some();
        let can_cancel = exchange.terms().features.contains(Feature::Cancel);
        if is_pending && can_cancel {
            desk.control(&Control::Cancel { target: id });
        }
        // A request that was to go on may not have come to that.
        if is_noted {
            self.release(desk);
        }
        // Where the server goes on with it, the connection takes nothing new.
        *desk.is_retired |= is_pending && !can_cancel;
    }

    pub(super) fn release(&mut self, desk: &mut Desk<'_>) {
        desk.control(&Control::Release { operation: self.key() });
    }
}
