//! Chunks, in either form. *Source*: PROTOCOL 4.3, 6.1, 6.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Frame, Kind, Watched, wire_len};
use crate::check::book::{Book, Evidence};
use crate::check::catalog::{
    ACCEPTED_CHUNK_SIZE, BASE64_DENSE, BASE64_VALID, CHECKSUM_THERE, CHUNK_CONFLICT, CHUNK_CRC32,
    CHUNK_OFFSET, CHUNK_ONCE, CHUNK_ORDER, CHUNK_SHAPE, CHUNK_SIZE_KEPT, CHUNKS_EMPTY,
    CREDIT_CHUNK_SIZE, CREDIT_KEPT, Check, HEX_LOWER, MAX_CHUNK, ONE_FORM, RESUME_ACCEPTED,
    SEQ_FROM_ONE,
};
use crate::check::wire::Member;
use crate::proto::Feature;
use crate::proto::checksum::Crc32;
use crate::proto::limits::MAX_EMPTY_CHUNKS;

/// What a chunk came as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Form {
    Text,
    Binary,
}

/// A chunk, whatever it came as.
#[derive(Clone, Debug)]
pub(in crate::check) struct Slice<'a> {
    pub(in crate::check) seq: u64,
    pub(in crate::check) bytes: Bytes,
    pub(in crate::check) offset: Option<u64>,
    pub(in crate::check) crc32: Option<Crc32>,
    pub(in crate::check) form: Form,
    /// As it is shown.
    pub(in crate::check) came: &'a str,
}

impl Watched {
    pub(super) fn take_chunk(&mut self, frame: &Frame<'_>) -> Kind {
        let seq = frame.count("seq");
        let data = frame.string("data");
        frame.book.seen(&CHUNK_SHAPE);
        let (Some(seq), Some(data)) = (seq, data) else {
            if !frame.object.has("seq") || !frame.object.has("data") {
                frame.fault(&CHUNK_SHAPE, "`seq` and `data`");
            }
            return Kind::Other;
        };
        let Some(bytes) = decode(&data, frame) else { return Kind::Other };
        let crc32 = match frame.object.text("crc32") {
            Member::Absent => None,
            Member::Is(hex) => {
                is_lower(&hex, frame);
                let crc32 = Crc32::from_hex(&hex);
                if crc32.is_none() {
                    frame.fault(&CHUNK_CRC32, "`crc32` as 8 hex digits");
                }
                crc32
            }
            Member::Other(_) => {
                frame.fault(&CHUNK_CRC32, "`crc32` as a string of 8 hex digits");
                None
            }
        };
        let offset = frame.count("offset");
        if self.terms.agreed.contains(Feature::Checksum) {
            frame.book.seen(&CHECKSUM_THERE);
            if !frame.object.has("crc32") || !frame.object.has("offset") {
                frame.fault(&CHECKSUM_THERE, "`offset` and `crc32`, since `checksum` is agreed on");
            }
        }
        let form = Form::Text;
        self.place(&Slice { seq, bytes, offset, crc32, form, came: frame.text }, frame.book)
    }

    /// Puts a chunk where it belongs.
    pub(in crate::check) fn place(&mut self, slice: &Slice<'_>, book: &Book) -> Kind {
        let sent = self.terms.sent.clone();
        let judge = Judge { sent: &sent, came: slice.came, book };
        self.judge_before(slice, &judge);
        if let Some(crc32) = slice.crc32 {
            let right = Crc32::of(&slice.bytes);
            judge.must(crc32 == right, &CHUNK_CRC32, &format!("`crc32` {right}"));
        }
        judge.must(slice.seq > 0, &SEQ_FROM_ONE, "a `seq` from 1 on");
        if slice.seq == 0 {
            return Kind::Other;
        }
        if let Some(granted) = self.granted {
            let expected = format!("no chunk above {granted}, which was granted");
            judge.must(slice.seq <= granted, &CREDIT_KEPT, &expected);
        }
        if let Some(first) = self.chunks.get(&slice.seq) {
            let expected = format!("chunk {} once", slice.seq);
            if *first == slice.bytes {
                judge.should(false, &CHUNK_ONCE, &expected);
            } else {
                judge.must(false, &CHUNK_CONFLICT, "the bytes that it had before");
            }
            return Kind::Chunk(slice.seq);
        }
        judge.should(true, &CHUNK_ONCE, "");
        book.seen(&CHUNK_CONFLICT);
        let expected = format!("a `seq` above {}", self.last_seq);
        judge.should(slice.seq > self.last_seq, &CHUNK_ORDER, &expected);
        self.last_seq = self.last_seq.max(slice.seq);
        self.judge_length(slice, &judge);
        self.come_bytes = self.come_bytes.saturating_add(wire_len(&slice.bytes));
        self.chunks.insert(slice.seq, slice.bytes.clone());
        if let Some(offset) = slice.offset {
            self.offsets.insert(slice.seq, offset);
        }
        self.advance(&judge);
        Kind::Chunk(slice.seq)
    }

