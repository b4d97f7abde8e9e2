//! Requests that nobody wants any more.
//!
//! ```text
//!                 not sent yet ──▶ gone
//!               ╱
//!   dropped ───┼─ server with cancel ──▶ stream.cancel ──▶ last frame, or 5 s ──▶ gone
//!               ╲
//!                 server without ──▶ connection retired, or (if so chosen) last frame awaited
//! ```

use std::collections::VecDeque;

use tokio::time::Instant;

use super::{Driver, Stage, Waiter};
use crate::client::asking::{Asking, outcome_of};
use crate::client::error::CloseCause;
use crate::client::limits::OUTCOME_LIMIT;
use crate::client::outcome::CancelOutcome;
use crate::proto::limits::IDLE_LIMIT;
use crate::proto::request::Mode;
use crate::proto::{Control, MessageId, OperationKey};

/// Requests that wait for their last frame only, by when that is overdue.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    /// Those that were cancelled, oldest first.
    cancelled: VecDeque<(Instant, MessageId)>,
    /// The one that a server without `cancel` works on while the connection waits for it.
    awaited: Option<(Instant, MessageId)>,
}

/// A request whose frames are thrown away.
#[derive(Debug)]
pub(super) struct Left {
    asking: Option<Asking>,
    /// What the server keeps of it, to be freed should its result have been faster.
    operation: Option<OperationKey>,
}

impl Leaving {
    /// When [`Driver::settle_overdue`] is due.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let cancelled = self.cancelled.front().and_then(|(at, _)| at.checked_add(OUTCOME_LIMIT));
        let awaited = self.awaited.as_ref().and_then(|(at, _)| at.checked_add(IDLE_LIMIT));
        [cancelled, awaited].into_iter().flatten().min()
    }
}

impl Left {
    /// Tells what the last frame of the request says of it, and gives what is left to be freed.
    pub(super) fn settle(self, text: &str, mode: Mode) -> Option<OperationKey> {
        let outcome = outcome_of(text, mode);
        let is_kept = outcome != CancelOutcome::Cancelled;
        tell(self.asking, outcome);
        self.operation.filter(|_| is_kept)
    }
}

impl Driver {
    /// Takes a request out of the way of all others, and stops it where the server can.
    pub(super) fn cancel(
        &mut self,
        id: &MessageId,
        operation: Option<OperationKey>,
        asking: Option<Asking>,
    ) {
        if self.outbox.take_back(id) {
            self.demux.forget(id);
            return tell(asking, CancelOutcome::Cancelled);
        }
        let now = Instant::now();
        let waits = self.shared.is_serial && self.shared.pace.waits_for_dropped;
        let Some(waiter) = self.demux.get_mut(id) else {
            // It has ended, and what is kept of it is of no use any more.
            if let Some(operation) = operation.filter(|_| !self.refused.contains(id)) {
                self.outbox.control(Control::Release { operation });
            }
            return asking.map_or((), Asking::tell_what_came);
        };
        if let Stage::Left(left) = &mut waiter.stage {
            // It was put out before whoever waited for it went.
            left.operation = left.operation.take().or(operation);
            left.asking = left.asking.take().or(asking);
            return;
        }
        if waiter.can_cancel {
            waiter.stage = Stage::Left(Left { asking, operation });
            self.forget_settled();
            self.leaving.cancelled.push_back((now, id.clone()));
            self.outbox.control(Control::Cancel { target: id.clone() });
        } else if waits {
            waiter.stage = Stage::Left(Left { asking: None, operation: None });
            self.leaving.awaited = Some((now, id.clone()));
            tell(asking, CancelOutcome::Unknown);
        } else {
            self.demux.forget(id);
            if let Some(operation) = operation {
                self.outbox.control(Control::Release { operation });
            }
            self.shared.retire();
            tell(asking, CancelOutcome::Unknown);
        }
    }

    /// Lets go of requests whose last frame is overdue. The connection ends with one that a server
    /// goes on with for too long while all others wait.
    pub(super) fn settle_overdue(&mut self) -> Option<CloseCause> {
        let now = Instant::now();
        let is_due =
            |(since, _): &(Instant, MessageId)| now.duration_since(*since) >= OUTCOME_LIMIT;
        while self.leaving.cancelled.front().is_some_and(is_due) {
            let Some((_, id)) = self.leaving.cancelled.pop_front() else { break };
            if self.is_left(&id)
                && let Some(Waiter { stage: Stage::Left(left), .. }) = self.demux.forget(&id)
            {
                tell(left.asking, CancelOutcome::Unknown);
            }
        }
        let (since, id) = self.leaving.awaited.clone()?;
        let silent = now.duration_since(since);
        if !self.is_left(&id) {
            self.leaving.awaited = None;
        } else if silent >= IDLE_LIMIT {
            return Some(CloseCause::NeverEnded { id, silent });
        }
        None
    }

    /// Drops the notes of requests that have had their last frame.
    fn forget_settled(&mut self) {
        while self.leaving.cancelled.front().is_some_and(|(_, id)| !self.is_left(id)) {
            self.leaving.cancelled.pop_front();
        }
    }

    fn is_left(&self, id: &MessageId) -> bool {
        matches!(self.demux.get(id), Some(Waiter { stage: Stage::Left(_), .. }))
    }
}

fn tell(asking: Option<Asking>, outcome: CancelOutcome) {
    if let Some(asking) = asking {
        asking.tell(outcome);
    }
}
