//! What transfers decide, and what follows from it in the world.

use std::sync::Arc;

use super::super::halves::{Desk, Transfer};
use super::connection::{Connection, Held};
use super::world::World;
use crate::proto::Demux;

impl World {
    /// Lets a transfer decide something, with the connection of its request, or any there is.
    pub(super) fn decide(&mut self, number: usize, act: impl FnOnce(&mut Transfer, &mut Desk<'_>)) {
        let caller = &self.callers[number];
        let own = caller.request.as_ref().filter(|_| caller.transfer.id().is_some());
        let own = own.map(|(connection, _)| *connection);
        let is_own = |connection: &Connection| {
            connection.is_open && own.is_none_or(|own| own == connection.number)
        };
        let at = self.connections.iter().rposition(is_own);
        self.decide_on(at, number, act);
    }

    pub(super) fn decide_on(
        &mut self,
        at: Option<usize>,
        number: usize,
        act: impl FnOnce(&mut Transfer, &mut Desk<'_>),
    ) {
        let (mut nobody, mut unsent, mut is_gone) =
            (Demux::new(Arc::clone(&self.counters)), Vec::new(), true);
        let (demux, outgoing, is_retired) = match at.map(|at| &mut self.connections[at]) {
            Some(open) => (&mut open.demux, &mut open.outgoing, &mut open.is_retired),
            None => (&mut nobody, &mut unsent, &mut is_gone),
        };
        let mut desk = Desk {
            demux,
            mint: &mut self.mint,
            outgoing,
            counters: &self.counters,
            server: self.plan.offer.features,
            is_retired,
        };
        let caller = &mut self.callers[number];
        let (had_verdict, restarts) = (caller.is_over(), caller.transfer.restarts.len());
        let paused = caller.transfer.connects_at();
        caller.was_kept = caller.known_epoch().is_some();
        act(&mut caller.transfer, &mut desk);
        caller.note_bytes();
        let until = caller.transfer.connects_at().filter(|at| paused != Some(*at));
        if until.is_some() || caller.transfer.restarts.len() > restarts {
            caller.tries.begin(self.now, until.unwrap_or(self.now));
        }
        self.note_decision(at, number, had_verdict, restarts);
    }

    fn note_decision(
        &mut self,
        at: Option<usize>,
        number: usize,
        had_verdict: bool,
        restarts: usize,
    ) {
        for at in restarts..self.callers[number].transfer.restarts.len() {
            let cause = self.callers[number].transfer.restarts[at].clone();
            self.trace(|| format!("t{number} begins again: {cause:?}"));
            self.check_restart(number, &cause);
            *self.tally.restarts.entry(super::oracle::name(&cause)).or_default() += 1;
            let caller = &mut self.callers[number];
            caller.history.begin_payload();
            caller.ledger.begin(1);
        }
        let caller = &mut self.callers[number];
        let before = caller.request.as_ref().map(|(_, id)| id.clone());
        let id = caller.transfer.id().cloned();
        if id != before {
            if let Some(connection) = at.map(|at| &mut self.connections[at]) {
                connection.ended.extend(before.clone());
                let is_ours = |held: &Held| held.caller == number;
                if connection.held.as_ref().is_some_and(is_ours) {
                    connection.release(self.now);
                }
                caller.held = connection.held_for(self.now);
            }
            caller.clear_inbox();
            caller.is_losing = false;
            if let (Some(id), Some(at)) = (id, at) {
                self.ids.insert(id.as_str().into(), number);
                let next =
                    caller.transfer.exchange().map_or(1, |exchange| exchange.next_chunk().get());
                caller.ledger.go_on(next);
                let epoch = caller.known_epoch().filter(|_| caller.transfer.is_going_on());
                caller.epoch = epoch.map(ToOwned::to_owned);
                self.tally.resumes += u64::from(caller.transfer.is_going_on());
                caller.request = Some((self.connections[at].number, id));
                caller.tries.handle_sent(self.now);
                caller.history.begin_request();
                caller.alias = None;
                caller.waits.handle_news(self.now, caller.held);
            }
        } else if !caller.transfer.is_following() {
            caller.clear_inbox();
        }
        if !had_verdict && self.callers[number].is_over() {
            let connection = at.map(|at| self.connections[at].number);
            let caller = &mut self.callers[number];
            let last = caller.request.as_ref().map(|(connection, _)| *connection);
            caller.ended_on = connection.filter(|connection| last == Some(*connection));
            self.check_verdict(number);
        }
    }
}
