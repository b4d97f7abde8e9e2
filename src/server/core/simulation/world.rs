//! A run of one schedule: the callers, the connections, the server and the clock.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::halves::{Cause, Server, Way, WireMessage};
use super::caller::Caller;
use super::connection::{Connection, Held};
use super::faults::{Fault, FaultKind};
use super::passing::Passing;
use super::plan::Plan;
use super::tally::Tally;
use crate::client::limits::HOLD_LIMIT;
use crate::proto::{Counters, IdMint};

/// How many events a run may have; most have some hundred.
const MAX_EVENTS: usize = 100_000;
/// How long one event takes, unless the clock stands still.
const TICK: Duration = Duration::from_millis(1);

pub(super) struct World {
    pub(super) plan: Rc<Plan>,
    pub(super) start: Instant,
    pub(super) now: Instant,
    pub(super) server: Server,
    pub(super) callers: Vec<Caller>,
    pub(super) connections: Vec<Connection>,
    pub(super) mint: IdMint,
    pub(super) counters: Arc<Counters>,
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
    pub(super) largest_message: usize,
    /// When the clock was last moved.
    pub(super) moved: Option<Instant>,
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
                callers[at].history.is_doubled |= fault.repeats();
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
            largest_message: 0,
            moved: None,
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
            self.pass(self.now + TICK, Passing::Busy);
        }
        let happenings = self.happenings();
        if happenings.is_empty() {
            // Whose time has come by the tick alone is woken now.
            if !self.callers.iter().any(|caller| self.is_to_connect(caller)) {
                let at = self.next_time().expect("nothing ever happens again");
                self.pass(self.now.max(at), Passing::Still);
            }
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

    /// Does what is due, and sends what there is to send.
    pub(super) fn settle(&mut self) {
        self.notice();
        self.server.handle_timeout(self.now);
        self.read_released();
        for number in 0..self.callers.len() {
            self.wake(number);
        }
        for at in 0..self.connections.len() {
            self.settle_connection(at);
        }
        self.read_released();
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
}

/// A message, as far as a line has room.
pub(super) fn shown(message: &WireMessage) -> String {
    match message {
        WireMessage::Text(text) => text.chars().take(200).collect(),
        WireMessage::Binary(bytes) => format!("{:?}", &bytes[..bytes.len().min(32)]),
    }
}
