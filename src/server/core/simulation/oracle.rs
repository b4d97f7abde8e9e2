//! What has to hold, whatever happens.
//!
//! 1. A transfer ends with the bytes that the server's run gave, or with a typed error that
//!    something which happened to it can explain: its frames were lost or altered, a limit of time
//!    ran out, the server had lost or refused it, its sink failed, its caller had enough.
//! 2. A flipped bit changes a payload only where nothing checks it: no digest was compared, an
//!    altered frame came to that very transfer, and the bytes are those that its messages say.
//! 3. What is held stays within the windows, the limit on parked chunks, and twice the largest
//!    message of each connection; on the server, within what it may keep and what it sends.
//! 4. Every entry of a table leaves it: whoever waits is following, and in the end the server
//!    knows nothing.
//! 5. An operation that may not be repeated runs once.
//! 6. Nobody tries again more often or for longer than it may, and nobody gives up before who has a
//!    way to go on.
//! 7. Whenever time passes, each transfer knows what for; limits of time end it when they run out,
//!    not before and not after.

use std::time::{Duration, Instant};

use super::super::halves::{Cause, Run, Verdict, Why, WorkStep};
use super::super::{Loss, StreamKey};
use super::connection::Mark;
use super::faults::FaultKind;
use super::history::Recourse;
use super::passing::is_on;
use super::world::World;
use crate::client::limits::HOLD_LIMIT;
use crate::proto::{AssembleError, ExchangeError, Feature, Reply, ServerError};
use crate::server::refusal::Refusal;

impl World {
    /// What holds at each event.
    pub(super) fn check(&mut self) {
        self.check_held();
        for connection in &self.connections {
            let waiting = self.callers.iter().filter(|caller| is_on(caller, connection.number));
            // The last frame of some has come, and waits to be taken.
            assert!(connection.demux.len() <= waiting.count(), "an entry that nobody waits for");
            assert!(connection.demux.alias_count() <= connection.demux.len(), "an alias too many");
        }
        for (number, caller) in self.callers.iter().enumerate() {
            if !caller.plan.wishes.is_repeatable {
                let runs = self.server.runs.iter().filter(|run| run.work == number).count();
                assert!(runs <= 1, "t{number} was run {runs} times, and may not be repeated");
            }
            let is_same = caller.epoch.as_deref().is_none_or(|epoch| {
                !caller.transfer.is_following() || caller.known_epoch() == Some(epoch)
            });
            assert!(is_same, "t{number} goes on with another state");
            // No limit of time passes by unnoticed.
            if let Some(limit) = caller.plan.wishes.idle_limit
                && caller.transfer.is_following()
                && caller.is_waiting()
            {
                let end = self.idle_at(number, limit);
                assert!(self.now < end, "t{number} waits for longer than {limit:?}");
            }
            if let Some(limit) = caller.plan.deadline.filter(|_| !caller.is_over()) {
                assert!(self.now < caller.begun + limit, "t{number} outlives its deadline");
            }
        }
    }

    /// A transfer has ended.
    pub(super) fn check_verdict(&mut self, number: usize) {
        let verdict = self.callers[number].transfer.verdict.clone().expect("it has ended");
        self.tally.transfers += 1;
        self.trace(|| format!("t{number} ends: {verdict:?}"));
        match &verdict {
            Verdict::Payload(reply) => self.check_payload(number, reply),
            Verdict::Failed(cause) => {
                self.check_cause(number, cause);
                self.check_spent(number, cause);
                if let Cause::Sink(kind) = cause {
                    let is_full = *kind == std::io::ErrorKind::StorageFull;
                    let kind = if is_full { FaultKind::DiskFull } else { FaultKind::WriteError };
                    self.tally.count_fault(kind);
                }
                *self.tally.ends.entry(name(cause)).or_default() += 1;
            }
            Verdict::Cancelled(outcome) => {
                let name = format!("{outcome:?}").to_lowercase();
                *self.tally.ends.entry(format!("caller: {name}")).or_default() += 1;
            }
        }
        if self.callers[number].transfer.sink.short_writes > 0 {
            self.tally.count_fault(FaultKind::ShortWrite);
        }
    }

    fn check_payload(&mut self, number: usize, reply: &Reply) {
        let caller = &self.callers[number];
        let received = &caller.transfer.sink.received;
        let run = self.served_with(number);
        let is_right = run.is_some_and(|run| {
            assert_eq!(run.work, number, "it is another's");
            received.is_whole(&caller.plan.work, run.nth)
        });
        self.tally.verified += 1;
        self.tally.by_digest += u64::from(reply.digest_checked);
        if is_right {
            return;
        }
        assert!(caller.history.is_tainted, "t{number} has other bytes, and no frame was altered");
        if !self.is_of_other_frame(number, reply) {
            assert!(!reply.digest_checked, "t{number} has other bytes, and their digest is right");
            assert!(reply.frame.is_some(), "t{number} has an answer that nobody gave");
            let said = caller.ledger.sha256(reply.chunks);
            assert_eq!(said, Some(received.sha256()), "t{number} has bytes that nobody sent");
            let agreed = self.plan.offer.features.unwrap_or_default();
            let is_checked = self.is_streamed(number)
                && agreed.agreed(caller.plan.wishes.features).contains(Feature::Checksum);
            assert!(!is_checked, "t{number} has other bytes, though checksum was agreed on");
        }
        self.tally.changed += 1;
    }

