//! One request that is under way, and every frame of it held against PROTOCOL.md.
//!
//! Reads strictly where the client reads liberally, and goes on where the client gives up, so that
//! one departure does not hide the next.

mod chunk;
mod ending;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

pub(super) use chunk::{Form, Slice};
pub(super) use ending::{End, Failure};

use super::book::{Book, Evidence};
use super::catalog::{
    AFTER_LAST, ANSWER_AFTER_CHUNK, Check, KEYS_ONCE, NUMBERS_PLAIN, SINGLE_ANSWER, TYPE_KNOWN,
    TYPE_TOP_LEVEL, VALUES_KIND,
};
use super::wire::{Member, Object};
use crate::proto::{Feature, Features};

/// What a chunk takes beside its bytes.
const CHUNK_COST: u64 = 256;

/// What a request asked for, as far as its frames are held to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// The text, as it is shown.
    pub(super) sent: String,
    pub(super) is_stream: bool,
    /// The largest chunk wanted; `None` where none was named, or one that means nothing.
    pub(super) chunk_bytes: Option<u64>,
    /// What both sides name.
    pub(super) agreed: Features,
    pub(super) window: Option<u64>,
    /// For a resume: what is there already.
    pub(super) prefix: Option<Prefix>,
    /// `maxChunk` of the welcome.
    pub(super) max_chunk: Option<u64>,
    /// What a test server makes up, for which nobody has to work.
    pub(super) is_small: bool,
    /// Controls and bad requests, whose answers are up to the server.
    pub(super) is_loose: bool,
}

/// The part of a payload that is there before a resume.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    pub(super) next_seq: u64,
    pub(super) bytes: Arc<[Bytes]>,
}

impl Prefix {
    pub(super) fn len(&self) -> u64 {
        self.bytes.iter().map(wire_len).fold(0, u64::saturating_add)
    }
}

/// What an `accepted` said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) epoch: Option<String>,
    pub(super) ttl: Option<u64>,
    pub(super) chunk_bytes: u64,
    pub(super) alias: Option<u32>,
}

/// What a frame was, for whoever waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Progress,
    Warning,
    Accepted,
    Chunk(u64),
    Ended,
    /// Not a frame of a request that waits.
    Other,
}

/// A request and what has come of it.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) terms: Terms,
    /// The last chunk that may come, with `credit`.
    pub(super) granted: Option<u64>,
    pub(super) accepted: Option<Accepted>,
    pub(super) chunks: BTreeMap<u64, Bytes>,
    /// Where each chunk said that it stands.
    offsets: BTreeMap<u64, u64>,
    /// The chunks up to this one are there without a gap.
    whole_to: u64,
    /// How many bytes these are.
    whole_bytes: u64,
    last_seq: u64,
    /// How many bytes the chunks that came are.
    come_bytes: u64,
    empty_in_row: u32,
    forms: [bool; 2],
    pub(super) warnings: u64,
    pub(super) progress: u64,
    pub(super) end: Option<End>,
    /// Whether its result has more values than are looked at.
    pub(super) is_beyond: bool,
}

/// A frame that is being looked at.
struct Frame<'a> {
    object: &'a Object,
    text: &'a str,
    sent: &'a str,
    book: &'a Book,
}

impl Watched {
    pub(super) fn new(terms: Terms) -> Self {
        let first = terms.prefix.as_ref().map_or(1, |prefix| prefix.next_seq);
        let before = first.saturating_sub(1);
        let has_credit = terms.agreed.contains(Feature::Credit);
        let granted = terms.window.filter(|_| has_credit);
        Self {
            granted: granted.map(|window| before.saturating_add(window)),
            whole_to: before,
            last_seq: before,
            come_bytes: 0,
            whole_bytes: terms.prefix.as_ref().map_or(0, Prefix::len),
            terms,
            accepted: None,
            chunks: BTreeMap::new(),
            offsets: BTreeMap::new(),
            empty_in_row: 0,
            forms: [false; 2],
            warnings: 0,
            progress: 0,
            end: None,
            is_beyond: false,
        }
    }

    /// The whole payload, prefix included, if it has come without a gap.
    pub(super) fn payload(&self) -> Vec<u8> {
        let prefix = self.terms.prefix.iter().flat_map(|prefix| prefix.bytes.iter());
        let mut payload = Vec::new();
        prefix.chain(self.chunks.values()).for_each(|chunk| payload.extend_from_slice(chunk));
        payload
    }

    /// The chunks that have come without a gap, those of the prefix first.
    pub(super) fn in_order(&self) -> Vec<Bytes> {
        let prefix = self.terms.prefix.iter().flat_map(|prefix| prefix.bytes.iter());
        let until = self.whole_to;
        let come = self.chunks.iter().take_while(|(seq, _)| **seq <= until).map(|(_, bytes)| bytes);
        prefix.chain(come).cloned().collect()
    }

    /// Frees what came, once it was looked at.
    pub(super) fn forget(&mut self) {
        self.forget_result();
        self.chunks.clear();
        self.come_bytes = 0;
        self.offsets.clear();
        self.terms.prefix = None;
    }

    /// Frees the result; that there was one stays known.
    pub(super) fn forget_result(&mut self) {
        if let Some(End::Complete { data, .. } | End::Answer(Ok(data))) = &mut self.end {
            *data = Value::Null;
        }
    }

    /// How many bytes have come.
    pub(super) fn bytes(&self) -> u64 {
        self.come_bytes
    }

