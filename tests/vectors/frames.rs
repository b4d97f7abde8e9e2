//! Cases of kind `frames`: a client's whole way from message to outcome.

mod waiter;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use longhaul::proto::checksum::Sha256;
use longhaul::proto::exchange::Recovery;
use longhaul::proto::request::IncomingRequest;
use longhaul::proto::{
    Counters, Demux, Exchange, ExchangeError, Feature, MessageId, Resume, Route, Stats,
};
use serde_json::{Map, json};

use waiter::Waiter;

use crate::binary::from_hex;
use crate::case::{self, Frames, Outcome, Sent, Step, Waiting};
use crate::expect_eq;
use crate::requests::expect_form;
use crate::steering::write_resume;

/// Counters that a case has to state: one that it leaves out must be 0.
const ODDITIES: [&str; 9] = [
    "repeatedChunks",
    "uncheckedRepeats",
    "parkedChunks",
    "unknownIds",
    "unknownTypes",
    "unreadable",
    "unexpectedBinary",
    "repaired",
    "controlAnswers",
];

pub(crate) fn check(case: &Frames) -> Result<(), String> {
    let mut client = Client::new(&case.waiting())?;
    for step in &case.messages {
        match step {
            Step::Text(text) => client.handle(text)?,
            Step::Binary { hex } => client.handle_binary(&from_hex(hex)?.into())?,
            Step::Repeat { repeat } => {
                for n in repeat.from..=repeat.to {
                    client.handle(&repeat.text.replace("{n}", &n.to_string()))?;
                }
            }
            Step::Taken { taken, after } => {
                client.now += Duration::from_millis(*after);
                client.handle_taken(taken)?;
            }
            Step::Wait { wait } => client.handle_wait(Duration::from_millis(*wait)),
            Step::Forgotten { forgotten } => client.forget(forgotten)?,
            Step::Lost { lost } => client.lose(lost)?,
            Step::Resumed { resumed } => client.resume(resumed)?,
            Step::Restarted { restarted } => client.restart(restarted)?,
        }
    }
    let table = client.expect_table();
    for waiter in client.waiters {
        let id = waiter.expected.request.id.clone();
        waiter.expect().map_err(|why| format!("{id}: {why}"))?;
    }
    table?;
    expect_stats(&client.counters.snapshot(), &case.stats)
}

/// A client without a socket, and with a clock of its own.
struct Client {
    demux: Demux<usize>,
    waiters: Vec<Waiter>,
    counters: Arc<Counters>,
    now: Instant,
}

impl Client {
    fn new(expected: &[Waiting]) -> Result<Self, String> {
        let counters = Arc::new(Counters::default());
        let (demux, now) = (Demux::new(counters.clone()), Instant::now());
        let mut client = Self { demux, waiters: vec![], counters, now };
        for (at, waiting) in expected.iter().enumerate() {
            let waiter = Waiter::new(waiting.clone(), client.counters.clone())?;
            client.waiters.push(waiter);
            if waiting.request.continued.is_none() {
                client.send(at, &waiting.request.id)?;
            }
        }
        Ok(client)
    }

    /// The request goes out under this id and waits.
    fn send(&mut self, at: usize, id: &str) -> Result<(), String> {
        let id = MessageId::new(id).ok_or_else(|| format!("{id} is no id"))?;
        let waiter = self.waiters.get_mut(at).ok_or("no such request")?;
        waiter.id = id.clone();
        waiter.exchange.handle_sent(self.now);
        let (mode, features, sent) =
            (waiter.exchange.terms().mode, waiter.exchange.terms().features, id.clone());
        let old = self.demux.register(id, mode, at);
        if features.contains(Feature::Binary) {
            self.demux.expect_binary(&sent);
        }
        old.map_or(Ok(()), |_| Err("an id that waits is used again".to_owned()))
    }

    fn handle_binary(&mut self, message: &Bytes) -> Result<(), String> {
        let Route::To(at, _) = self.demux.route_binary(message) else { return Ok(()) };
        let waiter = self.waiters.get_mut(*at).ok_or("no such request")?;
        let before = waiter.payload.len();
        let step = waiter.exchange.handle_binary(message, self.now, &mut waiter.payload);
        waiter.note(step, before);
        if waiter.error.is_some() {
            self.demux.forget(&waiter.id);
        }
        Ok(())
    }

    fn handle(&mut self, text: &str) -> Result<(), String> {
        let (at, is_last) = match self.demux.route(text) {
            Route::To(at, _) => (*at, false),
            Route::Last(at, _) => (at, true),
            Route::Broken(at, error) => {
                let at = *at;
                let waiter = self.waiters.get_mut(at).ok_or("no such request")?;
                waiter.fail(&ExchangeError::Frame(error));
                self.demux.forget(&waiter.id);
                return Ok(());
            }
            Route::Nobody => return Ok(()),
        };
        let waiter = self.waiters.get_mut(at).ok_or("no such request")?;
        let has_ended = waiter.handle(text, self.now);
        if waiter.error.is_some() {
            self.demux.forget(&waiter.id);
            return Ok(());
        }
        // Table and request have to agree on what ends it.
        expect_eq(&format!("end of the request with {text}"), &has_ended, &is_last)
    }

    fn handle_taken(&mut self, request: &str) -> Result<(), String> {
        let (at, now) = (self.find(request)?, self.now);
        let waiter = &mut self.waiters[at];
        waiter.exchange.handle_taken(now);
        waiter.poll_grant(now);
        Ok(())
    }

