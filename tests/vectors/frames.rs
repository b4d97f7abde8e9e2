//! Cases of kind `frames`: a client's whole way from message to outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use longhaul::proto::base64::encode;
use longhaul::proto::checksum::Sha256;
use longhaul::proto::exchange::{Recovery, Retained};
use longhaul::proto::frame::Chunk;
use longhaul::proto::request::IncomingRequest;
use longhaul::proto::{
    ChunkAssembler, Counters, Demux, Event, Exchange, ExchangeError, Feature, Features, Limits,
    MessageId, Reply, Resume, Route, Seq, Stats, exchange,
};
use serde_json::{Map, Value, json};

use crate::binary::from_hex;
use crate::case::{self, Frames, Outcome, Sent, Step, Waiting};
use crate::requests::expect_form;
use crate::steering::write_resume;
use crate::{errors, expect_eq};

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

/// One request and all that became of it.
struct Waiter {
    /// The id it was sent under last.
    id: MessageId,
    exchange: Exchange,
    expected: Waiting,
    /// All that was delivered.
    payload: BytesMut,
    events: Vec<Value>,
    error: Option<Map<String, Value>>,
    is_forgotten: bool,
    /// What can be done about it, while its connection is gone.
    lost: Option<case::Recovery>,
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

impl Waiter {
    fn new(expected: Waiting, counters: Arc<Counters>) -> Result<Self, String> {
        let request = &expected.request;
        let features = Features::from_names(request.features.iter().map(String::as_str));
        let mut terms = exchange::Terms::new(request.mode.into(), features);
        terms.limits = limits(&request.limits);
        terms.answer_payload =
            request.answer_payload.as_ref().map(|field| &*String::leak(field.clone()));
        terms.window = request.window.unwrap_or(terms.window);
        terms.idle_limit = request.idle_limit.map(Duration::from_millis);
        let mut payload = BytesMut::new();
        let exchange = if let Some(known) = &request.continued {
            let data = known.payload.as_str().into();
            let chunk = Chunk { seq: 1, data, offset: None, crc32: None };
            let mut decoder = ChunkAssembler::new(Limits::default());
            decoder.push(&chunk, &mut payload).map_err(|error| error.to_string())?;
            let retained = Retained::new(
                known.epoch.clone(),
                Duration::from_millis(known.ttl),
                known.chunk_size,
            );
            let next = Seq::new(known.next_seq).ok_or("nextSeq is 0")?;
            Exchange::continued(terms, counters, retained, next, payload.len() as u64)
        } else {
            Exchange::new(terms, counters)
        };
        let lost = request.continued.is_some().then_some(case::Recovery::Resume);
        Ok(Self {
            id: MessageId::new(&request.id).ok_or_else(|| format!("{} is no id", request.id))?,
            exchange,
            expected,
            payload,
            events: Vec::new(),
            error: None,
            is_forgotten: false,
            lost,
        })
    }

    /// Whether the operation may be asked for twice, and whether bytes are out of our hands.
    fn ties(&self) -> (bool, bool) {
        let is_taken = self.expected.request.handed_out && !self.payload.is_empty();
        (self.expected.request.repeatable, is_taken)
    }

    fn poll_grant(&mut self, now: Instant) {
        if let Some(up_to) = self.exchange.poll_grant(now) {
            self.events.push(json!({ "grant": up_to }));
        }
    }

    fn fail(&mut self, error: &ExchangeError) {
        let mut described = errors::describe(error);
        let nothing_is_kept = match error {
            ExchangeError::Server(error) => error.is_resume_refusal(),
            ExchangeError::EpochChanged { .. } => true,
            _ => false,
        };
        let (is_repeatable, is_taken) = self.ties();
        let then = match Exchange::recovery_without_resume(is_repeatable, is_taken) {
            Recovery::Restart if nothing_is_kept => "restart",
            _ => "fail",
        };
        described.insert("then".to_owned(), json!(then));
        self.error = Some(described);
    }

    /// Takes a message and tells whether the request ended well with it.
    fn handle(&mut self, text: &str, now: Instant) -> bool {
        let before = self.payload.len();
        let step = self.exchange.handle_text(text, now, &mut self.payload);
        self.note(step, before)
    }

