//! Last frames: complete, error, answer. *Source*: PROTOCOL 4.4 to 4.7, 6.1, 7.

use serde_json::Value;

use super::chunk::is_lower;
use super::{Frame, Kind, Watched};
use crate::check::book::Evidence;
use crate::check::catalog::{
    AFTER_LAST, ANSWER_SHAPE, CHECKSUM_THERE, CHUNK_GAP, CHUNK_SIZE_FIXED, COMPLETE_REASON,
    COMPLETE_SHA256, COMPLETE_SHAPE, COMPLETE_SIZE, COMPLETE_TOTAL, CONNECTION_STAYS, Check,
    ERROR_SHAPE, ITEMS_WHOLE, REQUEST_ENDS, RESUME_ACCEPTED, SKIPPED_SHAPE,
};
use crate::check::wire::{Member, Object};
use crate::proto::Feature;
use crate::proto::checksum::Sha256;

/// How a request ended.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum End {
    Complete { is_success: bool, data: Value },
    Error(Failure),
    Answer(Result<Value, Failure>),
}

/// Why it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::check) struct Failure {
    pub(in crate::check) code: Option<String>,
    pub(in crate::check) retry_after_ms: Option<u64>,
    /// The frame, as it is shown.
    pub(in crate::check) text: String,
}

impl End {
    pub(in crate::check) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Error(failure) | Self::Answer(Err(failure)) => Some(failure),
            _ => None,
        }
    }
}

impl Watched {
    fn ended(&mut self, end: End, frame: &Frame<'_>) -> Kind {
        for check in [&AFTER_LAST, &REQUEST_ENDS, &CONNECTION_STAYS] {
            frame.book.seen(check);
        }
        self.end = Some(end);
        Kind::Ended
    }

    pub(super) fn take_complete(&mut self, frame: &Frame<'_>) -> Kind {
        let book = frame.book;
        book.seen(&COMPLETE_SHAPE);
        if self.terms.prefix.is_some() && self.chunks.is_empty() {
            book.seen(&RESUME_ACCEPTED);
            if self.accepted.is_none() {
                frame.fault(&RESUME_ACCEPTED, "`accepted` before the complete");
            }
        }
        let is_success = match frame.object.flag("success") {
            Member::Absent | Member::Is(true) => true,
            Member::Is(false) => false,
            Member::Other(_) => {
                frame.fault(&COMPLETE_SHAPE, "`success` as a boolean");
                true
            }
        };
        let total = frame.count("totalChunks");
        if is_success && !frame.object.has("totalChunks") {
            frame.fault(&COMPLETE_SHAPE, "`totalChunks`");
        }
        let data = self.data_in(frame, &COMPLETE_SHAPE);
        if is_success {
            if let Some(total) = total {
                self.judge_count(total, frame);
            }
            self.judge_sizes(frame);
            self.judge_digest(frame);
            judge_items(&data, frame);
        } else {
            book.seen(&COMPLETE_REASON);
            match failure(frame.object, frame) {
                Some(_) => {}
                None => frame.deviation(&COMPLETE_REASON, "`error`, since `success` is false"),
            }
        }
        self.ended(End::Complete { is_success, data }, frame)
    }

    /// The result, unless it has more values than are looked at.
    fn data_in(&mut self, frame: &Frame<'_>, check: &'static Check) -> Value {
        frame.object.value("data").unwrap_or_else(|too_many| {
            if too_many.is_beyond_clients {
                let expected = "fields of fewer values than section 8 lets a client take";
                frame.deviation(check, expected);
            }
            self.is_beyond = true;
            Value::Null
        })
    }

    fn judge_count(&self, total: u64, frame: &Frame<'_>) {
        let book = frame.book;
        book.seen(&CHUNK_GAP);
        book.seen(&COMPLETE_TOTAL);
        let highest = self.chunks.keys().next_back().copied();
        let highest = highest.unwrap_or(0).max(self.whole_to);
        if self.whole_to < highest {
            let expected = format!("chunk {} before the complete", self.whole_to.saturating_add(1));
            book.fault(&CHUNK_GAP, Evidence { expected: &expected, ..frame.evidence("") });
        }
        if total != highest {
            let expected = format!("`totalChunks` {highest}, the last chunk that came");
            book.fault(&COMPLETE_TOTAL, Evidence { expected: &expected, ..frame.evidence("") });
        }
    }

    fn judge_sizes(&self, frame: &Frame<'_>) {
        let first = self.chunks.values().find(|chunk| !chunk.is_empty());
        let is_records =
            first.is_some_and(|chunk| chunk.starts_with(b"{") || chunk.starts_with(b"["));
        let mut sizes: Vec<_> = self.chunks.values().map(bytes::Bytes::len).collect();
        let last = sizes.pop().unwrap_or(0);
        let Some(size) = sizes.first().copied().filter(|_| !is_records) else { return };
        frame.book.seen(&CHUNK_SIZE_FIXED);
        if last > size || sizes.iter().any(|other| *other != size) {
            let expected = format!("all chunks but the last of {size} bytes, as the first is");
            let came = format!("chunks of {sizes:?} and {last} bytes");
            let evidence = Evidence { expected: &expected, came: &came, ..frame.evidence("") };
            frame.book.deviation(&CHUNK_SIZE_FIXED, evidence);
        }
    }

