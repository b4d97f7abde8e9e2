//! A run of one schedule: the callers, the connections, the server and the clock.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::halves::{Cause, Desk, Routed, Server, Transfer, Way, WireMessage};
use super::caller::Caller;
use super::connection::{Arrived, Connection, Delivery, Held, Mark};
use super::faults::{Fault, FaultKind};
use super::ledger::Entry;
use super::plan::Plan;
use super::tally::Tally;
use crate::proto::{Counters, Demux, ExchangeError, IdMint};

/// How many events a run may have; most have some hundred.
const MAX_EVENTS: usize = 100_000;
/// How long one event takes, unless the clock stands still.
const TICK: Duration = Duration::from_millis(1);
/// How long a transfer that is not read may hold up its connection.
const HOLD_LIMIT: Duration = Duration::from_secs(30);

pub(super) struct World {
    pub(super) plan: Rc<Plan>,
    pub(super) start: Instant,
    pub(super) now: Instant,
    pub(super) server: Server,
    pub(super) callers: Vec<Caller>,
    pub(super) connections: Vec<Connection>,
    mint: IdMint,
    counters: Arc<Counters>,
    /// Whose request each id was.
    pub(super) ids: HashMap<String, usize>,
    /// Faults that wait for their event, the next one last.
    pub(super) faults: Vec<Fault>,
    /// Faults that wait for a frame that they can meet.
    pub(super) armed: Vec<Fault>,
    pub(super) random: fastrand::Rng,
    pub(super) events: usize,
    /// For how many events the clock stands still.
    pub(super) still: usize,
    pub(super) restarts: usize,
    pub(super) tally: Tally,
    is_tracing: bool,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// Bytes arrive on the connection at this place.
    Arrival(usize, Way),
    /// A sink takes what came for it.
    Take(usize),
}