    /// How much memory what came may take, in bytes: empty chunks take some too.
    pub(super) fn held_bytes(&self) -> u64 {
        let count = u64::try_from(self.chunks.len()).unwrap_or(u64::MAX);
        self.come_bytes.saturating_add(count.saturating_mul(CHUNK_COST))
    }

    /// The result, if it ended well.
    pub(super) fn data(&self) -> Option<&Value> {
        match self.end.as_ref()? {
            End::Complete { is_success: true, data } | End::Answer(Ok(data)) => Some(data),
            _ => None,
        }
    }

    /// The code of the error that it ended with.
    pub(super) fn code(&self) -> Option<&str> {
        self.end.as_ref()?.failure()?.code.as_deref()
    }

    /// Takes a text frame of this request.
    pub(super) fn take(&mut self, object: Object, text: &str, book: &Book) -> Kind {
        let sent = self.terms.sent.clone();
        let evidence = |expected: &'static str| Evidence { sent: &sent, expected, came: text };
        book.seen(&KEYS_ONCE);
        if object.duplicate().is_some() {
            book.fault(&KEYS_ONCE, evidence("each key that has a meaning once"));
        }
        if self.end.is_some() {
            book.quirk(&AFTER_LAST, evidence("nothing after the last frame of the request"));
            return Kind::Other;
        }
        let (object, is_inner) = self.with_type_at_top(object);
        if is_inner {
            book.deviation(&TYPE_TOP_LEVEL, evidence("`type` beside `id`"));
        }
        let frame = Frame { object: &object, text, sent: &sent, book };
        let kind = match frame.object.text("type") {
            Member::Absent => None,
            Member::Is(kind) => Some(kind),
            Member::Other(_) => {
                frame.fault(&VALUES_KIND, "`type` is a string");
                return Kind::Other;
            }
        };
        if let Some(kind) = &kind
            && !self.terms.is_loose
        {
            frame.book.seen(&TYPE_TOP_LEVEL);
            if !self.terms.is_stream {
                frame.deviation(&SINGLE_ANSWER, "one answer, which has no `type`");
            }
            tracing::trace!(kind, "frame");
        }
        if kind.is_some() {
            frame.book.seen(&TYPE_KNOWN);
        }
        match kind.as_deref() {
            Some("progress") => self.take_progress(&frame),
            Some("warning") => self.take_warning(&frame),
            Some("accepted") => self.take_accepted(&frame),
            Some("chunk") => self.take_chunk(&frame),
            Some("complete") => self.take_complete(&frame),
            Some("error") => self.take_error(&frame),
            Some(_) => {
                frame.deviation(&TYPE_KNOWN, "a type of PROTOCOL.md");
                Kind::Other
            }
            None if ["success", "data", "error"].iter().any(|key| object.has(key)) => {
                if self.chunks.is_empty() {
                    frame.book.seen(&ANSWER_AFTER_CHUNK);
                } else {
                    frame.fault(&ANSWER_AFTER_CHUNK, "a complete or an error behind chunks");
                }
                self.take_answer(&frame)
            }
            None => {
                frame.deviation(&TYPE_KNOWN, "`type`, or `success`");
                Kind::Other
            }
        }
    }

    /// A frame of the draft that had everything in `data` (PROTOCOL 3.2) as it is read, and whether
    /// it is one.
    fn with_type_at_top(&self, object: Object) -> (Object, bool) {
        const TYPES: [&str; 5] = ["progress", "chunk", "complete", "error", "warning"];
        if !self.terms.is_stream || object.has("type") {
            return (object, false);
        }
        match object.object("data") {
            Member::Is(inner) if matches!(inner.text("type"), Member::Is(kind) if TYPES.contains(&&*kind)) => {
                (object.below(inner), true)
            }
            _ => (object, false),
        }
    }
}

impl<'a> Frame<'a> {
    fn evidence(&self, expected: &'a str) -> Evidence<'a> {
        Evidence { sent: self.sent, expected, came: self.text }
    }

    /// The frame as it is shown, which is all that is kept of one that may be large.
    fn shown(&self) -> String {
        self.book.shown(self.text)
    }

    fn fault(&self, check: &'static Check, expected: &'a str) {
        self.book.fault(check, self.evidence(expected));
    }

    fn deviation(&self, check: &'static Check, expected: &'a str) {
        self.book.deviation(check, self.evidence(expected));
    }

    /// A number that counts, if it is there and is one.
    fn count(&self, key: &str) -> Option<u64> {
        match self.object.count(key) {
            Member::Absent => None,
            Member::Is(count) => {
                self.book.seen(&NUMBERS_PLAIN);
                Some(count)
            }
            Member::Other(_) => {
                let expected = format!("`{key}` as plain decimal digits");
                self.book
                    .fault(&NUMBERS_PLAIN, Evidence { expected: &expected, ..self.evidence("") });
                None
            }
        }
    }

    /// A text, if it is there and is one.
    fn string(&self, key: &str) -> Option<String> {
        self.of_kind(key, "a string", self.object.text(key))
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.of_kind(key, "true or false", self.object.flag(key))
    }

    fn of_kind<T>(&self, key: &str, kind: &str, member: Member<T>) -> Option<T> {
        match member {
            Member::Absent => None,
            Member::Is(value) => {
                self.book.seen(&VALUES_KIND);
                Some(value)
            }
            Member::Other(_) => {
                let expected = format!("`{key}` is {kind}");
                self.book
                    .fault(&VALUES_KIND, Evidence { expected: &expected, ..self.evidence("") });
                None
            }
        }
    }
}

pub(super) fn wire_len(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
