//! The client's core and the server's as a pair, on a virtual clock: one transfer, cut anywhere.
//!
//! A [`Pair`] moves messages one after the other, in an order that depends on nothing but its
//! state. So a run can be copied at any byte, cut there, and followed to its end: each must come to
//! the right payload or a typed error within a bounded number of events, and the server may send no
//! more than a window of chunks again. *Source*: PROTOCOL 6.

mod border;
mod client;
mod endings;
mod every_byte;
mod forgotten;
mod setup;
mod stale;
mod time;

use std::rc::Rc;
use std::time::{Duration, Instant};

use client::{Client, Verdict};
use setup::Setup;

use super::halves::{Cause, Pipe, Server, Way, WireMessage};
use crate::proto::Feature;

/// How many events a run may have; one that is cut often has some thousand.
const MAX_EVENTS: usize = 20_000;
/// How long one event takes.
const TICK: Duration = Duration::from_millis(1);
/// How long the server goes on with a connection that is gone without its knowing.
const UNAWARE: Duration = Duration::from_secs(30);

/// Both cores, and what is between them.
#[derive(Clone, Debug)]
struct Pair {
    setup: Rc<Setup>,
    now: Instant,
    client: Client,
    server: Server,
    line: Option<Line>,
    connections: u64,
    /// Connections that are gone, and when the server notices.
    ghosts: Vec<(u64, Instant)>,
    /// How many messages came down since one went up.
    downs: u32,
    /// How many messages either core has taken.
    taken: [u32; 2],
}

#[derive(Clone, Debug)]
struct Line {
    connection: u64,
    pipes: [Pipe; 2],
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    /// A message arrives.
    Arrival(Way),
    /// The consumer takes what it has.
    Take,
    /// Nothing until then.
    Time(Instant),
}

/// What a cut does to whatever else was on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fate {
    /// Everything is lost.
    Lost,
    /// What went the other way still arrives.
    OtherWayArrives,
    /// Everything is lost, and the server does not notice for a while.
    Unnoticed,
}

const WAYS: [Way; 2] = [Way::Up, Way::Down];
const FATES: [Fate; 3] = [Fate::Lost, Fate::OtherWayArrives, Fate::Unnoticed];

impl Pair {
    /// Before anything was sent.
    fn new(setup: Setup) -> Self {
        let setup = setup.shared();
        let works = Rc::from([setup.work()]);
        let (client, server) = (Client::new(&setup), Server::new(&setup.offer(), works));
        let mut pair = Self {
            now: setup.start,
            setup,
            client,
            server,
            line: None,
            connections: 0,
            ghosts: Vec::new(),
            downs: 0,
            taken: [0; 2],
        };
        pair.settle();
        pair
    }

    fn pipe(&mut self, way: Way) -> &mut Pipe {
        &mut self.line.as_mut().expect("there is a connection").pipes[way as usize]
    }

    /// What happens next; `None` once nothing ever will.
    fn next(&self) -> Option<Happening> {
        if let Some(Line { pipes: [up, down], .. }) = &self.line {
            let is_ups_turn = down.is_empty() || self.downs >= self.setup.uplink_lag;
            if !up.is_empty() && is_ups_turn {
                return Some(Happening::Arrival(Way::Up));
            }
            if !down.is_empty() {
                return Some(Happening::Arrival(Way::Down));
            }
        }
        if self.client.transfer.untaken > 0 {
            return Some(Happening::Take);
        }
        let noticed = self.ghosts.iter().map(|(_, at)| *at).min();
        let times = [self.client.next_timeout(), self.server.next_timeout(), noticed];
        times.into_iter().flatten().min().map(Happening::Time)
    }

    fn apply(&mut self, happening: Happening) {
        self.now += TICK;
        match happening {
            Happening::Arrival(way) => {
                let message = self.pipe(way).receive_next().expect("a whole message");
                self.deliver(way, message.text());
            }
            Happening::Take => self.client.take(self.now),
            Happening::Time(at) => self.now = self.now.max(at),
        }
        self.settle();
    }

    fn deliver(&mut self, way: Way, text: &str) {
        self.taken[way as usize] += 1;
        match way {
            Way::Up => {
                self.downs = 0;
                let connection = self.line.as_ref().map_or(0, |line| line.connection);
                self.server.handle(connection, &String::from(text).into(), self.now);
            }
            Way::Down => {
                self.downs += 1;
                self.client.handle_text(text, self.now);
            }
        }
    }

    /// Does what is due, and sends what there is to send.
    fn settle(&mut self) {
        let now = self.now;
        while let Some(at) = self.ghosts.iter().position(|(_, at)| *at <= now) {
            let (connection, _) = self.ghosts.remove(at);
            self.server.handle_disconnected(connection, self.setup.loss, now);
        }
        self.server.handle_timeout(now);
        self.client.handle_timeout(now);
        if self.line.is_none() && self.client.connects_at().is_some_and(|at| at <= now) {
            self.connections += 1;
            self.line = Some(Line { connection: self.connections, pipes: Default::default() });
            self.client.handle_connected(now);
        }
        for text in self.client.poll() {
            if self.line.is_some() {
                self.pipe(Way::Up).send(&text.into());
            }
        }
        self.pump();
    }

