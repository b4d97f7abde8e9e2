//! What comes: to whom it goes, and what has no room there.

use super::super::halves::{Cause, Content, Desk, Routed, Transfer, Way};
use super::caller::is_chunk;
use super::connection::{Arrived, Connection, Delivery, Held, Mark};
use super::faults::{FaultKind, Kinds};
use super::ledger::{Entry, Noted};
use super::passing::is_on;
use super::world::{World, shown};
use crate::proto::frame::{Body, Frame};
use crate::proto::{Exchange, ExchangeError};

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
                self.connections[at].asked += 1;
                self.server.handle(number, &message, self.now);
            }
            return;
        }
        while self.connections[at].held.is_none() && self.connections[at].is_open {
            let altered = self.connections[at].next_altered();
            match self.connections[at].receive() {
                Ok(Some(arrived)) => self.dispatch(at, arrived),
                Ok(None) => return,
                Err(error) => {
                    self.trace(|| format!("c{number} is no WebSocket any more: {error}"));
                    let by = altered.first().expect("a message was altered");
                    self.lose(at, Some(self.now), by);
                }
            }
        }
    }

    /// Reads what came while something was held that is not any more.
    pub(super) fn read_released(&mut self) {
        for at in 0..self.connections.len() {
            let connection = &mut self.connections[at];
            if std::mem::take(&mut connection.is_released) && connection.held.is_none() {
                self.read(at, Way::Down);
            }
        }
    }

    fn dispatch(&mut self, at: usize, arrived: Arrived) {
        let Arrived { content, routed, mark } = arrived;
        let number = self.connections[at].number;
        self.trace(|| format!("  c{number} down {routed:?} {mark:?}"));
        if let Some(owner) = mark.of.filter(|_| mark.altered != Kinds::NONE && mark.is_needed)
            && is_on(&self.callers[owner], number)
        {
            let caller = &mut self.callers[owner];
            caller.history.misses_frame |= !has_reached(owner, &content, &routed, mark);
        }
        match routed {
            Routed::To(caller) => {
                self.deliver(at, caller, Delivery { content, last: None, mark });
            }
            Routed::Last(caller, kind) => {
                self.deliver(at, caller, Delivery { content, last: Some(kind), mark });
            }
            Routed::Broken(caller, error) => {
                self.note_mark(caller, mark);
                let now = self.now;
                self.decide_at(caller, mark, |transfer, desk| {
                    transfer.handle_broken(desk, ExchangeError::Frame(error), now);
                });
            }
            Routed::Nobody => {}
        }
    }

    /// Lets a transfer decide something because of this message.
    fn decide_at(
        &mut self,
        number: usize,
        mark: Mark,
        act: impl FnOnce(&mut Transfer, &mut Desk<'_>),
    ) {
        self.callers[number].history.at_hand = mark;
        self.decide(number, act);
        self.callers[number].history.at_hand = Mark::default();
    }

    fn note_mark(&mut self, caller: usize, mark: Mark) {
        if mark.altered != Kinds::NONE {
            let history = &mut self.callers[caller].history;
            history.taint(mark.altered);
            // What another's frame says of it may keep its own from it.
            history.misses_frame |= mark.of != Some(caller);
        }
    }

    fn deliver(&mut self, at: usize, number: usize, delivery: Delivery) {
        self.note_mark(number, delivery.mark);
        if !self.callers[number].transfer.is_following() {
            let (now, Delivery { content, last, mark }) = (self.now, delivery);
            return self.decide_at(number, mark, |transfer, desk| {
                transfer.handle(desk, &content, last, now);
            });
        }
        let caller = &mut self.callers[number];
        let Err(delivery) = caller.deliver(delivery, self.now) else { return };
        if !caller.has_credit() {
            let since = self.now;
            self.trace(|| format!("t{number} holds up the connection"));
            self.connections[at].hold(Held { caller: number, delivery, since });
        } else if is_chunk(&delivery.content) {
            self.decide(number, |transfer, desk| transfer.give_up(desk, Cause::Overrun));
        }
    }

    /// Gives a transfer what came for it.
    pub(super) fn take(&mut self, number: usize) {
        let (now, caller) = (self.now, &mut self.callers[number]);
        let Some(Delivery { content, last, mark }) = caller.take(now) else {
            caller.is_losing = false;
            return self.lose_transfer(number);
        };
        let window = caller.plan.wishes.window;
        let exchange = caller.transfer.exchange();
        let noted = Entry::read(&content)
            .zip(exchange)
            .map(|(entry, exchange)| caller.ledger.note(&entry, exchange, window));
        let is_news = match noted {
            Some(noted) => noted == Noted::New,
            None => exchange.is_some_and(|exchange| is_progress(&content, exchange)),
        };
        let before = caller.transfer.id().cloned();
        self.tell_held(number);
        let caller = &mut self.callers[number];
        if is_news {
            caller.waits.handle_news(now, caller.held);
        }
        self.decide_at(number, mark, |transfer, desk| transfer.handle(desk, &content, last, now));
        let caller = &mut self.callers[number];
        let after = &caller.transfer;
        let is_taken = after.is_following() && after.id() == before.as_ref();
        let is_wrong = matches!(noted, Some(Noted::Wrong(_)));
        assert!(!is_wrong || !is_taken, "a chunk was taken in spite of {noted:?}");
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

/// Whether a chunk that was altered came to whom it was sent, and is still that chunk: then nothing
/// is missed.
fn has_reached(owner: usize, content: &Content, routed: &Routed, mark: Mark) -> bool {
    let is_own = matches!(routed, Routed::To(to) if *to == owner);
    is_own && !mark.altered.any(FaultKind::takes_away) && Entry::read(content).is_some()
}

/// Whether it says how far the operation is.
fn is_progress(content: &Content, exchange: &Exchange) -> bool {
    let Content::Text(text) = content else { return false };
    let mut mended = String::new();
    let frame = Frame::read(text, exchange.terms().mode, &mut mended);
    frame.is_ok_and(|frame| matches!(frame.body, Ok(Body::Progress(_))))
}
