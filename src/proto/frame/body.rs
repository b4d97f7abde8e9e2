//! The full reader: from found fields to a typed frame.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use super::{DecodedChunk, FrameError, Kind, Layout};
use crate::proto::base64::{InvalidBase64, decode};
use crate::proto::buffers::BufferPool;
use crate::proto::checksum::{Crc32, Sha256};
use crate::proto::id::Alias;
use crate::proto::json::{InvalidValue, Key, Object, whole_number};
use crate::proto::limits::MAX_EPOCH_BYTES;
use crate::proto::reply::{Progress, ServerError, Warning};

/// What a frame says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Body<'a> {
    /// How far the operation is.
    Progress(Progress),
    /// One slice of the payload.
    Chunk(Chunk<'a>),
    /// The end of a stream.
    Complete(Complete<'a>),
    /// The end, by failure.
    Error(ServerError),
    /// Something went wrong with one item.
    Warning(Warning),
    /// The server keeps the operation beyond the connection.
    Accepted(Accepted<'a>),
    /// A single answer, without a type.
    Answer(Answer<'a>),
    /// A type this version does not know; it is ignored.
    Unknown,
}

/// One slice of the payload. *Source*: PROTOCOL 4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Its number, counted from 1. A 0 is kept here, so that it fails with its own error.
    pub seq: u64,
    /// The base64 of its bytes, each slice encoded on its own.
    pub data: Cow<'a, str>,
    /// Where its first byte stands in the payload, in decoded bytes from 0.
    pub offset: Option<u64>,
    /// The CRC-32 of its decoded bytes.
    pub crc32: Option<Crc32>,
}

impl<'a> Chunk<'a> {
    /// The one place that decides what the fields of a chunk may be, whoever found them.
    pub(super) fn from_fields(
        seq: &str,
        data: Cow<'a, str>,
        offset: Option<&str>,
        crc32: Option<Cow<'_, str>>,
    ) -> Result<Self, FrameError> {
        let invalid = |key: Key| invalid(Kind::Chunk, key);
        Ok(Self {
            seq: whole_number(seq).ok_or_else(|| invalid(Key::Seq))?,
            data,
            offset: offset
                .map(|text| whole_number(text).ok_or_else(|| invalid(Key::Offset)))
                .transpose()?,
            crc32: crc32
                .map(|text| Crc32::from_hex(&text).ok_or_else(|| invalid(Key::Crc32)))
                .transpose()?,
        })
    }
}

impl Chunk<'_> {
    /// The chunk with its bytes, in memory that `pool` lends.
    ///
    /// # Errors
    /// [`InvalidBase64`].
    pub fn decode(&self, pool: &mut BufferPool) -> Result<DecodedChunk, InvalidBase64> {
        let (bytes, crc32) = decode(&self.data, pool)?;
        let chunk = DecodedChunk::with_crc32(self.seq, bytes, Crc32(crc32));
        Ok(chunk.declaring(self.offset, self.crc32))
    }
}

/// The end of a stream. *Source*: PROTOCOL 4.4.
#[derive(Clone, Debug)]
pub struct Complete<'a> {
    /// Whether the operation did what it was asked; true where the frame does not say.
    pub success: bool,
    /// How many chunks the payload has; 0 means an empty payload.
    pub total_chunks: u64,
    /// The length of the payload, in decoded bytes.
    pub size: Option<u64>,
    /// The digest of the payload.
    pub sha256: Option<Sha256>,
    /// What the server says went wrong, where `success` is false.
    pub error: Option<ServerError>,
    /// The operation's own result.
    pub data: Option<&'a RawValue>,
    /// The whole frame, for results that stand beside `data`.
    pub frame: &'a str,
}

/// The first frame of a stream that outlives its connection, or has binary chunks.
/// *Source*: PROTOCOL 6.4, 6.5.
///
/// Which of these must be there depends on what was agreed on, which a frame does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted<'a> {
    /// Names the state that the server keeps.
    pub epoch: Option<Cow<'a, str>>,
    /// For how long it is kept.
    pub ttl: Option<Duration>,
    /// The size of this operation's chunks, in decoded bytes.
    pub chunk_bytes: Option<u64>,
    /// What stands for the request in binary chunks, if its chunks come so.
    pub alias: Option<Alias>,
}

/// A single answer. *Source*: PROTOCOL 4.6.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// What the server answered, or why it did not.
    pub outcome: Result<Option<&'a RawValue>, ServerError>,
}

/// Makes the typed frame of found fields; `text` is the frame they were found in.
pub(super) fn read<'a>(layout: &Layout<'a>, text: &'a str) -> Result<Body<'a>, FrameError> {
    let fields = FieldReader { layout };
    Ok(match layout.kind {
        Kind::Progress => Body::Progress(fields.progress()?),
        Kind::Chunk => Body::Chunk(fields.chunk()?),
        Kind::Complete => Body::Complete(fields.complete(text)?),
        Kind::Error => {
            Body::Error(fields.server_error()?.ok_or_else(|| missing(Kind::Error, Key::Error))?)
        }
        Kind::Warning => Body::Warning(fields.warning()?),
        Kind::Accepted => Body::Accepted(fields.accepted()?),
        Kind::Answer => Body::Answer(fields.answer()?),
        Kind::Unknown => Body::Unknown,
    })
}

struct FieldReader<'l, 'a> {
    layout: &'l Layout<'a>,
}

