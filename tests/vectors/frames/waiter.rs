//! One request, and all that becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use longhaul::proto::base64::encode;
use longhaul::proto::checksum::Sha256;
use longhaul::proto::exchange::{Recovery, Retained};
use longhaul::proto::frame::Chunk;
use longhaul::proto::{
    ChunkAssembler, Counters, Event, Exchange, ExchangeError, Features, Limits, MessageId, Reply,
    Seq, exchange,
};
use serde_json::{Map, Value, json};

use crate::case::{self, Outcome, Waiting};
use crate::{errors, expect_eq};

/// One request and all that became of it.
pub(super) struct Waiter {
    /// The id it was sent under last.
    pub(super) id: MessageId,
    pub(super) exchange: Exchange,
    pub(super) expected: Waiting,
    /// All that was delivered.
    pub(super) payload: BytesMut,
    pub(super) events: Vec<Value>,
    pub(super) error: Option<Map<String, Value>>,
    pub(super) is_forgotten: bool,
    /// What can be done about it, while its connection is gone.
    pub(super) lost: Option<case::Recovery>,
}

impl Waiter {
    pub(super) fn new(expected: Waiting, counters: Arc<Counters>) -> Result<Self, String> {
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
    pub(super) fn ties(&self) -> (bool, bool) {
        let is_taken = self.expected.request.handed_out && !self.payload.is_empty();
        (self.expected.request.repeatable, is_taken)
    }

    pub(super) fn poll_grant(&mut self, now: Instant) {
        if let Some(up_to) = self.exchange.poll_grant(now) {
            self.events.push(json!({ "grant": up_to }));
        }
    }

    pub(super) fn fail(&mut self, error: &ExchangeError) {
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
    pub(super) fn handle(&mut self, text: &str, now: Instant) -> bool {
        let before = self.payload.len();
        let step = self.exchange.handle_text(text, now, &mut self.payload);
        self.note(step, before)
    }

    /// Notes what came of a message, before which so much was delivered.
    pub(super) fn note(&mut self, step: Result<Event, ExchangeError>, before: usize) -> bool {
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

    pub(super) fn expect(self) -> Result<(), String> {
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
