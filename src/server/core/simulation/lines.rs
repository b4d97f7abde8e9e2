//! How connections begin, are closed and are lost.

use std::time::Instant;

use super::super::halves::{Cause, Way};
use super::connection::{Connection, Held};
use super::faults::FaultKind;
use super::history::Recourse;
use super::passing::is_on;
use super::world::World;
use crate::client::limits::HOLD_LIMIT;

impl World {
    /// Sends the request of a transfer, on a connection that takes it.
    pub(super) fn connect(&mut self, number: usize) {
        let is_usable = |open: &Connection| open.is_open && !open.is_retired;
        let at = self.connections.iter().position(is_usable).unwrap_or_else(|| {
            self.tally.connections += 1;
            self.connections.push(Connection::new(self.tally.connections, &self.counters));
            self.connections.len() - 1
        });
        let is_serial = self.plan.offer.features.is_none();
        if is_serial && !self.connections[at].demux.is_empty() {
            return;
        }
        let now = self.now;
        self.decide_on(Some(at), number, |transfer, desk| transfer.handle_connected(desk, now));
        self.trace(|| format!("t{number} asks: {:?}", self.callers[number].request));
    }

    /// Sends what the client has, puts out who holds it up, and closes what has no use any more.
    pub(super) fn settle_connection(&mut self, at: usize) {
        let now = self.now;
        let held = self.connections[at].held.as_ref();
        if let Some(&Held { caller: number, since, .. }) = held
            && since + HOLD_LIMIT <= now
            && self.callers[number].plan.wishes.gives_out
        {
            self.callers[number].history.held_up = Some(since);
            self.decide(number, |transfer, desk| transfer.give_up(desk, Cause::Slow));
        }
        let connection = &mut self.connections[at];
        for text in std::mem::take(&mut connection.outgoing) {
            connection.pipes[Way::Up as usize].send(&text.into());
        }
        let is_unused = connection.is_retired && connection.demux.is_empty();
        let number = connection.number;
        let is_waited_for = self.callers.iter().any(|caller| {
            caller.request.as_ref().is_some_and(|(on, _)| *on == number)
                && caller.transfer.is_following()
        });
        let connection = &mut self.connections[at];
        if connection.is_open && is_unused && !is_waited_for {
            connection.is_open = false;
            connection.is_closing = true;
        }
        if connection.is_closing && connection.pipes[Way::Up as usize].is_empty() {
            connection.is_closing = false;
            connection.noticed_at.get_or_insert(now);
        }
    }

    /// Connections end for whoever has noticed by now.
    pub(super) fn notice(&mut self) {
        for at in 0..self.connections.len() {
            if self.connections[at].lost_at.is_some_and(|due| due <= self.now) {
                self.lose(at, None, FaultKind::Stall);
            }
        }
        let (now, loss) = (self.now, self.plan.offer.loss);
        while let Some(at) = self.connections.iter().position(|connection| {
            !connection.is_open && connection.noticed_at.is_some_and(|due| due <= now)
        }) {
            let connection = self.connections.remove(at);
            self.trace(|| format!("the server notices that c{} is gone", connection.number));
            self.server.handle_disconnected(connection.number, loss, now);
        }
    }

    /// The connection is gone for the client; the server notices at `noticed`, if ever.
    pub(super) fn lose(&mut self, at: usize, noticed: Option<Instant>, by: FaultKind) {
        let connection = &mut self.connections[at];
        let number = connection.number;
        connection.noticed_at = connection.noticed_at.or(noticed);
        connection.lost_at = None;
        if !std::mem::replace(&mut connection.is_open, false) {
            return;
        }
        connection.outgoing.clear();
        let waiting = connection.demux.drain().count();
        connection.release(self.now);
        self.trace(|| format!("c{number} is lost, {waiting} wait"));
        for number_of in 0..self.callers.len() {
            let caller = &mut self.callers[number_of];
            if !is_on(caller, number) || caller.is_over() {
                continue;
            }
            caller.history.lost_by = Some(by);
            if caller.transfer.is_following() && !caller.inbox.is_empty() {
                caller.is_losing = true;
                continue;
            }
            self.lose_transfer(number_of);
        }
    }

    /// A transfer notices that its connection is gone.
    pub(super) fn lose_transfer(&mut self, number: usize) {
        let (now, caller) = (self.now, &mut self.callers[number]);
        caller.history.recourse = if caller.known_epoch().is_some() {
            Recourse::Resume
        } else if caller.may_restart() {
            Recourse::Restart
        } else {
            Recourse::None
        };
        self.decide_on(None, number, |transfer, _| transfer.handle_lost(now));
    }
}