    /// Notes what came of a message, before which so much was delivered.
    fn note(&mut self, step: Result<Event, ExchangeError>, before: usize) -> bool {
        match step {
            Ok(Event::Ended) => return true,
            Ok(Event::Progress(progress)) => {
                let fields = [
                    ("done", json!(progress.done)),
                    ("total", json!(progress.total)),
                    ("message", json!(progress.message)),
                ];
                self.events.push(json!({ "progress": without_nulls(fields) }));
            }
            Ok(Event::Warning(warning)) => {
                let fields = [
                    ("item", json!(warning.item)),
                    ("code", json!(warning.code)),
                    ("message", json!(warning.message)),
                ];
                self.events.push(json!({ "warning": without_nulls(fields) }));
            }
            Ok(Event::Accepted(retained)) => {
                self.events.push(json!({ "accepted": {
                    "epoch": retained.epoch,
                    "ttl": u64::try_from(retained.ttl.as_millis()).unwrap(),
                    "chunkSize": retained.chunk_bytes,
                } }));
            }
            Ok(Event::Data(bytes)) => {
                assert_eq!((self.payload.len() - before) as u64, bytes, "bytes announced");
                if bytes > 0 {
                    self.events.push(json!({ "data": encode(&self.payload[before..]) }));
                }
            }
            Ok(_) => assert_eq!(self.payload.len(), before, "what is ignored adds nothing"),
            Err(error) => self.fail(&error),
        }
        false
    }

    fn expect(self) -> Result<(), String> {
        if let Some(events) = &self.expected.events {
            expect_eq("events", &self.events, events)?;
        }
        let verdict = self.exchange.finish(Sha256::of(&self.payload));
        let (error, reply) = match verdict {
            Ok(reply) => (self.error, reply),
            Err(error) => (Some(errors::describe(&error)), None),
        };
        match (&self.expected.outcome, error, reply) {
            (Outcome::Pending, None, None) if !self.is_forgotten => Ok(()),
            (Outcome::Forgotten, None, None) if self.is_forgotten => Ok(()),
            (Outcome::Error(expected), Some(got), None) => {
                expect_eq("error", &errors::comparable(got, expected), expected)
            }
            (Outcome::Reply(expected), None, Some(reply)) => {
                expect_reply(&reply, &encode(&self.payload), expected)
            }
            (_, error, reply) => Err(format!("ended with {error:?} and {reply:?}")),
        }
    }
}

fn expect_reply(got: &Reply, payload: &str, expected: &case::Reply) -> Result<(), String> {
    expect_eq("payload", &payload, &expected.payload.as_str())?;
    expect_eq("chunks", &got.chunks, &expected.chunks)?;
    expect_eq("digestChecked", &got.digest_checked, &expected.digest_checked)?;
    if let Some(expected) = &expected.data {
        let data = got.data.as_deref().map_or("null", serde_json::value::RawValue::get);
        let data: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
        expect_eq("data", &data, expected)?;
    }
    for (key, expected) in &expected.fields {
        let field = got.field::<Value>(key.clone()).map_err(|error| error.to_string())?;
        expect_eq(key, &field.unwrap_or_default(), expected)?;
    }
    if let Some(expected) = &expected.skipped {
        expect_eq("skipped", &json!(got.skipped()), expected)?;
    }
    let warnings = expected.warnings.unwrap_or_default();
    expect_eq("warnings", &got.warnings.len(), &warnings)
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

fn limits(given: &case::Limits) -> Limits {
    let mut limits = Limits::default();
    limits.max_payload_bytes = given.max_payload_bytes.unwrap_or(limits.max_payload_bytes);
    limits.max_parked_bytes = given.max_parked_bytes.unwrap_or(limits.max_parked_bytes);
    limits.max_parked_chunks = given.max_parked_chunks.unwrap_or(limits.max_parked_chunks);
    limits.remembered_chunks = given.remembered_chunks.unwrap_or(limits.remembered_chunks);
    limits
}

fn recovery(recovery: Recovery) -> case::Recovery {
    match recovery {
        Recovery::Resume => case::Recovery::Resume,
        Recovery::Restart => case::Recovery::Restart,
        Recovery::Fail => case::Recovery::Fail,
        other => panic!("no case can state {other:?}"),
    }
}

fn without_nulls<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let there = fields.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(key, value)| (key.to_owned(), value)).collect()
}
