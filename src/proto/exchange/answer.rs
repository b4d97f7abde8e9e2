//! The payload that comes inside a single answer.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{Ending, Event, Exchange, ExchangeError};
use crate::proto::assembler::Assembled;
use crate::proto::base64::decode;
use crate::proto::buffers::BufferPool;
use crate::proto::frame::{Answer, FrameError, Kind};
use crate::proto::json::{Text, each_member};
use crate::proto::request::push_member;

impl Exchange {
    pub(super) fn handle_answer(
        &mut self,
        answer: &Answer<'_>,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Event, ExchangeError> {
        let data = answer.outcome.clone().map_err(ExchangeError::Server)?;
        if self.assembler.has_chunks() {
            let chunks = self.assembler.delivered_chunks();
            return Err(ExchangeError::AnswerAfterChunks { chunks });
        }
        let (data, payload) = match (data, self.terms.answer_payload) {
            (Some(data), Some(field)) => self.take_answer_payload(data, field)?,
            (data, _) => (data.map(ToOwned::to_owned), Bytes::new()),
        };
        let bytes = u64::try_from(payload.len()).unwrap_or(u64::MAX);
        out.extend(Some(payload).filter(|payload| !payload.is_empty()));
        let assembled = Assembled { chunks: 0, bytes };
        self.end = Some(Ending { assembled, sha256: None, data, frame: None });
        Ok(Event::Ended)
    }

    /// Decodes the payload inside a single answer and gives the answer without it, and the payload.
    fn take_answer_payload(
        &self,
        data: &RawValue,
        field: &'static str,
    ) -> Result<(Option<Box<RawValue>>, Bytes), ExchangeError> {
        let (mut payload, mut twice) = (None, false);
        // What is left is written as it comes; a null payload is none and stays.
        let mut rest = String::from("{");
        let read = each_member(data.get(), |key, value| {
            if key == field && value.get() != "null" {
                twice |= payload.replace(value).is_some();
                return;
            }
            push_member(&mut rest, &key, value);
        });
        if read.is_err() {
            return Ok((Some(data.to_owned()), Bytes::new()));
        }
        if twice {
            return Err(ExchangeError::Frame(FrameError::Duplicate { kind: Kind::Answer, field }));
        }
        rest.push('}');
        let mut bytes = Bytes::new();
        if let Some(value) = payload {
            let limit = self.terms.limits.max_payload_bytes;
            let Text(text) = serde_json::from_str(value.get())
                .map_err(|_| ExchangeError::AnswerPayload { field, source: None })?;
            (bytes, _) = decode(&text, &mut BufferPool::default())
                .map_err(|source| ExchangeError::AnswerPayload { field, source: Some(source) })?;
            let got = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if got > limit {
                return Err(ExchangeError::AnswerTooLarge { got, limit });
            }
        }
        Ok((RawValue::from_string(rest).ok(), bytes))
    }
}

/// The members of a frame beside `data`, which may be large and is kept on its own.
pub(super) fn without_data(frame: &str) -> Option<Box<RawValue>> {
    let mut rest = String::from("{");
    each_member(frame, |key, value| {
        if key != "data" {
            push_member(&mut rest, &key, value);
        }
    })
    .ok()?;
    rest.push('}');
    RawValue::from_string(rest).ok()
}