impl<'a> FieldReader<'_, 'a> {
    fn progress(&self) -> Result<Progress, FrameError> {
        let done = self.number(Key::Done)?;
        let message = self.lossy_text(Key::Message)?;
        if done.is_none() && message.is_none() {
            return Err(missing(Kind::Progress, Key::Done));
        }
        Ok(Progress::new(done, self.number(Key::Total)?, message))
    }

    fn chunk(&self) -> Result<Chunk<'a>, FrameError> {
        let raw = |key: Key| self.layout.holder(key).raw(key).map(RawValue::get);
        Chunk::from_fields(
            raw(Key::Seq).ok_or_else(|| missing(Kind::Chunk, Key::Seq))?,
            self.text(Key::Data)?.ok_or_else(|| missing(Kind::Chunk, Key::Data))?,
            raw(Key::Offset),
            self.text(Key::Crc32)?,
        )
    }

    fn complete(&self, frame: &'a str) -> Result<Complete<'a>, FrameError> {
        let sha256 = self
            .text(Key::Sha256)?
            .map(|hex| Sha256::from_hex(&hex).ok_or_else(|| self.invalid(Key::Sha256)))
            .transpose()?;
        // With the fields inside `data`, that is also where a result without its own `data` stands.
        let outer = || self.layout.inner.as_ref().and(self.layout.top.raw(Key::Data));
        let success = self.read_as(Key::Success)?.unwrap_or(true);
        let total_chunks = match self.whole(Key::TotalChunks)? {
            Some(total) => total,
            // A failure has nothing to count, and its reason must not get lost.
            None if !success => 0,
            None => return Err(missing(Kind::Complete, Key::TotalChunks)),
        };
        Ok(Complete {
            success,
            total_chunks,
            size: self.whole(Key::Size)?,
            sha256,
            error: self.server_error()?,
            data: self.layout.holder(Key::Data).raw(Key::Data).or_else(outer),
            frame,
        })
    }

    fn warning(&self) -> Result<Warning, FrameError> {
        let message = self.lossy_text(Key::Message)?;
        Ok(Warning {
            item: self.lossy_text(Key::Item)?,
            code: self.lossy_text(Key::Code)?,
            message: message.ok_or_else(|| missing(Kind::Warning, Key::Message))?,
        })
    }

    fn accepted(&self) -> Result<Accepted<'a>, FrameError> {
        let epoch = self.text(Key::Epoch)?;
        if epoch.as_ref().is_some_and(|epoch| epoch.len() > MAX_EPOCH_BYTES) {
            return Err(self.invalid(Key::Epoch));
        }
        let ttl = self.whole(Key::Ttl)?.map(Duration::from_millis);
        let alias = self.alias()?;
        Ok(Accepted { epoch, ttl, chunk_bytes: self.whole(Key::ChunkSize)?, alias })
    }

    fn alias(&self) -> Result<Option<Alias>, FrameError> {
        let Some(number) = self.whole(Key::Alias)? else { return Ok(None) };
        let alias = u32::try_from(number).ok().and_then(Alias::new);
        alias.map(Some).ok_or_else(|| self.invalid(Key::Alias))
    }

    fn answer(&self) -> Result<Answer<'a>, FrameError> {
        let error = self.server_error()?;
        let success: Option<bool> = self.read_as(Key::Success)?;
        let outcome = match (success, error) {
            (Some(true), None) => Ok(self.layout.top.raw(Key::Data)),
            (Some(false), None) => Err(ServerError::unexplained()),
            (_, Some(error)) => Err(error),
            (None, None) => return Err(missing(Kind::Answer, Key::Success)),
        };
        Ok(Answer { outcome })
    }

    /// `error` as an object or a string, or an error frame's code and message beside its type.
    fn server_error(&self) -> Result<Option<ServerError>, FrameError> {
        let holder = self.layout.holder(Key::Error);
        if let Some(value) = holder.raw(Key::Error) {
            return ServerError::read(value).map(Some).ok_or_else(|| self.invalid(Key::Error));
        }
        if self.layout.kind != Kind::Error {
            return Ok(None);
        }
        let (code, message) = (self.lossy_text(Key::Code)?, self.lossy_text(Key::Message)?);
        Ok((code.is_some() || message.is_some()).then(|| ServerError::new(code, message)))
    }

    fn text(&self, key: Key) -> Result<Option<Cow<'a, str>>, FrameError> {
        self.layout.holder(key).text(key).map_err(|InvalidValue(key)| self.invalid(key))
    }

    fn lossy_text(&self, key: Key) -> Result<Option<String>, FrameError> {
        self.layout.holder(key).lossy_text(key).map_err(|InvalidValue(key)| self.invalid(key))
    }

    fn read_as<T: serde::Deserialize<'a>>(&self, key: Key) -> Result<Option<T>, FrameError> {
        let holder: &Object<'a> = self.layout.holder(key);
        holder.read_as(key).map_err(|InvalidValue(key)| self.invalid(key))
    }

    fn number(&self, key: Key) -> Result<Option<f64>, FrameError> {
        self.read_as(key)
    }

    fn whole(&self, key: Key) -> Result<Option<u64>, FrameError> {
        let Some(value) = self.layout.holder(key).raw(key) else { return Ok(None) };
        whole_number(value.get()).map(Some).ok_or_else(|| self.invalid(key))
    }

    fn invalid(&self, key: Key) -> FrameError {
        invalid(self.layout.kind, key)
    }
}

fn missing(kind: Kind, key: Key) -> FrameError {
    FrameError::Missing { kind, field: key.name() }
}

fn invalid(kind: Kind, key: Key) -> FrameError {
    FrameError::Invalid { kind, field: key.name() }
}
