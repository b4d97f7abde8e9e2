//! What is left once all transfers are over: nothing.

use super::super::halves::{Cause, Verdict, Way};
use super::connection::Connection;
use super::passing::Passing;
use super::tally::Tally;
use super::world::World;
use crate::proto::{ExchangeError, Feature, ServerError};

impl World {
    /// Once all transfers are over: lets everything arrive, and looks at what is left.
    pub(super) fn finish(mut self) -> Tally {
        self.faults.clear();
        self.armed.clear();
        let is_moving = |world: &Self| {
            let moves = |connection: &Connection| {
                let is_up = connection.moves(Way::Up, world.now);
                is_up || connection.is_open && connection.moves(Way::Down, world.now)
            };
            world.connections.iter().any(moves)
        };
        while is_moving(&self) {
            self.count_event();
            self.step();
            self.settle();
            self.check();
        }
        self.check_freed();
        for connection in &mut self.connections {
            assert!(connection.demux.is_empty(), "somebody waits for ever");
            connection.is_open = false;
            connection.noticed_at = Some(self.now);
        }
        self.settle();
        // Whatever went wrong, and whether anything was freed or not: after its time nothing is left.
        let end = self.now + self.plan.offer.retention.ttl;
        while let Some(at) = self.server.next_timeout().filter(|at| *at <= end) {
            self.count_event();
            self.pass(self.now.max(at), Passing::Busy);
            self.settle();
        }
        let core = &self.server.core;
        assert!(core.known.is_empty() && core.owners.is_empty(), "the server keeps something");
        assert!(core.streams.is_empty(), "the server has streams of nobody");
        self.tally.events = self.events as u64;
        self.tally
    }

    fn count_event(&mut self) {
        self.events += 1;
        assert!(self.events < 200_000, "it hangs after the end");
    }

    /// What was ended while its connection stood is freed on the server.
    fn check_freed(&self) {
        let offered = self.plan.offer.features.unwrap_or_default();
        for (number, caller) in self.callers.iter().enumerate() {
            let stood = self.connections.iter().any(|connection| {
                caller.ended_on == Some(connection.number)
                    && (connection.is_open || connection.is_closing)
                    && !connection.is_stalled
                    && connection.blocked.iter().flatten().all(|until| *until <= self.now)
            });
            let is_agreed = |feature| {
                caller.plan.wishes.features.contains(feature) && offered.contains(feature)
            };
            let is_superseded = matches!(&caller.transfer.verdict,
                Some(Verdict::Failed(Cause::Exchange(ExchangeError::Server(error))))
                    if error.code == ServerError::SUPERSEDED);
            // What is said of chunks alone leaves open neither whose they are nor what is kept.
            let is_sure = !caller.history.ever.any(|kind| !kind.is_of_chunks());
            // A request that was on its way when its connection was lost may arrive later than all.
            let last =
                self.server.served.iter().rfind(|(_, run)| self.server.runs[*run].work == number);
            let is_late = last.is_some_and(|(key, _)| Some(key.connection) != caller.ended_on);
            let can_be = !is_late && is_agreed(Feature::Cancel) && is_agreed(Feature::Resume);
            if stood && can_be && !is_superseded && is_sure {
                assert!(!self.server.keeps(&caller.transfer.key()), "t{number} is still kept");
            }
            let Some((connection, id)) = &caller.request else { continue };
            if stood && is_agreed(Feature::Cancel) && is_sure {
                let has = self.server.core.streams.iter().any(|(key, stream)| {
                    key.connection == *connection && *key.id == *id.as_str() && !stream.is_ended()
                });
                assert!(!has, "t{number} is still being sent");
            }
        }
    }
}
