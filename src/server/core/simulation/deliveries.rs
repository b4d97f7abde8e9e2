//! What comes: to whom it goes, and what has no room there.

use super::super::halves::{Cause, Routed, Way};
use super::connection::{Arrived, Connection, Delivery, Held, Mark};
use super::faults::Kinds;
use super::ledger::Entry;
use super::world::{World, shown};
use crate::proto::ExchangeError;

impl World {
    pub(super) fn arrive(&mut self, at: usize, way: Way) {
        let count = match self.random.u8(..8) {
            0 => 1,
            1 => self.random.usize(1..64),
            2 => self.random.usize(1..8_000),
            _ => self.connections[at].pipe(way).next_length(),
        };
        self.connections[at].pipe(way).arrive_many(count);
        self.read(at, way);
    }

    /// Hands on whatever is there in full.
    pub(super) fn read(&mut self, at: usize, way: Way) {
        let number = self.connections[at].number;
        if way == Way::Up {
            while let Some(message) = self.connections[at].pipe(way).receive() {
                self.trace(|| format!("  c{number} up {}", shown(&message)));
                self.server.handle(number, &message, self.now);
            }
            return;
        }
        while self.connections[at].held.is_none() && self.connections[at].is_open {
            match self.connections[at].receive() {
                Ok(Some(arrived)) => self.dispatch(at, arrived),
                Ok(None) => return,
                Err(error) => {
                    self.trace(|| format!("c{number} is no WebSocket any more: {error}"));
                    self.lose(at, Some(self.now));
                }
            }
        }
    }

    fn dispatch(&mut self, at: usize, arrived: Arrived) {
        let Arrived { content, routed, mark } = arrived;
        let number = self.connections[at].number;
        self.trace(|| format!("  c{number} down {routed:?} {mark:?}"));
        match routed {
            Routed::To(caller) => self.deliver(at, caller, Delivery { content, last: None }, mark),
            Routed::Last(caller, kind) => {
                self.deliver(at, caller, Delivery { content, last: Some(kind) }, mark);
            }
            Routed::Broken(caller, error) => {
                self.note_mark(caller, mark);
                let now = self.now;
                self.decide(caller, |transfer, desk| {
                    transfer.handle_broken(desk, ExchangeError::Frame(error), now);
                });
            }
            Routed::Nobody => {}
        }
    }

    fn note_mark(&mut self, caller: usize, mark: Mark) {
        if mark.altered != Kinds::NONE {
            self.callers[caller].history.taint(mark.altered);
        }
    }

    fn deliver(&mut self, at: usize, number: usize, delivery: Delivery, mark: Mark) {
        self.note_mark(number, mark);
        if !self.callers[number].transfer.is_following() {
            let (now, Delivery { content, last }) = (self.now, delivery);
            return self
                .decide(number, |transfer, desk| transfer.handle(desk, &content, last, now));
        }
        let caller = &mut self.callers[number];
        let Err(delivery) = caller.deliver(delivery, self.now) else { return };
        if caller.has_credit() {
            return self.decide(number, |transfer, desk| transfer.give_up(desk, Cause::Overrun));
        }
        let since = self.now;
        self.trace(|| format!("t{number} holds up the connection"));
        self.connections[at].hold(Held { caller: number, delivery, since });
    }

    /// Gives a transfer what came for it.
    pub(super) fn take(&mut self, number: usize) {
        let (now, caller) = (self.now, &mut self.callers[number]);
        let Some(Delivery { content, last }) = caller.take(now) else {
            caller.is_losing = false;
            return self.decide(number, |transfer, _| transfer.handle_lost(now));
        };
        let entry = Entry::read(&content);
        let window = caller.plan.wishes.window;
        let exchange = caller.transfer.exchange();
        let defect = entry
            .zip(exchange)
            .and_then(|(entry, exchange)| caller.ledger.note(&entry, exchange, window));
        let before = caller.transfer.id().cloned();
        self.tell_held(number);
        self.decide(number, |transfer, desk| transfer.handle(desk, &content, last, now));
        let after = &self.callers[number].transfer;
        let is_taken = after.is_following() && after.id() == before.as_ref();
        assert!(defect.is_none() || !is_taken, "a chunk was taken in spite of {defect:?}");
        self.make_room(number);
    }

    /// Puts what was held into the inbox that has room now.
    fn make_room(&mut self, number: usize) {
        let is_held = |connection: &Connection| {
            connection.held.as_ref().is_some_and(|held| held.caller == number)
        };
        let Some(at) = self.connections.iter().position(is_held) else { return };
        let Some(Held { delivery, since, .. }) = self.connections[at].release(self.now) else {
            return;
        };
        if let Err(delivery) = self.callers[number].deliver(delivery, self.now) {
            self.connections[at].hold(Held { caller: number, delivery, since });
            return;
        }
        self.read(at, Way::Down);
    }

    /// Tells a transfer how long its connection was held up meanwhile.
    pub(super) fn tell_held(&mut self, number: usize) {
        let Some((connection, _)) = self.callers[number].request else { return };
        let held = self.connections.iter().find(|open| open.number == connection);
        let Some(total) = held.map(|connection| connection.held_for(self.now)) else { return };
        let caller = &mut self.callers[number];
        caller.transfer.handle_held(total.saturating_sub(caller.held));
        caller.held = total;
    }
}