    fn judge_digest(&self, frame: &Frame<'_>) {
        let book = frame.book;
        if self.terms.agreed.contains(Feature::Checksum) {
            book.seen(&CHECKSUM_THERE);
            if !frame.object.has("size") || !frame.object.has("sha256") {
                frame.fault(&CHECKSUM_THERE, "`size` and `sha256`, since `checksum` is agreed on");
            }
        }
        let payload = self.payload();
        let fault = |check: &'static Check, expected: &str| {
            book.fault(check, Evidence { expected, ..frame.evidence("") });
        };
        if let Some(size) = frame.count("size") {
            book.seen(&COMPLETE_SIZE);
            if u64::try_from(payload.len()) != Ok(size) {
                fault(&COMPLETE_SIZE, &format!("`size` {}, as came", payload.len()));
            }
        }
        let right = Sha256::of(&payload);
        match frame.object.text("sha256") {
            Member::Absent => {}
            Member::Is(hex) => {
                book.seen(&COMPLETE_SHA256);
                is_lower(&hex, frame);
                if Sha256::from_hex(&hex) != Some(right) {
                    fault(&COMPLETE_SHA256, &format!("`sha256` {right} of what came"));
                }
            }
            Member::Other(_) => fault(&COMPLETE_SHA256, "`sha256` as a string of 64 hex digits"),
        }
    }

    pub(super) fn take_error(&mut self, frame: &Frame<'_>) -> Kind {
        frame.book.seen(&ERROR_SHAPE);
        let failure = failure(frame.object, frame).unwrap_or_else(|| {
            // Some write code and message beside the type.
            let code = frame.string("code");
            if code.is_some() || frame.object.has("message") {
                frame.deviation(&ERROR_SHAPE, "`code` and `message` inside `error`");
            } else {
                frame.fault(&ERROR_SHAPE, "`error` with `code` and `message`");
            }
            Failure { code, text: frame.shown(), ..Failure::default() }
        });
        self.ended(End::Error(failure), frame)
    }

    pub(super) fn take_answer(&mut self, frame: &Frame<'_>) -> Kind {
        frame.book.seen(&ANSWER_SHAPE);
        let success = frame.flag("success");
        let failure = failure(frame.object, frame);
        match (success, &failure) {
            (Some(true), None) | (Some(false), Some(_)) => {}
            (Some(false), None) => {
                frame.deviation(&ANSWER_SHAPE, "`error`, since `success` is false");
            }
            (Some(true), Some(_)) => {
                frame.fault(&ANSWER_SHAPE, "no `error`, since `success` is true");
            }
            (None, Some(_)) => frame.deviation(&ANSWER_SHAPE, "`success` false beside `error`"),
            (None, None) => frame.fault(&ANSWER_SHAPE, "`success` as a boolean"),
        }
        let data = self.data_in(frame, &ANSWER_SHAPE);
        let outcome = match failure {
            Some(failure) => Err(failure),
            None if success == Some(false) => {
                Err(Failure { text: frame.shown(), ..Failure::default() })
            }
            None => {
                if self.terms.is_stream {
                    judge_items(&data, frame);
                }
                Ok(data)
            }
        };
        self.ended(End::Answer(outcome), frame)
    }
}

/// What `error` says, if it is there.
fn failure(object: &Object, frame: &Frame<'_>) -> Option<Failure> {
    let error = match object.object("error") {
        Member::Absent => return None,
        Member::Is(error) => error,
        Member::Other(_) => {
            frame.book.seen(&ERROR_SHAPE);
            frame.deviation(&ERROR_SHAPE, "`error` as an object");
            return Some(Failure { text: frame.shown(), ..Failure::default() });
        }
    };
    frame.book.seen(&ERROR_SHAPE);
    let code = match error.text("code") {
        Member::Is(code) => Some(code),
        _ => None,
    };
    let is_upper = code.as_ref().is_some_and(|code| !code.bytes().any(|b| b.is_ascii_lowercase()));
    if !is_upper || !matches!(error.text("message"), Member::Is(_)) {
        frame.deviation(&ERROR_SHAPE, "`code` in upper case and `message`, both strings");
    }
    let retry_after_ms = match error.number("retryAfterMs") {
        Member::Absent => None,
        // Times are whole milliseconds; a fraction is nothing to wait for.
        Member::Is(_) => match error.count("retryAfterMs") {
            Member::Is(ms) => Some(ms),
            _ => Some(0),
        },
        Member::Other(_) => {
            frame.deviation(&ERROR_SHAPE, "`retryAfterMs` as a number");
            None
        }
    };
    Some(Failure { code, retry_after_ms, text: frame.shown() })
}

/// What the result says of items that were left out.
fn judge_items(data: &Value, frame: &Frame<'_>) {
    let Some(skipped) = data.get("skipped") else {
        frame.book.seen(&ITEMS_WHOLE);
        return;
    };
    frame.book.seen(&SKIPPED_SHAPE);
    let entries = skipped.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_entry = |entry: &Value| {
        let is_text = |key| entry.get(key).is_none_or(Value::is_string);
        entry.is_object() && ["type", "name", "reason"].into_iter().all(is_text)
    };
    if !skipped.is_array() || !entries.iter().all(is_entry) {
        frame
            .deviation(&SKIPPED_SHAPE, "a list of objects of the strings `type`, `name`, `reason`");
    }
    frame.book.seen(&ITEMS_WHOLE);
    if let Some(first) = entries.first() {
        let expected = "all items; the server says rightly that some are missing";
        let came = format!("{} left out, the first of them {first}", entries.len());
        let evidence = Evidence { came: &came, ..frame.evidence(expected) };
        frame.book.note(&ITEMS_WHOLE, evidence);
    }
}