    fn handle_wait(&mut self, time: Duration) {
        self.now += time;
        for waiter in &mut self.waiters {
            // Limits of time are looked at without a connection, too.
            if self.demux.get(&waiter.id).is_none() && waiter.lost.is_none() {
                continue;
            }
            if let Err(error) = waiter.exchange.handle_timeout(self.now) {
                waiter.fail(&error);
                self.demux.forget(&waiter.id);
                continue;
            }
            waiter.poll_grant(self.now);
        }
    }

    fn forget(&mut self, request: &str) -> Result<(), String> {
        let at = self.find(request)?;
        let waiter = &mut self.waiters[at];
        waiter.is_forgotten = true;
        self.demux.forget(&waiter.id).map(drop).ok_or_else(|| format!("{request} does not wait"))
    }

    fn lose(&mut self, expected: &BTreeMap<String, case::Recovery>) -> Result<(), String> {
        let waiting: Vec<_> = self.demux.drain().map(|(_, at)| at).collect();
        expect_eq("requests that lost their connection", &waiting.len(), &expected.len())?;
        for at in waiting {
            let waiter = &mut self.waiters[at];
            waiter.exchange.handle_lost();
            let (is_repeatable, is_taken) = waiter.ties();
            let got = recovery(waiter.exchange.recovery(is_repeatable, is_taken));
            waiter.lost = Some(got);
            if got == case::Recovery::Fail {
                waiter.error = Some(Map::from_iter([("kind".to_owned(), json!("lost"))]));
            }
            let request = &waiter.expected.request.id;
            expect_eq(&format!("recovery of {request}"), &Some(&got), &expected.get(request))?;
        }
        Ok(())
    }

    /// Goes on with a request; the text must be what the client writes for that.
    fn resume(&mut self, sent: &Sent) -> Result<(), String> {
        let mut read = IncomingRequest::read(&sent.text).map_err(|error| error.to_string())?;
        let asked = Resume::read(&read).ok_or("no request to resume")??;
        let at = self.find(&sent.request)?;
        let waiter = &mut self.waiters[at];
        expect_eq("recovery", &waiter.lost.take(), &Some(case::Recovery::Resume))?;
        let known = Sha256::of(&waiter.payload);
        let resume = waiter.exchange.resume(asked.operation, known).ok_or("nothing is kept")?;
        let chunk_bytes = waiter.exchange.retained().map(|retained| retained.chunk_bytes);
        read.window = Some(waiter.exchange.terms().window);
        expect_eq("text", &write_resume(&resume, &read, chunk_bytes)?, &sent.text)?;
        waiter.exchange.handle_resumed(read.features);
        self.send(at, &read.id)
    }

    /// Sends a request once more, from nothing.
    fn restart(&mut self, sent: &Sent) -> Result<(), String> {
        expect_form(&sent.text)?;
        let read = IncomingRequest::read(&sent.text).map_err(|error| error.to_string())?;
        let at = self.find(&sent.request)?;
        let waiter = &mut self.waiters[at];
        let refused = waiter.error.take().and_then(|error| error.get("then").cloned());
        let may = waiter.lost.take() == Some(case::Recovery::Restart)
            || refused == Some(json!("restart"));
        expect_eq("may start again", &may, &true)?;
        expect_eq(
            "operation",
            &read.operation.is_some(),
            &read.features.contains(Feature::Resume),
        )?;
        let mut terms = waiter.exchange.terms().clone();
        terms.features = read.features;
        waiter.exchange = Exchange::new(terms, self.counters.clone());
        waiter.payload.clear();
        self.send(at, &read.id)
    }

    fn find(&self, request: &str) -> Result<usize, String> {
        let found = self.waiters.iter().position(|waiter| waiter.expected.request.id == request);
        found.ok_or_else(|| format!("no request {request}"))
    }

    fn expect_table(&self) -> Result<(), String> {
        let pending = |waiter: &&Waiter| {
            matches!(waiter.expected.outcome, Outcome::Pending) && waiter.lost.is_none()
        };
        let expected = self.waiters.iter().filter(pending).count();
        expect_eq("requests that wait", &self.demux.len(), &expected)
    }
}

fn expect_stats(stats: &Stats, expected: &BTreeMap<String, u64>) -> Result<(), String> {
    let counters = BTreeMap::from([
        ("messages", stats.messages),
        ("chunks", stats.chunks),
        ("chunkBytes", stats.chunk_bytes),
        ("repeatedChunks", stats.repeated_chunks),
        ("uncheckedRepeats", stats.unchecked_repeats),
        ("parkedChunks", stats.parked_chunks),
        ("unknownIds", stats.unknown_ids),
        ("unknownTypes", stats.unknown_types),
        ("unreadable", stats.unreadable),
        ("unexpectedBinary", stats.unexpected_binary),
        ("repaired", stats.repaired),
        ("controlAnswers", stats.control_answers),
    ]);
    if let Some(name) = expected.keys().find(|name| !counters.contains_key(name.as_str())) {
        return Err(format!("no counter {name}"));
    }
    for (name, got) in counters {
        match expected.get(name) {
            Some(expected) => expect_eq(name, &got, expected)?,
            None if ODDITIES.contains(&name) => expect_eq(name, &got, &0)?,
            None => {}
        }
    }
    Ok(())
}

fn recovery(recovery: Recovery) -> case::Recovery {
    match recovery {
        Recovery::Resume => case::Recovery::Resume,
        Recovery::Restart => case::Recovery::Restart,
        Recovery::Fail => case::Recovery::Fail,
        other => panic!("no case can state {other:?}"),
    }
}
