//! Whose a message is, and what is wrong with it before it is anybody's.
//! *Source*: PROTOCOL 3.1, 3.5, 6.5.

use bytes::Bytes;

use super::{Line, shown};
use crate::check::book::Evidence;
use crate::check::catalog::{
    AFTER_LAST, ALIAS_FRESH, ALIAS_KNOWN, CHECKSUM_THERE, HEADER_FLAGS, HEADER_LENGTH,
    HEADER_READABLE, HEADER_VERSION, ID_ECHO, JSON_STRICT, ONLY_AGREED, READABLE, WELCOME_ONCE,
};
use crate::check::watched::{End, Failure, Form, Kind, Slice};
use crate::check::wire::{Member, Object};
use crate::proto::frame::{BinaryChunk, BinaryDefect, BinaryEnvelope};
use crate::proto::json::mend;
use crate::proto::{Feature, MessageId};

impl Line {
    pub(super) fn take_text(&mut self, text: &str) -> (String, Kind) {
        let other = |id: &str| (id.to_owned(), Kind::Other);
        let book = self.book.clone();
        let evidence = |expected: &'static str| Evidence { sent: "", expected, came: text };
        book.seen(&JSON_STRICT);
        book.seen(&READABLE);
        let object = Object::read(text).or_else(|| {
            let mended = Object::read(&mend(text)?)?;
            let expected = "control characters inside strings as escapes";
            book.quirk(&JSON_STRICT, evidence(expected));
            Some(mended)
        });
        let read = object.and_then(|object| match object.text("id") {
            Member::Is(id) => Some((object, id)),
            _ => None,
        });
        let Some((object, id)) = read else {
            book.fault(&READABLE, evidence("one JSON object with `id`, a string"));
            return other("");
        };
        book.seen(&WELCOME_ONCE);
        // A request that was sent under that name may be answered so.
        let is_answer = self.bad.is_some() && self.watched.contains_key(&id);
        if id == MessageId::RESERVED[0] && !is_answer {
            book.deviation(&WELCOME_ONCE, evidence("one welcome a connection"));
            return other(&id);
        }
        book.seen(&ID_ECHO);
        if id == MessageId::RESERVED[1] {
            self.take_unknown(&object, text);
            return other(&id);
        }
        let Some(watched) = self.watched.get_mut(&id) else {
            book.fault(&ID_ECHO, evidence("the id of a request that was sent"));
            return other(&id);
        };
        let kind = watched.take(object, text, &book);
        if kind == Kind::Accepted {
            self.note_alias(&id, text);
        }
        (id, kind)
    }

    /// `PARSE_ERROR` belongs to a bad request, or to the one request that waits.
    fn take_unknown(&mut self, object: &Object, text: &str) {
        let code = match object.object("error") {
            Member::Is(error) => match error.text("code") {
                Member::Is(code) => code,
                _ => String::new(),
            },
            _ => String::new(),
        };
        if let Some(bad) = &mut self.bad {
            if bad.count == 0 {
                bad.code = code;
            }
            bad.count = bad.count.saturating_add(1);
            return;
        }
        let mut waiting: Vec<_> =
            self.watched.values_mut().filter(|w| !w.terms.is_loose && w.end.is_none()).collect();
        let expected = "no `unknown`: all requests were right";
        let sent = waiting.first().map(|watched| watched.terms.sent.clone()).unwrap_or_default();
        self.book.fault(&ID_ECHO, Evidence { sent: &sent, expected, came: text });
        if let [watched] = &mut *waiting {
            let (code, text) = (Some(code), text.to_owned());
            watched.end = Some(End::Error(Failure { code, text, ..Failure::default() }));
        }
    }

    /// An alias stands for one request only. *Source*: PROTOCOL 6.5.
    fn note_alias(&mut self, id: &str, text: &str) {
        let accepted = self.watched.get(id).and_then(|watched| watched.accepted.as_ref());
        let Some(alias) = accepted.and_then(|accepted| accepted.alias) else { return };
        self.book.seen(&ALIAS_FRESH);
        if self.aliases.insert(alias, id.to_owned()).is_some() {
            let expected = "an alias that was not used before on this connection";
            let sent = &self.watched(id).terms.sent;
            self.book.fault(&ALIAS_FRESH, Evidence { sent, expected, came: text });
        }
    }

    pub(super) fn take_binary(&mut self, message: &Bytes) -> (String, Kind) {
        let other = || (String::new(), Kind::Other);
        let came = shown(message);
        let book = self.book.clone();
        let evidence = |expected: &'static str| Evidence { sent: "", expected, came: &came };
        book.seen(&ONLY_AGREED);
        if !self.has_binary {
            book.fault(&ONLY_AGREED, evidence("no binary message: no request asked for `binary`"));
            return other();
        }
        book.seen(&HEADER_READABLE);
        let Ok(envelope) = BinaryEnvelope::read(message) else {
            let expected = "a header of 32 bytes that begins with 4c 48 and has an alias";
            book.fault(&HEADER_READABLE, evidence(expected));
            return other();
        };
        book.seen(&ALIAS_KNOWN);
        let id = self.aliases.get(&envelope.alias().get()).cloned();
        let Some((id, watched)) = id.and_then(|id| Some((id.clone(), self.watched.get_mut(&id)?)))
        else {
            book.fault(&ALIAS_KNOWN, evidence("the alias of an `accepted` of this connection"));
            return other();
        };
        if watched.end.is_some() {
            book.deviation(&AFTER_LAST, evidence("nothing after the last frame of the request"));
            return (id, Kind::Other);
        }
        for check in [&HEADER_VERSION, &HEADER_FLAGS, &HEADER_LENGTH] {
            book.seen(check);
        }
        let BinaryChunk { header, bytes, .. } = match envelope.chunk() {
            Ok(chunk) => chunk,
            Err(defect) => {
                let (check, expected) = match defect {
                    BinaryDefect::Version { .. } => (&HEADER_VERSION, "version 1"),
                    BinaryDefect::Flags { .. } => (&HEADER_FLAGS, "no flag beside bit 0"),
                    BinaryDefect::Length { .. } => {
                        (&HEADER_LENGTH, "the length of the message less 32")
                    }
                };
                book.fault(check, evidence(expected));
                return (id, Kind::Other);
            }
        };
        if header.crc32.is_none() {
            if message.get(24..28).is_some_and(|crc32| crc32 != [0; 4]) {
                book.deviation(&HEADER_FLAGS, evidence("`crc32` 0, since bit 0 of flags is 0"));
            }
            if watched.terms.agreed.contains(Feature::Checksum) {
                let expected = "bit 0 of flags, since `checksum` is agreed on";
                book.fault(&CHECKSUM_THERE, evidence(expected));
            }
        }
        let slice = Slice {
            seq: header.seq,
            bytes: Bytes::copy_from_slice(bytes),
            offset: Some(header.offset),
            crc32: header.crc32,
            form: Form::Binary,
            came: &came,
        };
        let kind = watched.place(&slice, &book);
        (id, kind)
    }
}
