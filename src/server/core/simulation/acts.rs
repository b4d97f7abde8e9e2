//! What faults do at their event: to connections, to the server, to the clock, and to callers.

use std::time::Duration;

use super::super::Retention;
use super::super::halves::{Order, Way, Why, WireMessage};
use super::connection::{Delivery, Mark};
use super::faults::{Fault, FaultKind};
use super::holding::MOST_HEADER_BYTES;
use super::passing::Passing;
use super::world::World;
use crate::proto::Alias;
use crate::proto::frame::BinaryHeader;
use crate::proto::frame::write::FrameWriter;

const MILLI: Duration = Duration::from_millis(1);

impl Fault {
    /// The order in which chunks come.
    pub(super) fn order(&self) -> Order {
        match self.draw(2, 4) {
            0 => Order::Reversed,
            1 => Order::Doubled,
            _ => Order::Shuffled(self.salt),
        }
    }

    pub(super) fn repeats(&self) -> bool {
        self.order() == Order::Doubled
    }
}

impl World {
    /// Does what is to go wrong before this event; `true` if there was anything.
    pub(super) fn meet_faults(&mut self) -> bool {
        let mut has_met = false;
        while let Some(fault) = self.faults.pop_if(|fault| fault.at <= self.events) {
            if fault.kind.waits_for_frame() {
                self.armed.push(fault);
            } else if self.meet(&fault) {
                has_met = true;
                self.tally.count_fault(fault.kind);
                self.trace(|| format!("FAULT {fault}"));
            }
        }
        has_met
    }

    /// Whether there was something for it to meet.
    fn meet(&mut self, fault: &Fault) -> bool {
        match fault.kind {
            FaultKind::CutUp => self.cut(fault, Way::Up),
            FaultKind::CutDown => self.cut(fault, Way::Down),
            FaultKind::Stall => self.stall(fault),
            FaultKind::Delay => self.delay(fault),
            FaultKind::Foreign => self.send_foreign(fault),
            FaultKind::Restart => self.restart(),
            FaultKind::Expire => {
                let late = self.now + self.plan.offer.retention.ttl;
                self.server.core.handle_timeout(late);
                self.server.note_changes(Why::Fault, self.now)
            }
            FaultKind::Quota => {
                let retention = self.server.core.retention;
                self.server.core.retention = Retention { max_bytes: 0, ..retention };
                self.server.core.keep_to_quota();
                self.server.core.retention = retention;
                self.server.note_changes(Why::Fault, self.now)
            }
            FaultKind::Busy => {
                let pause = [0, 10, 700, 9_000, 60_000][fault.draw_index(1, 5)];
                for _ in 0..=fault.draw(2, 6) {
                    self.server.refusals.push_back(MILLI * pause);
                }
                true
            }
            FaultKind::Crash => self.crash(fault),
            FaultKind::JumpShort => {
                self.move_clock(MILLI * u32::try_from(fault.draw(1, 120_000)).unwrap())
            }
            FaultKind::JumpLong => {
                self.move_clock(Duration::from_secs(3_600 + fault.draw(1, 14_400)))
            }
            FaultKind::Still => {
                self.still = fault.draw_index(1, 500);
                true
            }
            FaultKind::CallerDrops | FaultKind::CallerCancels | FaultKind::CallerDetaches => {
                self.change_mind(fault)
            }
            _ => false,
        }
    }

    fn move_clock(&mut self, time: Duration) -> bool {
        // What there is to send is on its way by then.
        self.settle();
        self.pass(self.now + time, Passing::Busy);
        self.moved = Some(self.now);
        true
    }

    /// One of the connections that the client counts on.
    fn some_connection(&self, fault: &Fault) -> Option<usize> {
        let is_alive = |at: &usize| {
            let connection = &self.connections[*at];
            connection.is_open && !connection.is_stalled
        };
        let alive: Vec<_> = (0..self.connections.len()).filter(is_alive).collect();
        alive.get(fault.draw_index(1, alive.len())).copied()
    }

    fn cut(&mut self, fault: &Fault, way: Way) -> bool {
        let Some(at) = self.some_connection(fault) else { return false };
        if self.connections[at].held.is_none() {
            let length = self.connections[at].pipe(way).next_length();
            self.connections[at].pipe(way).arrive_many(fault.draw_index(2, length));
            self.read(at, way);
        }
        let fate = fault.draw(3, 3);
        if fate == 0 && self.connections[at].held.is_none() {
            // What went the other way still arrives.
            let other = if way == Way::Up { Way::Down } else { Way::Up };
            self.connections[at].pipe(other).arrive_many(usize::MAX);
            self.read(at, other);
        }
        let unaware = if fate == 1 { fault.draw(4, 120_000) } else { 0 };
        let noticed = self.now + MILLI * u32::try_from(unaware).unwrap();
        self.lose(at, Some(noticed), fault.kind);
        true
    }

