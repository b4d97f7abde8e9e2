//! Time passes, and each transfer knows what it waits for meanwhile.

use std::time::Instant;

use super::super::StreamKey;
use super::super::halves::Way;
use super::caller::Caller;
use super::connection::Connection;
use super::waits::Wait;
use super::world::World;

/// What happens as time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// Something can happen: one thing does, which takes a tick, or the clock was moved.
    Busy,
    /// Nothing moves at all.
    Still,
}

impl World {
    /// It is later, and each transfer has a reason of its own to wait until then.
    pub(super) fn pass(&mut self, until: Instant, passing: Passing) {
        let time = until - self.now;
        for number in 0..self.callers.len() {
            if !time.is_zero() && !self.callers[number].is_over() {
                let is_next = passing == Passing::Busy && self.is_next(number);
                let wait = if is_next { Some(Wait::Turn) } else { self.wait_of(number) };
                let wait = wait.unwrap_or_else(|| {
                    panic!("t{number} waits for nothing: {:?}", self.callers[number].waits)
                });
                self.callers[number].waits.pass(wait, time);
            }
        }
        self.now = until;
    }

    /// Whether something can happen that a transfer goes on by: its sink takes what came, its
    /// request goes out, a frame of it comes, or room is made for one.
    fn is_next(&self, number: usize) -> bool {
        let caller = &self.callers[number];
        if caller.can_take(self.now) || self.is_to_connect(caller) {
            return true;
        }
        let Some((connection, _)) = &caller.request else { return false };
        let open = self.connections.iter().find(|open| open.number == *connection);
        open.is_some_and(|open| {
            let is_up = open.moves(Way::Up, self.now);
            let has_down = open.brings(number) || open.pipes[Way::Down as usize].is_full();
            is_up || open.is_open && has_down && open.moves(Way::Down, self.now)
        })
    }

    /// What a transfer waits for while nothing of it moves.
    fn wait_of(&self, number: usize) -> Option<Wait> {
        let caller = &self.callers[number];
        let transfer = &caller.transfer;
        if transfer.is_detached() || caller.begun > self.now {
            return Some(Wait::Caller);
        }
        if let Some(at) = transfer.connects_at() {
            return if at > self.now { Some(Wait::Pause) } else { self.wait_in_line() };
        }
        if !caller.inbox.is_empty() {
            return Some(Wait::Sink).filter(|_| caller.ready_at > self.now);
        }
        let (connection, id) = caller.request.as_ref()?;
        let open = self.connections.iter().find(|open| open.number == *connection)?;
        if !open.is_open {
            return None;
        }
        if let Some(wait) = self.wait_on(open) {
            return Some(wait);
        }
        let key = StreamKey { connection: *connection, id: id.as_str().into() };
        if self.is_worked_on(&key) {
            return Some(Wait::Work);
        }
        if caller.history.misses_frame {
            return Some(Wait::Frame);
        }
        // The server has nothing more to say of a request that it does not stop.
        transfer.is_leaving().then_some(Wait::Outcome)
    }

    /// Whether a transfer is to send its request now.
    pub(super) fn is_to_connect(&self, caller: &Caller) -> bool {
        let is_due = caller.transfer.connects_at().is_some_and(|at| at <= self.now);
        is_due && !caller.is_over() && self.wait_in_line().is_none()
    }

    /// A server without `capabilities` takes one request at a time.
    fn wait_in_line(&self) -> Option<Wait> {
        let is_serial = self.plan.offer.features.is_none();
        let is_taken = |open: &Connection| open.is_open && !open.demux.is_empty();
        (is_serial && self.connections.iter().any(is_taken)).then_some(Wait::Line)
    }

    /// What keeps everything on this connection from moving.
    fn wait_on(&self, open: &Connection) -> Option<Wait> {
        if open.held.is_some() {
            return Some(Wait::Held);
        }
        let is_blocked = |way: usize| {
            let until = open.blocked[way].is_some_and(|until| until > self.now);
            until && !open.pipes[way].is_empty()
        };
        (open.is_stalled || is_blocked(0) || is_blocked(1)).then_some(Wait::Network)
    }

    /// Whether the server still makes what it is to send to this request.
    fn is_worked_on(&self, key: &StreamKey) -> bool {
        let mut served = self.server.served.iter().rev();
        let Some((_, run)) = served.find(|(of, _)| of == key) else { return false };
        let core = &self.server.core;
        let is_sent = core.has_stream(key) && !core.is_ended(key);
        is_sent && self.server.is_making(*run, self.now)
    }
}

/// Who follows a request on that connection.
pub(super) fn is_on(caller: &Caller, connection: u64) -> bool {
    let is_its = caller.request.as_ref().is_some_and(|(on, _)| *on == connection);
    is_its && caller.transfer.id().is_some()
}
