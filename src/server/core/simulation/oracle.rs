//! What has to hold, whatever happens.
//!
//! 1. A transfer ends with the bytes that the server's run gave, or with a typed error that
//!    something which happened to it can explain: its frames were lost or altered, a limit of time
//!    ran out, the server had lost or refused it, its sink failed, its caller had enough.
//! 2. A flipped bit changes a payload only where nothing checks it: no digest was compared, an
//!    altered frame came to that very transfer, and the bytes are those that its messages say.
//! 3. What is held stays within the windows, the limit on parked chunks, and twice the largest
//!    message of each connection.
//! 4. Every entry of a table leaves it: whoever waits is following, and in the end the server
//!    knows nothing.
//! 5. An operation that may not be repeated runs once.

use super::super::halves::{Cause, Verdict, Way, Why};
use super::super::operation::Operation;
use super::super::{Loss, StreamKey};
use super::faults::FaultKind;
use super::tally::Tally;
use super::world::World;
use crate::proto::limits::CHUNK_OVERHEAD_BYTES;
use crate::proto::{AssembleError, Exchange, ExchangeError, Feature, Reply, ServerError};
use crate::server::refusal::Refusal;

impl World {
    /// What holds at each event.
    pub(super) fn check(&mut self) {
        let mut held = 0;
        for connection in &self.connections {
            let number = connection.number;
            let waiting = self.callers.iter().filter(|caller| {
                let is_on = caller.request.as_ref().is_some_and(|(on, _)| *on == number);
                // The last frame of some has come, and waits to be taken.
                is_on && caller.transfer.id().is_some()
            });
            let waiting = waiting.count();
            assert!(connection.demux.len() <= waiting, "an entry that nobody waits for");
            assert!(connection.demux.alias_count() <= connection.demux.len(), "an alias too many");
            let most = connection.largest_message * 2;
            let set_aside = connection.set_aside();
            assert!(set_aside <= most, "{set_aside} bytes set aside for messages of {most}");
            held += set_aside;
            held += connection.held.as_ref().map_or(0, |held| held.delivery.content.len());
        }
        for caller in &self.callers {
            let limits = &caller.plan.wishes.limits;
            let parked = caller.transfer.exchange().map_or(0, Exchange::parked_bytes);
            assert!(parked <= limits.max_parked_bytes, "{parked} bytes are parked");
            if caller.has_credit() && caller.history.is_clean() {
                let chunk = caller.plan.wishes.chunk_bytes + CHUNK_OVERHEAD_BYTES as u64;
                let most = caller.plan.wishes.window * chunk;
                assert!(
                    parked as u64 <= most,
                    "{parked} bytes are parked, with a window of {most}"
                );
            }
            let is_same = caller.epoch.as_deref().is_none_or(|epoch| {
                !caller.transfer.is_following() || caller.known_epoch() == Some(epoch)
            });
            assert!(is_same, "it goes on with another state");
            held += parked + caller.waiting.iter().sum::<usize>();
        }
        self.tally.most_held = self.tally.most_held.max(held);
        let core = &self.server.core;
        let kept = core.known.values().filter(|operation| operation.owner.is_some());
        let kept_bytes: u64 = kept.clone().map(Operation::held_bytes).sum();
        let is_scarce = kept_bytes > core.retention.max_bytes;
        let is_alone = kept.clone().any(|operation| operation.stream.is_none());
        assert!(!is_scarce || !is_alone, "the server keeps {kept_bytes} bytes");
        assert!(kept.count() <= core.retention.max_operations, "the server keeps too many");
        for (number, caller) in self.callers.iter().enumerate() {
            if !caller.plan.wishes.is_repeatable {
                let runs = self.server.runs.iter().filter(|run| run.work == number).count();
                assert!(runs <= 1, "t{number} was run {runs} times, and may not be repeated");
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
        let (connection, id) = caller.request.as_ref().expect("it was asked for");
        let mut served = self.server.served.iter().rev();
        let run = served.find(|(key, _)| key.connection == *connection && *key.id == *id.as_str());
        let run = run.map(|(_, run)| &self.server.runs[*run]);
        let is_right = run.is_some_and(|run| {
            assert_eq!(run.work, number, "it is another's");
            received.is_whole(&caller.plan.work, run.nth)
        });
        self.tally.verified += 1;
        self.tally.by_digest += u64::from(reply.digest_checked);
        if is_right {
            return;
        }
        assert!(!reply.digest_checked, "t{number} has other bytes, and their digest is right");
        assert!(caller.history.is_tainted, "t{number} has other bytes, and no frame was altered");
        if reply.chunks > 0 {
            let said = caller.ledger.sha256(reply.chunks);
            assert_eq!(said, Some(received.sha256()), "t{number} has bytes that nobody sent");
        }
        let agreed = self.plan.offer.features.unwrap_or_default();
        let wishes = &caller.plan.wishes;
        let is_checked = wishes.is_stream
            && agreed.contains(Feature::Stream)
            && agreed.agreed(wishes.features).contains(Feature::Checksum);
        assert!(!is_checked, "t{number} has other bytes, though checksum was agreed on");
        self.tally.changed += 1;
    }

    /// An error is one that something has led to.
    pub(super) fn check_cause(&self, number: usize, cause: &Cause) {
        let is_explained = match cause {
            Cause::Lost => self.callers[number].history.was_lost,
            Cause::Sink(kind) => {
                self.callers[number].transfer.sink.full_at.is_some_and(|(_, full)| full == *kind)
            }
            Cause::Slow => self.tally.faults.keys().any(|kind| kind.delays()),
            Cause::Overrun => {
                let history = &self.callers[number].history;
                history.has_repeats || history.was_tainted
            }
            Cause::Deadline => {
                let caller = &self.callers[number];
                caller.plan.deadline.is_some_and(|limit| caller.begun + limit <= self.now)
            }
            Cause::Exchange(error) => self.is_explained(number, error),
        };
        assert!(is_explained, "nothing led t{number} to {cause:?}");
    }

    fn is_explained(&self, number: usize, error: &ExchangeError) -> bool {
        let caller = &self.callers[number];
        let history = &caller.history;
        match error {
            _ if history.met.any(|kind| kind.leads_to(error)) => true,
            ExchangeError::Server(error) => self.is_told(number, error),
            ExchangeError::Idle { limit } => {
                let has_waited =
                    self.tally.faults.keys().any(|kind| kind.delays()) || history.has_repeats;
                let offered = self.plan.offer.features;
                let can_stream = offered.is_none_or(|offered| offered.contains(Feature::Stream));
                let is_stream = caller.plan.wishes.is_stream && can_stream;
                has_waited || caller.plan.longest_silence(is_stream) >= *limit
            }
            // Without credit the server sends whatever it has.
            ExchangeError::Assemble(AssembleError::ParkedBytes { .. }) => {
                !caller.has_credit() && !self.server_order_is_straight(number)
            }
            _ => false,
        }
    }

    fn server_order_is_straight(&self, number: usize) -> bool {
        self.plan.faults.iter().all(|fault| {
            fault.kind != FaultKind::Reorder || fault.draw_index(1, self.callers.len()) != number
        })
    }

    /// Whether a server that does what it should says so.
    fn is_told(&self, number: usize, error: &ServerError) -> bool {
        let caller = &self.callers[number];
        let runs = || self.server.runs.iter().filter(|run| run.work == number);
        match error.code.as_str() {
            ServerError::BUSY => caller.history.was_refused,
            Refusal::GIT_ERROR => {
                let mut plan = caller.plan.work.plan.iter();
                plan.any(|(_, step)| matches!(step, super::super::halves::WorkStep::Fail))
            }
            Refusal::SERVICE_EXCEPTION => caller.history.has_crashed,
            ServerError::SUPERSEDED => self.was_overtaken(number),
            ServerError::RESUME_MISMATCH => self.plan.offer.loss == Loss::Renamed,
            ServerError::RESUME_UNKNOWN => {
                let is_lost = |why| {
                    self.is_forgotten(why)
                        || why == Why::Disconnected && self.plan.offer.loss == Loss::Forgotten
                };
                runs().any(|run| run.freed.is_some_and(is_lost))
            }
            ServerError::RESUME_EXPIRED => {
                runs().any(|run| run.freed.is_some_and(|why| self.is_forgotten(why)))
            }
            _ => false,
        }
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

    /// Once all transfers are over: lets everything arrive, and looks at what is left.
    pub(super) fn finish(mut self) -> Tally {
        self.faults.clear();
        self.armed.clear();
        let is_moving = |world: &Self| {
            let moves = |connection: &super::connection::Connection| {
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
            self.now = self.now.max(at);
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
            let is_sure = !caller.history.met.any(|kind| !kind.is_of_chunks());
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
