//! A stream as a session sends it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::super::{Next, OperationId, Payload, StreamKey, StreamTerms};
use super::pipe::WireMessage;
use super::server::Server;
use crate::proto::base64;
use crate::server::chunk::OutgoingChunk;
use crate::server::outbox::Outgoing;

/// A stream that is being sent.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// What it sends, by its place among the runs.
    pub(super) run: usize,
    operation: OperationId,
    pub(super) key: StreamKey,
    terms: StreamTerms,
    /// Chunks that may go out, with what they are chunks of.
    batch: VecDeque<u64>,
    payload: Option<Arc<Payload>>,
    last: u64,
}

/// What the server sends.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Sent {
    pub(in crate::server::core) connection: u64,
    /// What it is of, unless it is beside all streams.
    pub(in crate::server::core) run: Option<usize>,
    pub(in crate::server::core) kind: SentKind,
    pub(in crate::server::core) message: WireMessage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum SentKind {
    Chunk(u64),
    /// A frame that more follow.
    Frame,
    /// The last frame of a stream.
    Last,
    /// A refusal, or an answer to a control.
    Beside,
}

impl Sending {
    pub(super) fn new(
        run: usize,
        operation: OperationId,
        key: StreamKey,
        terms: StreamTerms,
    ) -> Self {
        Self { run, operation, key, terms, batch: VecDeque::new(), payload: None, last: 0 }
    }
}

impl Server {
    /// What the stream sends now, if anything.
    pub(super) fn poll_stream(
        &mut self,
        at: usize,
        now: Instant,
    ) -> Option<(SentKind, WireMessage)> {
        let (run, key) = (self.sendings[at].run, self.sendings[at].key.clone());
        if self.core.is_ended(&key) {
            self.sendings[at].batch.clear();
        }
        loop {
            if let Some(chunk) = self.next_chunk(at) {
                return Some(chunk);
            }
            let terms = &self.sendings[at].terms;
            if !terms.is_stream && !self.core.is_ended(&key) {
                let text = self.answer(at)?;
                self.core.close(&key);
                self.core.handle_last_sent(&key, now);
                self.note_last_sent(run, now);
                return Some((SentKind::Last, text.into()));
            }
            match self.core.poll(&key, now) {
                Next::Frame(text) => return Some((SentKind::Frame, text.into())),
                Next::Chunks { payload, seqs } => {
                    let order = self.works[self.runs[run].work].order;
                    let sending = &mut self.sendings[at];
                    sending.last = *seqs.end();
                    sending.payload = Some(payload);
                    sending.batch = order.ordered(seqs);
                }
                Next::Complete { payload, data } => {
                    if !self.core.close(&key) {
                        continue;
                    }
                    if terms.checksum {
                        payload.hash().unwrap();
                    }
                    let digest = payload.digest().filter(|_| terms.checksum);
                    let text = terms.frames.complete(payload.total_chunks(), digest, &&*data);
                    self.core.handle_last_sent(&key, now);
                    self.note_last_sent(run, now);
                    return Some((SentKind::Last, text.into()));
                }
                Next::Error(text) => {
                    self.core.handle_last_sent(&key, now);
                    self.note_last_sent(run, now);
                    return Some((SentKind::Last, text.into()));
                }
                Next::Wait(until) => {
                    self.wake = [self.wake, until].into_iter().flatten().min();
                    return None;
                }
                Next::Over => return None,
            }
        }
    }

    /// The next of the chunks that may go out.
    fn next_chunk(&mut self, at: usize) -> Option<(SentKind, WireMessage)> {
        let sending = &mut self.sendings[at];
        let (seq, payload) = (sending.batch.pop_front()?, sending.payload.as_ref()?);
        let run = &mut self.runs[sending.run];
        run.note_sent(seq);
        let (bytes, offset) = (payload.chunk(seq).unwrap(), payload.border(seq).unwrap());
        let chunk = OutgoingChunk { seq, bytes: &bytes, offset };
        let Outgoing::Message(message) = chunk.message(&sending.terms, &self.script) else {
            panic!("no script cuts")
        };
        if sending.batch.is_empty() {
            self.core.handle_sent(&sending.key, sending.last);
        }
        let message = if message.is_text() {
            WireMessage::Text(message.into_text().unwrap().to_string())
        } else {
            WireMessage::Binary(message.into_data())
        };
        Some((SentKind::Chunk(seq), message))
    }

    /// The single answer, once there is an outcome.
    fn answer(&self, at: usize) -> Option<String> {
        let Sending { operation, terms, .. } = &self.sendings[at];
        let outcome = self.core.known.get(operation)?.outcome.as_ref()?;
        Some(match outcome {
            Err(refusal) => refusal.frame(&terms.frames, false),
            Ok(outcome) => {
                let all = 1..=outcome.payload.total_chunks();
                let bytes: Vec<u8> =
                    all.flat_map(|seq| outcome.payload.chunk(seq).unwrap()).collect();
                let data = json!({ "objectCount": 3, "zipBase64": base64::encode(&bytes) });
                terms.frames.answer(&data)
            }
        })
    }
}