    fn stall(&mut self, fault: &Fault) -> bool {
        let Some(at) = self.some_connection(fault) else { return false };
        let lost = self.now + Duration::from_secs(1 + fault.draw(2, 90));
        let connection = &mut self.connections[at];
        connection.is_stalled = true;
        connection.lost_at = Some(lost);
        connection.noticed_at = Some(lost + Duration::from_secs(fault.draw(3, 300)));
        true
    }

    fn delay(&mut self, fault: &Fault) -> bool {
        let Some(at) = self.some_connection(fault) else { return false };
        let most = [50, 2_000, 30_000][fault.draw_index(2, 3)];
        let until = self.now + MILLI * u32::try_from(fault.draw(3, most)).unwrap();
        self.connections[at].blocked[fault.draw_index(4, 2)] = Some(until);
        true
    }

    /// Frames that are nobody's: of no id or alias there ever was, or of one that has ended.
    fn send_foreign(&mut self, fault: &Fault) -> bool {
        let Some(at) = self.some_connection(fault) else { return false };
        let connection = &mut self.connections[at];
        let ended = &connection.ended;
        let id = match ended.get(fault.draw_index(2, ended.len())) {
            Some(id) if fault.draw(3, 2) == 0 => id.as_str().to_owned(),
            _ => "git_1000000".to_owned(),
        };
        let (frames, bytes) = (FrameWriter::new(&id), b"not yours");
        let message = match fault.draw(4, 6) {
            0 => frames.chunk(1 + fault.draw(5, 3), bytes, Some(0)).into(),
            1 => frames.complete(fault.draw(5, 3), None, &()).into(),
            2 => frames.error("CANCELLED", "not yours", None).into(),
            3 => frames.accepted("e-1", MILLI, 1).into(),
            4 => frames.answer(&()).into(),
            _ => {
                let alias = Alias::new(1_000_000).unwrap();
                let length = u32::try_from(bytes.len()).unwrap();
                let header = BinaryHeader { alias, seq: 1, offset: 0, crc32: None, length };
                WireMessage::Binary([&header.to_bytes(), &bytes[..]].concat().into())
            }
        };
        let beside = message.bytes().len() + MOST_HEADER_BYTES;
        connection.send_down(&message, None, Mark { beside, ..Mark::default() });
        true
    }

    fn restart(&mut self) -> bool {
        self.restarts += 1;
        self.server.restart(&format!("g{}", self.restarts));
        for at in 0..self.connections.len() {
            self.lose(at, Some(self.now), FaultKind::Restart);
        }
        true
    }

    fn crash(&mut self, fault: &Fault) -> bool {
        let core = &self.server.core;
        let runs = self.server.runs.iter();
        let is_running = |id| core.known.get(&id).is_some_and(|known| known.outcome.is_none());
        let running: Vec<_> =
            runs.filter(|run| run.freed.is_none() && is_running(run.id)).collect();
        let Some(run) = running.get(fault.draw_index(1, running.len())) else { return false };
        let id = run.id;
        self.server.core.crash(id);
        self.server.note_changes(Why::Fault, self.now);
        true
    }

    /// A caller wants its transfer otherwise.
    fn change_mind(&mut self, fault: &Fault) -> bool {
        let number = fault.draw_index(1, self.callers.len());
        let (now, caller) = (self.now, &self.callers[number]);
        if caller.is_over() || caller.begun > now || caller.transfer.is_detached() {
            return false;
        }
        match fault.kind {
            FaultKind::CallerDrops => {
                self.decide(number, super::super::halves::Transfer::drop_it);
            }
            FaultKind::CallerCancels => {
                let last = self.callers[number].inbox.back().and_then(Delivery::last);
                let last = last.map(|(text, kind)| (text.to_owned(), kind));
                self.decide(number, |transfer, desk| {
                    let last = last.as_ref().map(|(text, kind)| (text.as_str(), *kind));
                    transfer.cancel(desk, last, now);
                });
            }
            _ => {
                let pause = [0, 300, 20_000, 700_000][fault.draw_index(2, 4)];
                self.decide(number, |transfer, desk| {
                    transfer.detach(Some(desk));
                });
                if self.callers[number].transfer.is_detached() {
                    let at = now + MILLI * pause;
                    self.callers[number].attaches = Some((at, fault.draw(3, 2) == 0));
                }
            }
        }
        true
    }

    /// A caller comes back for what it has left to the server.
    pub(super) fn attach(&mut self, number: usize, from_nothing: bool) {
        let (now, caller) = (self.now, &mut self.callers[number]);
        caller.attaches = None;
        // Bytes that were given out are not asked for again.
        let from_nothing = from_nothing && !caller.plan.wishes.gives_out;
        caller.transfer.attach(from_nothing, now);
        caller.begin_anew();
        let next = caller.transfer.exchange().map_or(1, |exchange| exchange.next_chunk().get());
        caller.ledger.begin(next);
        if from_nothing {
            for run in self.server.runs.iter_mut().filter(|run| run.work == number) {
                run.is_reread = true;
            }
        }
        self.trace(|| format!("t{number} comes back, from chunk {next}"));
    }
}