impl World {
    pub(super) fn new(plan: &Plan, is_tracing: bool) -> Self {
        let start = Instant::now();
        let mut works: Vec<_> = plan.callers.iter().map(|caller| caller.work.clone()).collect();
        let mut tally = Tally { schedules: 1, ..Tally::default() };
        let callers = plan.callers.iter().cloned().enumerate();
        let mut callers: Vec<_> =
            callers.map(|(number, plan)| Caller::new(plan, number, start)).collect();
        let (mut standing, mut faults) = (Vec::new(), plan.faults.clone());
        faults.retain(|fault| {
            if fault.kind.is_standing() {
                standing.push(*fault);
            }
            !fault.kind.is_standing()
        });
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.at));
        for fault in standing {
            let at = fault.draw_index(1, callers.len());
            if fault.kind == FaultKind::Reorder {
                works[at].order = fault.order();
                callers[at].history.has_repeats |= fault.repeats();
                tally.count_fault(fault.kind);
            } else {
                callers[at].spoil(&fault);
                if fault.kind == FaultKind::SlowSink {
                    tally.count_fault(fault.kind);
                }
            }
        }
        let works = works.into_iter().map(Rc::new).collect();
        Self {
            plan: Rc::new(plan.clone()),
            start,
            now: start,
            server: Server::new(&Rc::new(plan.offer.clone()), works),
            callers,
            connections: Vec::new(),
            mint: IdMint::new(),
            counters: Arc::default(),
            ids: HashMap::new(),
            faults,
            armed: Vec::new(),
            random: fastrand::Rng::with_seed(plan.seed ^ 0x5eed),
            events: 0,
            still: 0,
            restarts: 0,
            tally,
            is_tracing,
        }
    }

    pub(super) fn trace(&self, line: impl FnOnce() -> String) {
        if self.is_tracing {
            let passed = self.now - self.start;
            println!("{:6} {:>12.3?}  {}", self.events, passed, line());
        }
    }

    /// Runs to the end of all transfers, and then until the server has forgotten them.
    pub(super) fn run(mut self) -> Tally {
        self.settle();
        while !self.callers.iter().all(Caller::is_over) {
            self.events += 1;
            assert!(self.events < MAX_EVENTS, "it hangs");
            if self.meet_faults() {
                self.settle();
                continue;
            }
            self.step();
            self.settle();
            self.check();
        }
        self.trace(|| "all transfers are over".into());
        self.finish()
    }

    /// Lets one thing happen, or time pass.
    pub(super) fn step(&mut self) {
        if self.still > 0 {
            self.still -= 1;
        } else {
            self.now += TICK;
        }
        let happenings = self.happenings();
        if happenings.is_empty() {
            // Whose time has come by the tick alone is woken now.
            let is_due = |caller: &Caller| {
                !caller.is_over() && caller.transfer.connects_at().is_some_and(|at| at <= self.now)
            };
            let at = self.next_time().or(self.callers.iter().any(is_due).then_some(self.now));
            self.now = self.now.max(at.expect("nothing ever happens again"));
            return;
        }
        match happenings[self.random.usize(..happenings.len())] {
            Happening::Arrival(at, way) => self.arrive(at, way),
            Happening::Take(caller) => self.take(caller),
        }
    }

    fn happenings(&self) -> Vec<Happening> {
        let mut happenings = Vec::new();
        for (at, connection) in self.connections.iter().enumerate() {
            if connection.moves(Way::Up, self.now) {
                happenings.push(Happening::Arrival(at, Way::Up));
            }
            if connection.is_open && connection.moves(Way::Down, self.now) {
                happenings.push(Happening::Arrival(at, Way::Down));
            }
        }
        let takes = self.callers.iter().enumerate().filter(|(_, caller)| caller.can_take(self.now));
        happenings.extend(takes.map(|(number, _)| Happening::Take(number)));
        happenings
    }

    /// When something is due next.
    pub(super) fn next_time(&self) -> Option<Instant> {
        let mut times = vec![self.server.next_timeout()];
        for connection in &self.connections {
            times.extend([connection.lost_at, connection.noticed_at]);
            for way in [Way::Up, Way::Down] {
                let until = connection.blocked[way as usize].filter(|until| *until > self.now);
                times.push(until.filter(|_| !connection.pipes[way as usize].is_empty()));
            }
            let is_patient = |held: &&Held| !self.callers[held.caller].plan.wishes.gives_out;
            let held = connection.held.as_ref().filter(|held| !is_patient(held));
            times.push(held.map(|held| held.since + HOLD_LIMIT));
        }
        for caller in self.callers.iter().filter(|caller| !caller.is_over()) {
            let waits = caller.transfer.connects_at().is_some_and(|at| at <= self.now);
            let timeout = caller.transfer.next_timeout();
            times.push(timeout.filter(|_| !waits && caller.is_waiting()));
            times.push(caller.attaches.map(|(at, _)| at));
            times.push(caller.plan.deadline.map(|limit| caller.begun + limit));
            times.push(Some(caller.ready_at).filter(|_| !caller.inbox.is_empty()));
        }
        times.into_iter().flatten().min()
    }

    fn arrive(&mut self, at: usize, way: Way) {
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
        if mark.is_altered {
            self.callers[caller].history.taint();
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
    fn take(&mut self, number: usize) {
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
    fn tell_held(&mut self, number: usize) {
        let Some((connection, _)) = self.callers[number].request else { return };
        let held = self.connections.iter().find(|open| open.number == connection);
        let Some(total) = held.map(|connection| connection.held_for(self.now)) else { return };
        let caller = &mut self.callers[number];
        caller.transfer.handle_held(total.saturating_sub(caller.held));
        caller.held = total;
    }

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
        act(&mut caller.transfer, &mut desk);
        self.note_decision(at, number, had_verdict, restarts);
    }

    fn note_decision(
        &mut self,
        at: Option<usize>,
        number: usize,
        had_verdict: bool,
        restarts: usize,
    ) {
        let caller = &mut self.callers[number];
        let restarted = caller.transfer.restarts[restarts..].to_vec();
        if !restarted.is_empty() {
            caller.history.is_tainted = false;
            caller.ledger.begin(1);
        }
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
            }
        } else if !caller.transfer.is_following() {
            caller.clear_inbox();
        }
        for cause in restarted {
            self.trace(|| format!("t{number} begins again: {cause:?}"));
            self.check_cause(number, &cause);
            *self.tally.restarts.entry(super::oracle::name(&cause)).or_default() += 1;
        }
        if !had_verdict && self.callers[number].is_over() {
            let connection = at.map(|at| self.connections[at].number);
            let caller = &mut self.callers[number];
            let last = caller.request.as_ref().map(|(connection, _)| *connection);
            caller.ended_on = connection.filter(|connection| last == Some(*connection));
            self.check_verdict(number);
        }
    }

    /// The connection is gone for the client; the server notices at `noticed`, if ever.
    pub(super) fn lose(&mut self, at: usize, noticed: Option<Instant>) {
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
            let is_on = caller.request.as_ref().is_some_and(|(on, _)| *on == number);
            if !is_on || caller.transfer.id().is_none() || caller.is_over() {
                continue;
            }
            caller.history.was_lost = true;
            if caller.transfer.is_following() && !caller.inbox.is_empty() {
                caller.is_losing = true;
                continue;
            }
            let now = self.now;
            self.decide_on(None, number_of, |transfer, _| transfer.handle_lost(now));
        }
    }

    /// Does what is due, and sends what there is to send.
    pub(super) fn settle(&mut self) {
        self.notice();
        self.server.handle_timeout(self.now);
        for number in 0..self.callers.len() {
            self.wake(number);
        }
        for at in 0..self.connections.len() {
            self.settle_connection(at);
        }
        self.pump();
    }

    fn wake(&mut self, number: usize) {
        let (now, caller) = (self.now, &self.callers[number]);
        if caller.is_over() {
            return;
        }
        if caller.plan.deadline.is_some_and(|limit| caller.begun + limit <= now) {
            return self.decide(number, |transfer, desk| transfer.give_up(desk, Cause::Deadline));
        }
        if let Some((_, from_nothing)) = caller.attaches.filter(|(at, _)| *at <= now) {
            self.attach(number, from_nothing);
        }
        // What waits in the inbox comes before a limit of time.
        let caller = &self.callers[number];
        let is_due = caller.transfer.next_timeout().is_some_and(|at| at <= now);
        if caller.transfer.connects_at().is_some_and(|at| at <= now) {
            self.connect(number);
        } else if is_due && caller.is_waiting() {
            self.tell_held(number);
            self.decide(number, |transfer, desk| transfer.handle_timeout(desk, now));
        }
    }

    /// Sends the request of a transfer, on a connection that takes it.
    fn connect(&mut self, number: usize) {
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
    fn settle_connection(&mut self, at: usize) {
        let now = self.now;
        let held = self.connections[at].held.as_ref();
        if let Some(Held { caller, since, .. }) = held
            && *since + HOLD_LIMIT <= now
            && self.callers[*caller].plan.wishes.gives_out
        {
            let number = *caller;
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
    fn notice(&mut self) {
        for at in 0..self.connections.len() {
            if self.connections[at].lost_at.is_some_and(|due| due <= self.now) {
                self.lose(at, None);
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
}

/// A message, as far as a line has room.
pub(super) fn shown(message: &WireMessage) -> String {
    match message {
        WireMessage::Text(text) => text.chars().take(200).collect(),
        WireMessage::Binary(bytes) => format!("{:?}", &bytes[..bytes.len().min(32)]),
    }
}