    /// Whether a payload may be another one by the frame that ended it, which has no checksum: its
    /// text was altered, no chunk was taken before, and it is a single answer, or that of another
    /// request, or the end of another's empty payload.
    fn is_of_other_frame(&self, number: usize, reply: &Reply) -> bool {
        let caller = &self.callers[number];
        let Mark { altered, of, .. } = caller.history.at_hand;
        let has_chunks = reply.chunks > 0 || !caller.ledger.is_empty();
        let can_be = of != Some(number) || !self.is_streamed(number);
        !has_chunks && altered.contains(FaultKind::FlipText) && can_be
    }

    /// Whether its payload comes in chunks.
    fn is_streamed(&self, number: usize) -> bool {
        let offered = self.plan.offer.features;
        let can_stream = offered.is_none_or(|offered| offered.contains(Feature::Stream));
        self.callers[number].plan.wishes.is_stream && can_stream
    }

    /// An error is one that something has led to that happened to this very transfer.
    fn check_cause(&self, number: usize, cause: &Cause) {
        let caller = &self.callers[number];
        let history = &caller.history;
        let is_explained = match cause {
            Cause::Lost => history.lost_by.is_some(),
            Cause::Sink(kind) => {
                caller.transfer.sink.full_at.is_some_and(|(_, full)| full == *kind)
            }
            // It was this one that held the others up, for its sink is slow or the clock was moved.
            Cause::Slow => history.held_up.is_some_and(|since| {
                let has_moved = self.moved.is_some_and(|moved| moved >= since);
                since + HOLD_LIMIT <= self.now && (has_moved || !caller.slow.is_zero())
            }),
            Cause::Overrun => history.is_doubled || history.has_repeats || history.has_taint,
            Cause::Deadline => {
                let end = caller.plan.deadline.map(|limit| caller.begun + limit);
                end.is_some_and(|end| end <= self.now)
            }
            Cause::Exchange(error) => self.is_explained(number, error),
        };
        assert!(
            is_explained,
            "nothing led t{number} to {cause:?}: {history:?}, {:?}",
            caller.waits
        );
    }

    /// Nobody gives up who has tries left and a way to go on.
    fn check_spent(&self, number: usize, cause: &Cause) {
        let caller = &self.callers[number];
        let (mut asked, is_going_on) = (None, caller.epoch.is_some());
        let can_go_on = match cause {
            Cause::Lost => caller.history.recourse != Recourse::None,
            Cause::Exchange(ExchangeError::Server(error)) if error.is_busy() => {
                asked = error.retry_after;
                // Nor may anything have come, be it another's.
                is_going_on || caller.plan.wishes.is_repeatable && !caller.history.has_taint
            }
            Cause::Exchange(ExchangeError::Server(error)) => {
                error.is_resume_refusal() && caller.may_restart()
            }
            Cause::Exchange(
                ExchangeError::EpochChanged { .. } | ExchangeError::NotAccepted { .. },
            ) => is_going_on && caller.may_restart(),
            Cause::Exchange(error) => error.is_damage() && caller.was_kept,
            _ => false,
        };
        assert!(
            !can_go_on || caller.tries.is_spent(asked),
            "t{number} gives up by {cause:?} with tries left: {:?}",
            caller.tries
        );
    }

    /// As well, for what a transfer begins again from nothing for.
    pub(super) fn check_restart(&self, number: usize, cause: &Cause) {
        let caller = &self.callers[number];
        let wishes = &caller.plan.wishes;
        assert!(wishes.is_repeatable, "t{number} may not be repeated");
        if *cause == Cause::Lost {
            let history = &caller.history;
            let is_only_way = history.lost_by.is_some() && history.recourse == Recourse::Restart;
            assert!(is_only_way, "t{number} begins again, and has {history:?}");
        } else {
            self.check_cause(number, cause);
        }
    }

    fn is_explained(&self, number: usize, error: &ExchangeError) -> bool {
        let caller = &self.callers[number];
        let history = &caller.history;
        if let ExchangeError::Idle { limit } = error {
            // It is not too early; that it waited for something was seen as time passed.
            return self.idle_at(number, *limit) <= self.now;
        }
        let is_met = history.at_hand.altered.any(|kind| kind.spoils(error))
            || history.in_request.any(|kind| kind.leads_to(error))
            || history.in_payload.any(|kind| kind.stays_as(error));
        is_met
            || match error {
                ExchangeError::Server(error) => self.is_told(number, error),
                // Without credit the server sends whatever it has.
                ExchangeError::Assemble(AssembleError::ParkedBytes { .. }) => {
                    !caller.has_credit() && !self.server_order_is_straight(number)
                }
                _ => false,
            }
    }

