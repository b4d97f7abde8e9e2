//! One caller: its transfer, its inbox and its sink.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::super::halves::{Content, Sink, Transfer};
use super::connection::Delivery;
use super::faults::{Fault, FaultKind};
use super::history::History;
use super::ledger::Ledger;
use super::plan::CallerPlan;
use super::tries::Tries;
use super::waits::Waits;
use crate::client::Window;
use crate::client::limits::BESIDE_CHUNKS_BYTES;
use crate::proto::{Exchange, Feature, MessageId};

/// How many bytes may wait for one transfer without `credit`; one message may exceed it.
/// Less than the client takes, so that short payloads fill it.
const INBOX_BYTES: usize = 8 << 10;

pub(super) struct Caller {
    pub(super) plan: CallerPlan,
    pub(super) transfer: Transfer,
    pub(super) inbox: VecDeque<Delivery>,
    /// The bytes of chunks and of all else that wait.
    pub(super) waiting: [usize; 2],
    /// When the sink takes something again.
    pub(super) ready_at: Instant,
    /// How long it takes for each message.
    pub(super) slow: Duration,
    /// The connection of the request that is under way, or was last.
    pub(super) request: Option<(u64, MessageId)>,
    /// What stands for that request in its chunks, once the server has said so.
    pub(super) alias: Option<u32>,
    /// How much of the connection's held time was told.
    pub(super) held: Duration,
    /// The connection is gone, and what came before is still to be taken.
    pub(super) is_losing: bool,
    pub(super) begun: Instant,
    /// When it comes back for what it left to the server, and whether with nothing.
    pub(super) attaches: Option<(Instant, bool)>,
    pub(super) history: History,
    pub(super) waits: Waits,
    pub(super) tries: Tries,
    /// The most bytes that were there at any time: only more give it its retries back.
    furthest: u64,
    /// Whether the server had said that it keeps the operation, when it last decided something.
    pub(super) was_kept: bool,
    pub(super) ledger: Ledger,
    /// The name of the state that it goes on with, if it does.
    pub(super) epoch: Option<String>,
    /// The connection that was there when it ended.
    pub(super) ended_on: Option<u64>,
}

impl Caller {
    pub(super) fn new(plan: CallerPlan, number: usize, start: Instant) -> Self {
        let begun = start.checked_add(plan.begins).unwrap_or(start);
        let sink = Sink::new(Rc::new(plan.work.clone()));
        let wishes = Rc::new(plan.wishes.clone());
        Self {
            transfer: Transfer::new(number, wishes, sink, begun),
            plan,
            inbox: VecDeque::new(),
            waiting: [0; 2],
            ready_at: start,
            slow: Duration::ZERO,
            request: None,
            alias: None,
            held: Duration::ZERO,
            is_losing: false,
            begun,
            attaches: None,
            history: History::default(),
            waits: Waits::new(start),
            tries: Tries::default(),
            furthest: 0,
            was_kept: false,
            ledger: Ledger::default(),
            epoch: None,
            ended_on: None,
        }
    }

    /// A fault of its sink.
    pub(super) fn spoil(&mut self, fault: &Fault) {
        let length = self.plan.work.payloads[0].len();
        let sink = &mut self.transfer.sink;
        match fault.kind {
            FaultKind::ShortWrite => sink.at_once = 1 + fault.draw_index(2, 500),
            FaultKind::DiskFull => {
                sink.full_at = Some((fault.draw_index(2, length), ErrorKind::StorageFull));
            }
            FaultKind::WriteError => {
                sink.full_at = Some((fault.draw_index(2, length), ErrorKind::BrokenPipe));
            }
            _ => self.slow = Duration::from_millis([3, 100, 2_000, 40_000][fault.draw_index(2, 4)]),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        !self.plan.takes_part() || self.transfer.verdict.is_some()
    }

    /// The name of the state that the server keeps of its operation, as far as it knows.
    pub(super) fn known_epoch(&self) -> Option<&str> {
        Some(self.transfer.exchange()?.retained()?.epoch.as_str())
    }

    /// Gives it its tries back if there is more than there was at any time.
    pub(super) fn note_bytes(&mut self) {
        let bytes = self.transfer.exchange().map_or(0, Exchange::delivered_bytes);
        if bytes > self.furthest {
            self.furthest = bytes;
            self.tries = Tries::default();
        }
    }

    /// It comes back for its operation, with all its tries.
    pub(super) fn begin_anew(&mut self) {
        self.tries = Tries::default();
        self.furthest = self.transfer.exchange().map_or(0, Exchange::delivered_bytes);
    }

    /// Whether it may ask from nothing again.
    pub(super) fn may_restart(&self) -> bool {
        let wishes = &self.plan.wishes;
        let is_given = wishes.gives_out && !self.transfer.sink.received.is_empty();
        wishes.is_repeatable && !is_given
    }

    /// Whether it has `credit`.
    pub(super) fn has_credit(&self) -> bool {
        let exchange = self.transfer.exchange();
        exchange.is_some_and(|exchange| exchange.terms().features.contains(Feature::Credit))
    }

    /// How much may wait: of chunks, and of all else.
    pub(super) fn room(&self) -> [usize; 2] {
        if !self.has_credit() {
            return [INBOX_BYTES; 2];
        }
        let wishes = &self.plan.wishes;
        let window = Window { chunks: wishes.window, chunk_bytes: wishes.chunk_bytes };
        [window.room_bytes(), BESIDE_CHUNKS_BYTES].map(|bytes| usize::try_from(bytes).unwrap())
    }

    /// Puts a message into the inbox, or gives it back if there is no room.
    pub(super) fn deliver(&mut self, delivery: Delivery, now: Instant) -> Result<(), Delivery> {
        let (has_credit, room) = (self.has_credit(), self.room());
        let which = which(&delivery.content, has_credit);
        let after = self.waiting[which] + delivery.content.len();
        let is_last = has_credit && delivery.last.is_some();
        if after > room[which] && !self.inbox.is_empty() && !is_last {
            return Err(delivery);
        }
        if self.inbox.is_empty() {
            self.ready_at = now + self.slow;
        }
        self.waiting[which] = after;
        self.inbox.push_back(delivery);
        Ok(())
    }

    /// The next message, once the sink is ready for it.
    pub(super) fn take(&mut self, now: Instant) -> Option<Delivery> {
        let delivery = self.inbox.pop_front()?;
        let which = which(&delivery.content, self.has_credit());
        self.waiting[which] = self.waiting[which].saturating_sub(delivery.content.len());
        if !self.inbox.is_empty() {
            self.ready_at = now + self.slow;
        }
        Some(delivery)
    }

    pub(super) fn clear_inbox(&mut self) {
        self.inbox.clear();
        self.waiting = [0; 2];
    }

    /// Whether it waits for what comes, or for a limit of time; what came already is before that.
    pub(super) fn is_waiting(&self) -> bool {
        self.inbox.is_empty() && !self.is_losing
    }

    /// Whether there is something to take, or to notice behind it.
    pub(super) fn can_take(&self, now: Instant) -> bool {
        (!self.inbox.is_empty() && self.ready_at <= now) || self.is_losing && self.inbox.is_empty()
    }
}

/// Whose room it takes: that of chunks, or of all else.
fn which(content: &Content, has_credit: bool) -> usize {
    usize::from(has_credit && !is_chunk(content))
}

pub(super) fn is_chunk(content: &Content) -> bool {
    match content {
        Content::Chunk(_) | Content::Binary(_) => true,
        Content::Text(text) => text.contains("\"chunk\""),
    }
}
