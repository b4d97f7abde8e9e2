//! Cases that wait for the client to read binary chunks: until then each is told to it in text, with
//! the same outcome, so that no mistake waits with them.

use std::collections::BTreeMap;

use longhaul::proto::Alias;
use longhaul::proto::base64::encode;
use longhaul::proto::frame::{
    Accepted, BinaryChunk, BinaryEnvelope, Body, Frame, FrameError, Kind,
};
use longhaul::proto::request::{IncomingRequest, Mode};
use serde_json::{Value, json};

use crate::binary::from_hex;
use crate::case::{Frames, Outcome, Step, Waiting};
use crate::{errors, expect_eq, frames};

/// A frame that fails its request, for what text cannot get wrong.
const DEFECT: &str = r#","type":"chunk","seq":-1,"data":""}"#;

/// The case holds once its binary chunks are text.
pub(crate) fn check(case: &Frames) -> Result<(), String> {
    let mut teller = Teller::new(case.waiting());
    let mut messages = Vec::new();
    for step in &case.messages {
        messages.extend(teller.tell(step)?);
    }
    let Teller { mut waiting, mut defects, .. } = teller;
    for waiter in &mut waiting {
        let defect = defects.remove(&waiter.request.id);
        let Outcome::Error(error) = &mut waiter.outcome else {
            expect_eq("defect", &defect, &None)?;
            continue;
        };
        let is_binary = error["kind"].as_str().is_some_and(|kind| kind.starts_with("binary"));
        if is_binary || defect.is_some() {
            expect_eq("defect", &defect, &Some(Value::Object(error.clone())))?;
            *error = serde_json::from_value(json!({
                "kind": "invalid", "frame": "chunk", "field": "seq",
            }))
            .map_err(|error| error.to_string())?;
        }
    }
    let mut waiting = waiting.into_iter();
    let first = waiting.next().ok_or("no request")?;
    frames::check(&Frames {
        request: first.request,
        messages,
        events: first.events,
        outcome: first.outcome,
        others: waiting.collect(),
        stats: case.stats.clone(),
    })
}

/// Tells binary chunks in text, as a client would read them.
struct Teller {
    waiting: Vec<Waiting>,
    /// The id of the frames of each request, in the order of the requests; none once it has ended.
    ids: Vec<Option<String>>,
    /// Which request has the alias.
    aliases: BTreeMap<Alias, usize>,
    /// Whether a chunk or an `accepted` of it has come, so that no other one counts.
    has_begun: Vec<bool>,
    defects: BTreeMap<String, Value>,
}

impl Teller {
    fn new(waiting: Vec<Waiting>) -> Self {
        let ids = waiting.iter().map(|waiter| Some(waiter.request.id.clone())).collect();
        let has_begun = vec![false; waiting.len()];
        Self { waiting, ids, aliases: BTreeMap::new(), has_begun, defects: BTreeMap::new() }
    }

    fn has(&self, at: usize, feature: &str) -> bool {
        self.waiting[at].request.features.iter().any(|name| name == feature)
    }

    fn has_agreed(&self) -> bool {
        (0..self.waiting.len()).any(|at| self.has(at, "binary"))
    }

    fn tell(&mut self, step: &Step) -> Result<Option<Step>, String> {
        match step {
            Step::Text(text) => return self.tell_text(text),
            Step::Binary { hex } if self.has_agreed() => {
                return Ok(Some(Step::Text(self.tell_binary(&from_hex(hex)?))));
            }
            Step::Lost { .. } => {
                self.aliases.clear();
                self.has_begun.fill(false);
            }
            Step::Forgotten { forgotten } => {
                let is_it = |waiter: &Waiting| waiter.request.id == *forgotten;
                self.end(self.waiting.iter().position(is_it).ok_or("no such request")?);
            }
            Step::Resumed { resumed } => {
                let read = IncomingRequest::read(&resumed.text).map_err(|e| e.to_string())?;
                let is_it = |waiter: &Waiting| waiter.request.id == resumed.request;
                let at = self.waiting.iter().position(is_it).ok_or("no such request")?;
                self.ids[at] = Some(read.id);
            }
            _ => {}
        }
        Ok(Some(step.clone()))
    }

