//! Cases of kind `frames`: a client's whole way from message to outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use longhaul::proto::base64::encode;
use longhaul::proto::checksum::Sha256;
use longhaul::proto::{
    Counters, Demux, Event, Exchange, Features, Limits, MessageId, Reply, Route, Stats, exchange,
};
use serde_json::{Map, Value, json};

use crate::binary::from_hex;
use crate::case::{self, Frames, Message, Outcome, Waiting};
use crate::{errors, expect_eq};

/// Counters that a case has to state: one that it leaves out must be 0.
const ODDITIES: [&str; 8] = [
    "repeatedChunks",
    "uncheckedRepeats",
    "parkedChunks",
    "unknownIds",
    "unknownTypes",
    "unreadable",
    "unexpectedBinary",
    "repaired",
];

pub(crate) fn check(case: &Frames) -> Result<(), String> {
    let mut client = Client::new(&case.waiting());
    for message in &case.messages {
        match message {
            Message::Text(text) => client.handle(text)?,
            Message::Binary { hex } => client.demux.route_binary(&from_hex(hex)?),
            Message::Repeat { repeat } => {
                for n in repeat.from..=repeat.to {
                    client.handle(&repeat.text.replace("{n}", &n.to_string()))?;
                }
            }
        }
    }
    let table = client.expect_table();
    for waiter in client.waiters {
        let id = waiter.id.clone();
        waiter.expect().map_err(|why| format!("{id}: {why}"))?;
    }
    table?;
    expect_stats(&client.counters.snapshot(), &case.stats)
}

/// A client without a socket.
struct Client {
    demux: Demux<usize>,
    waiters: Vec<Waiter>,
    counters: Arc<Counters>,
}

/// One request and all that became of it.
struct Waiter {
    id: MessageId,
    exchange: Exchange,
    expected: Waiting,
    /// All that was delivered.
    payload: BytesMut,
    events: Vec<Value>,
    error: Option<Map<String, Value>>,
}

impl Client {
    fn new(expected: &[Waiting]) -> Self {
        let counters = Arc::new(Counters::default());
        let mut client = Self { demux: Demux::new(counters.clone()), waiters: vec![], counters };
        for (at, waiting) in expected.iter().enumerate() {
            let waiter = Waiter::new(waiting.clone(), client.counters.clone());
            let mode = waiter.exchange.terms().mode;
            client.demux.register(waiter.id.clone(), mode, at);
            client.waiters.push(waiter);
        }
        client
    }

    fn handle(&mut self, text: &str) -> Result<(), String> {
        let (at, is_last) = match self.demux.route(text) {
            Route::To(at, _) => (*at, false),
            Route::Last(at, _) => (at, true),
            Route::Nobody => return Ok(()),
        };
        let waiter = self.waiters.get_mut(at).ok_or("no such request")?;
        let has_ended = waiter.handle(text);
        if waiter.error.is_some() {
            self.demux.forget(&waiter.id);
            return Ok(());
        }
        // Table and request have to agree on what ends it.
        expect_eq(&format!("end of the request with {text}"), &has_ended, &is_last)
    }

    fn expect_table(&self) -> Result<(), String> {
        let pending = |waiter: &&Waiter| matches!(waiter.expected.outcome, Outcome::Pending);
        let expected = self.waiters.iter().filter(pending).count();
        expect_eq("requests that wait", &self.demux.len(), &expected)
    }
}

impl Waiter {
    fn new(expected: Waiting, counters: Arc<Counters>) -> Self {
        let request = &expected.request;
        let features = Features::from_names(request.features.iter().map(String::as_str));
        let mut terms = exchange::Terms::new(request.mode.into(), features);
        terms.limits = limits(&request.limits);
        terms.answer_payload =
            request.answer_payload.as_ref().map(|field| &*String::leak(field.clone()));
        Self {
            id: MessageId::new(&request.id).unwrap_or_else(|| panic!("id {}", request.id)),
            exchange: Exchange::new(terms, counters),
            expected,
            payload: BytesMut::new(),
            events: Vec::new(),
            error: None,
        }
    }

    /// Takes a message and tells whether the request ended well with it.
    fn handle(&mut self, text: &str) -> bool {
        let before = self.payload.len();
        match self.exchange.handle_text(text, Instant::now(), &mut self.payload) {
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
                assert_eq!(self.payload.len() - before, bytes, "bytes announced");
                if bytes > 0 {
                    self.events.push(json!({ "data": encode(&self.payload[before..]) }));
                }
            }
            Ok(_) => assert_eq!(self.payload.len(), before, "what is ignored adds nothing"),
            Err(error) => self.error = Some(errors::describe(&error)),
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
            (Outcome::Pending, None, None) => Ok(()),
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
        expect_eq(key, &got.field::<Value>(key).unwrap_or_default(), expected)?;
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

fn without_nulls<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let there = fields.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(key, value)| (key.to_owned(), value)).collect()
}