    /// Lets the server send. What goes out on a connection that is gone is gone, too.
    fn pump(&mut self) {
        loop {
            let full = self.line.as_ref().filter(|line| line.pipes[Way::Down as usize].is_full());
            let full = full.map(|line| line.connection);
            let Some(sent) = self.server.poll(self.now, |to| Some(to) != full) else { return };
            if self.line.as_ref().is_some_and(|line| line.connection == sent.connection) {
                let message = match (sent.message, self.setup.tamper) {
                    (WireMessage::Text(text), Some(tamper)) => tamper(text).into(),
                    (message, _) => message,
                };
                self.pipe(Way::Down).send(&message);
            }
        }
    }

    /// Cuts the connection after `count` more bytes of the next message that way.
    fn cut(&mut self, way: Way, count: usize, fate: Fate) {
        self.pipe(way).arrive(count);
        assert_eq!(self.pipe(way).receive(), None, "less than a message is none");
        if fate == Fate::OtherWayArrives {
            let other = if way == Way::Up { Way::Down } else { Way::Up };
            while let Some(message) = self.pipe(other).receive_next() {
                self.deliver(other, message.text());
                // What this leads to is written, and gone.
                self.client.poll();
            }
            while self.server.poll(self.now, |_| true).is_some() {}
        }
        self.lose(fate);
    }

    /// The connection is gone.
    fn lose(&mut self, fate: Fate) {
        let line = self.line.take().expect("there is a connection");
        if fate == Fate::Unnoticed {
            self.ghosts.push((line.connection, self.now + UNAWARE));
        } else {
            self.server.handle_disconnected(line.connection, self.setup.loss, self.now);
        }
        self.client.handle_lost(self.now);
        self.settle();
    }

    /// Runs until nothing ever happens any more.
    fn run(&mut self) {
        for _ in 0..MAX_EVENTS {
            match self.next() {
                Some(happening) => self.apply(happening),
                None => return,
            }
        }
        panic!("it hangs: {self:?}");
    }

    /// Runs until `is_there`, which has to be before the end.
    fn run_until(&mut self, is_there: impl Fn(&Self) -> bool) {
        for _ in 0..MAX_EVENTS {
            if is_there(self) {
                return;
            }
            let happening = self.next().expect("it is not over yet");
            self.apply(happening);
        }
        panic!("it hangs: {self:?}");
    }

    /// Runs to the end, and checks what holds for every end: there is one verdict, nobody waits for
    /// anything, and the server keeps nothing.
    fn finish(&mut self) -> Verdict {
        self.run();
        assert!(self.client.is_settled(), "{self:?}");
        assert!(!self.server.keeps(&self.client.key()), "kept for ever");
        assert_eq!(self.server.next_timeout(), None);
        self.client.verdict.clone().expect("it is settled")
    }

    /// Runs to the end, which has to be the payload of the first run, without more sent again than
    /// `windows` windows.
    fn finish_whole(&mut self, windows: u64) {
        let verdict = self.finish();
        let Verdict::Payload { run: 0, reply } = verdict else { panic!("{verdict:?}") };
        assert_eq!(reply.chunks, self.setup.chunks());
        assert!(reply.digest_checked);
        let mut items: Vec<_> = reply.warnings.iter().map(|warning| &warning.item).collect();
        let warnings = items.len();
        items.sort();
        items.dedup();
        assert_eq!(items.len(), warnings, "each warning once");
        assert_eq!(self.server.runs.len(), 1, "the operation runs once");
        let resent = self.server.resent_bytes();
        // Without credit nothing bounds what a server sends that does not notice a loss.
        let is_bounded = self.setup.features.contains(Feature::Credit);
        let most = windows * self.setup.window * self.setup.chunk_bytes;
        assert!(!is_bounded || resent <= most, "{resent} bytes sent again, at most {most} allowed");
    }

    /// Runs to the end, which has to be a failure.
    fn finish_failed(&mut self) -> Cause {
        match self.finish() {
            Verdict::Failed(cause) => cause,
            verdict => panic!("{verdict:?}"),
        }
    }
}

/// Takes a run through every place where a message arrives, from its start to its end: calls `cut`
/// with the state before each one.
fn at_every_arrival(mut base: Pair, mut cut: impl FnMut(&Pair, Way)) {
    for _ in 0..MAX_EVENTS {
        let Some(happening) = base.next() else { return };
        if let Happening::Arrival(way) = happening {
            cut(&base, way);
        }
        base.apply(happening);
    }
    panic!("it hangs: {base:?}");
}