    /// What has to have come before.
    fn judge_before(&mut self, slice: &Slice<'_>, judge: &Judge<'_>) {
        if self.terms.prefix.is_some() && self.chunks.is_empty() {
            let is_accepted = self.accepted.is_some();
            judge.must(is_accepted, &RESUME_ACCEPTED, "`accepted` before the first chunk");
        }
        let [text, binary] = &mut self.forms;
        match slice.form {
            Form::Text => *text = true,
            Form::Binary => *binary = true,
        }
        let is_mixed = *text && *binary;
        if self.terms.agreed.contains(Feature::Binary) {
            let has_alias = self.accepted.as_ref().is_some_and(|accepted| accepted.alias.is_some());
            let is_right = !is_mixed && (slice.form == Form::Binary) == has_alias;
            judge.should(
                is_right,
                &ONE_FORM,
                "all chunks as binary messages, since there is an alias",
            );
        }
    }

    fn judge_length(&mut self, slice: &Slice<'_>, judge: &Judge<'_>) {
        let len = wire_len(&slice.bytes);
        if let Some(asked) = self.terms.chunk_bytes {
            let expected = format!("at most {asked} bytes, which were asked for; these are {len}");
            if self.granted.is_some() {
                judge.must(len <= asked, &CREDIT_CHUNK_SIZE, &expected);
            } else {
                judge.quirk(len <= asked, &CHUNK_SIZE_KEPT, &expected);
            }
        }
        if let Some(accepted) = &self.accepted {
            let most = accepted.chunk_bytes;
            let expected = format!("at most {most} bytes, as `accepted` says; these are {len}");
            judge.must(len <= most, &ACCEPTED_CHUNK_SIZE, &expected);
        }
        if let Some(most) = self.terms.max_chunk {
            let expected = format!("at most `maxChunk` {most} bytes; these are {len}");
            judge.must(len <= most, &MAX_CHUNK, &expected);
        }
        self.empty_in_row = if len == 0 { self.empty_in_row.saturating_add(1) } else { 0 };
        let is_right = self.empty_in_row <= MAX_EMPTY_CHUNKS;
        judge.must(is_right, &CHUNKS_EMPTY, "no more than 100 empty chunks in a row");
    }

    /// Goes on over what has no gap any more, and looks whether it stands where it said.
    fn advance(&mut self, judge: &Judge<'_>) {
        loop {
            let next = self.whole_to.saturating_add(1);
            let Some(bytes) = self.chunks.get(&next) else { return };
            if let Some(offset) = self.offsets.remove(&next) {
                let right = self.whole_bytes;
                let expected = format!("`offset` {right} of chunk {next}");
                judge.must(offset == right, &CHUNK_OFFSET, &expected);
            }
            self.whole_to = next;
            self.whole_bytes = self.whole_bytes.saturating_add(wire_len(bytes));
        }
    }
}

/// Holds one chunk against one sentence after the other.
struct Judge<'a> {
    sent: &'a str,
    came: &'a str,
    book: &'a Book,
}

impl Judge<'_> {
    fn must(&self, is_right: bool, check: &'static Check, expected: &str) {
        self.book.seen(check);
        if !is_right {
            self.book.fault(check, self.evidence(expected));
        }
    }

    fn should(&self, is_right: bool, check: &'static Check, expected: &str) {
        self.book.seen(check);
        if !is_right {
            self.book.deviation(check, self.evidence(expected));
        }
    }

    fn quirk(&self, is_right: bool, check: &'static Check, expected: &str) {
        self.book.seen(check);
        if !is_right {
            self.book.quirk(check, self.evidence(expected));
        }
    }

    fn evidence<'a>(&'a self, expected: &'a str) -> Evidence<'a> {
        Evidence { sent: self.sent, expected, came: self.came }
    }
}

/// What base64 decodes to, looked at strictly.
fn decode(data: &str, frame: &Frame<'_>) -> Option<Bytes> {
    frame.book.seen(&BASE64_DENSE);
    frame.book.seen(&BASE64_VALID);
    if let Ok(bytes) = STANDARD.decode(data) {
        return Some(bytes.into());
    }
    let dense: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let Ok(bytes) = STANDARD.decode(&dense) else {
        frame.fault(&BASE64_VALID, "base64 of RFC 4648, section 4, in `data`");
        return None;
    };
    frame.deviation(&BASE64_DENSE, "base64 without white space in `data`");
    Some(bytes.into())
}

pub(super) fn is_lower(hex: &str, frame: &Frame<'_>) {
    frame.book.seen(&HEX_LOWER);
    if hex.bytes().any(|byte| byte.is_ascii_uppercase()) {
        frame.deviation(&HEX_LOWER, "hex digits in lower case");
    }
}