    /// When a transfer has waited for so long without news, while its connection was read.
    fn idle_at(&self, number: usize, limit: Duration) -> Instant {
        let caller = &self.callers[number];
        let on = caller.request.as_ref().map(|(connection, _)| *connection);
        let open = self.connections.iter().find(|open| Some(open.number) == on);
        let held = open.map_or(caller.held, |open| open.held_for(self.now));
        caller.waits.idle_at(limit, held)
    }

    fn server_order_is_straight(&self, number: usize) -> bool {
        self.plan.faults.iter().all(|fault| {
            fault.kind != FaultKind::Reorder || fault.draw_index(1, self.callers.len()) != number
        })
    }

    /// Whether a server that does what it should says so.
    fn is_told(&self, number: usize, error: &ServerError) -> bool {
        let caller = &self.callers[number];
        // What the request was served with, or what the ones before were.
        let of_request = self.served_with(number);
        let served = self.server.served.iter().rev().map(|(_, run)| *run);
        let mut served = served.filter(|run| self.server.runs[*run].work == number);
        let last = served.next();
        let of_before = last.map(|run| &self.server.runs[run]);
        let is_lost = |why| {
            self.is_forgotten(why)
                || why == Why::Disconnected && self.plan.offer.loss == Loss::Forgotten
        };
        match error.code.as_str() {
            ServerError::BUSY => caller.history.was_refused,
            Refusal::GIT_ERROR => {
                let mut plan = caller.plan.work.plan.iter();
                plan.any(|(_, step)| matches!(step, WorkStep::Fail))
            }
            Refusal::SERVICE_EXCEPTION => {
                of_request.is_some_and(|run| run.freed == Some(Why::Fault))
            }
            ServerError::SUPERSEDED => self.was_overtaken(number),
            ServerError::RESUME_MISMATCH => {
                let known = of_before.filter(|run| run.freed.is_none());
                let known = known.and_then(|run| self.server.core.known.get(&run.id));
                // What was renamed may be gone by now.
                let is_renamed =
                    known.is_none_or(|known| Some(&*known.epoch) != caller.epoch.as_deref());
                // A request that was long on its way has begun anew what was forgotten: another run
                // has the key now. What was served more than once is still one run.
                let is_same_key = |run: &Run| of_before.is_some_and(|last| last.key == run.key);
                let is_begun_anew = served.any(|at| {
                    let run = &self.server.runs[at];
                    Some(at) != last && is_same_key(run) && run.freed.is_some_and(is_lost)
                });
                is_renamed && (self.plan.offer.loss == Loss::Renamed || is_begun_anew)
            }
            ServerError::RESUME_UNKNOWN => {
                of_before.is_some_and(|run| run.freed.is_some_and(is_lost))
            }
            ServerError::RESUME_EXPIRED => {
                of_before.is_some_and(|run| run.freed.is_some_and(|why| self.is_forgotten(why)))
            }
            _ => false,
        }
    }

    /// The run that the request under way was served with.
    fn served_with(&self, number: usize) -> Option<&Run> {
        let (connection, id) = self.callers[number].request.as_ref()?;
        let mut served = self.server.served.iter().rev();
        let (_, run) =
            served.find(|(key, _)| key.connection == *connection && *key.id == *id.as_str())?;
        Some(&self.server.runs[*run])
    }

    /// Whether a request that had gone out on a connection before came after that which was to take
    /// its place: the server serves the one that comes last.
    fn was_overtaken(&self, number: usize) -> bool {
        let Some((connection, id)) = &self.callers[number].request else { return false };
        let mut served = self.server.served.iter();
        let is_own = |(key, _): &&(StreamKey, usize)| {
            key.connection == *connection && *key.id == *id.as_str()
        };
        served.any(|entry| is_own(&entry))
            && served.any(|(key, run)| {
                self.server.runs[*run].work == number && key.connection < *connection
            })
    }

    /// Whether the server had to forget what its client might still count on.
    fn is_forgotten(&self, why: Why) -> bool {
        let retention = &self.plan.offer.retention;
        let is_scarce = retention.max_bytes < 1 << 20 || retention.max_operations < 16;
        match why {
            Why::Fault | Why::Quota | Why::Time => true,
            Why::Disconnected | Why::Ended => is_scarce,
            Why::Control => false,
        }
    }
}

/// The name of an error's kind.
pub(super) fn name(cause: &Cause) -> String {
    let full = match cause {
        Cause::Exchange(ExchangeError::Server(error)) => return error.code.clone(),
        Cause::Exchange(ExchangeError::Assemble(error)) => format!("{error:?}"),
        Cause::Exchange(error) => format!("{error:?}"),
        cause => format!("{cause:?}"),
    };
    full.chars().take_while(char::is_ascii_alphanumeric).collect()
}