    fn tell_text(&mut self, text: &str) -> Result<Option<Step>, String> {
        let as_it_is = Ok(Some(Step::Text(text.to_owned())));
        let mut mended = String::new();
        let frame = Frame::read(text, Mode::Stream, &mut mended).map_err(|e| e.to_string())?;
        let is_it = |id: &Option<String>| id.as_deref() == Some(&*frame.id);
        let Some(at) = self.ids.iter().position(is_it) else { return as_it_is };
        let (has_begun, is_named) = (self.has_begun[at], !self.has(at, "resume"));
        match frame.body {
            Ok(Body::Chunk(_)) => self.has_begun[at] = true,
            Ok(Body::Complete(_) | Body::Error(_) | Body::Answer(_)) => self.end(at),
            Ok(Body::Accepted(accepted)) if self.has(at, "binary") && !has_begun => {
                self.has_begun[at] = true;
                match self.name(at, &accepted) {
                    // Without `resume`, the frame says nothing else.
                    Ok(()) if is_named => return Ok(None),
                    Ok(()) => {}
                    Err(defect) => return Ok(Some(Step::Text(self.fail(at, wrong(defect))))),
                }
            }
            Err(FrameError::Invalid { kind: Kind::Accepted, field }) if is_named => {
                return Ok(Some(Step::Text(self.fail(at, wrong(("invalid", field))))));
            }
            _ => {}
        }
        as_it_is
    }

    /// Gives a request its alias, or says what is wrong with the frame.
    fn name(
        &mut self,
        at: usize,
        accepted: &Accepted<'_>,
    ) -> Result<(), (&'static str, &'static str)> {
        match accepted.chunk_bytes {
            None => return Err(("missing", "chunkSize")),
            Some(0) => return Err(("invalid", "chunkSize")),
            Some(_) => {}
        }
        let Some(alias) = accepted.alias else { return Ok(()) };
        if self.aliases.contains_key(&alias) {
            return Err(("invalid", "alias"));
        }
        self.aliases.insert(alias, at);
        Ok(())
    }

    fn tell_binary(&mut self, message: &[u8]) -> String {
        let Ok(envelope) = BinaryEnvelope::read(message) else { return "unreadable".to_owned() };
        let Some(at) = self.aliases.get(&envelope.alias()).copied() else {
            return r#"{"id":"nobody","type":"chunk","seq":1,"data":""}"#.to_owned();
        };
        match envelope.chunk() {
            Ok(chunk) => {
                self.has_begun[at] = true;
                chunk_as_text(self.ids[at].as_deref().unwrap_or_default(), &chunk)
            }
            Err(defect) => self.fail(at, errors::binary(defect)),
        }
    }

    fn fail(&mut self, at: usize, defect: Value) -> String {
        let text = format!("{{\"id\":\"{}\"{DEFECT}", self.ids[at].as_deref().unwrap_or_default());
        self.defects.insert(self.waiting[at].request.id.clone(), defect);
        self.end(at);
        text
    }

    fn end(&mut self, at: usize) {
        self.ids[at] = None;
        self.aliases.retain(|_, named| *named != at);
    }
}

fn wrong((kind, field): (&str, &str)) -> Value {
    json!({ "kind": kind, "frame": "accepted", "field": field })
}

fn chunk_as_text(id: &str, chunk: &BinaryChunk<'_>) -> String {
    let (header, data) = (chunk.header, encode(chunk.bytes));
    let crc32 = header.crc32.map_or(String::new(), |crc32| format!(",\"crc32\":\"{crc32}\""));
    let (seq, offset) = (header.seq, header.offset);
    format!(
        "{{\"id\":\"{id}\",\"type\":\"chunk\",\"seq\":{seq},\"data\":\"{data}\",\"offset\":{offset}{crc32}}}"
    )
}
