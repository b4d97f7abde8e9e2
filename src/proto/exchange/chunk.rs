//! Chunks, in whichever of three forms they come: decoded, as a binary message, or as text.

use std::time::Instant;

use bytes::Bytes;

use super::{Event, Exchange, ExchangeError};
use crate::proto::assembler::{AssembleError, ChunkAssembler, Pushed};
use crate::proto::frame::{BinaryChunk, BinaryEnvelope, Chunk, DecodedChunk, Kind};
use crate::proto::stats::{add, count};

/// What a chunk says of itself, whatever form it has.
struct Declared {
    seq: u64,
    has_offset: bool,
    has_crc32: bool,
}

impl Exchange {
    /// Takes one chunk that was routed to this request, decoded, as [`Self::handle_text`] does.
    ///
    /// # Errors
    /// [`ExchangeError`]: the request has failed.
    pub fn handle_chunk(
        &mut self,
        chunk: DecodedChunk,
        now: Instant,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Event, ExchangeError> {
        if !self.takes_frames() {
            return Ok(Event::Ignored);
        }
        if self.is_resuming {
            return Err(ExchangeError::NotAccepted { kind: Kind::Chunk });
        }
        let declared = Declared {
            seq: chunk.seq(),
            has_offset: chunk.declared_offset().is_some(),
            has_crc32: chunk.declared_crc32().is_some(),
        };
        self.take_chunk(&declared, now, |assembler| assembler.push_decoded(chunk, out))
    }

    /// Takes one binary message that was routed to this request, as [`Self::handle_text`] does.
    ///
    /// # Errors
    /// [`ExchangeError`]: the request has failed.
    pub fn handle_binary(
        &mut self,
        message: &Bytes,
        now: Instant,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Event, ExchangeError> {
        if !self.takes_frames() {
            return Ok(Event::Ignored);
        }
        let Ok(envelope) = BinaryEnvelope::read(message) else {
            count(&self.counters.unreadable);
            return Ok(Event::Ignored);
        };
        let BinaryChunk { header, bytes } = envelope.chunk().map_err(ExchangeError::Binary)?;
        let chunk = DecodedChunk::new(header.seq, message.slice_ref(bytes));
        self.handle_chunk(chunk.declaring(Some(header.offset), header.crc32), now, out)
    }

    /// Takes a chunk as it stands in a text.
    pub(super) fn handle_text_chunk(
        &mut self,
        chunk: &Chunk<'_>,
        now: Instant,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Event, ExchangeError> {
        let declared = Declared {
            seq: chunk.seq,
            has_offset: chunk.offset.is_some(),
            has_crc32: chunk.crc32.is_some(),
        };
        self.take_chunk(&declared, now, |assembler| assembler.push(chunk, out))
    }

    /// Holds a chunk to what was agreed, has it pushed, and counts what became of it.
    fn take_chunk(
        &mut self,
        declared: &Declared,
        now: Instant,
        push: impl FnOnce(&mut ChunkAssembler) -> Result<Pushed, AssembleError>,
    ) -> Result<Event, ExchangeError> {
        self.require(Kind::Chunk, "offset", declared.has_offset)?;
        self.require(Kind::Chunk, "crc32", declared.has_crc32)?;
        if let Some(credit) = &mut self.credit {
            let (seq, granted) = (declared.seq, credit.granted());
            if seq > granted {
                return Err(ExchangeError::BeyondCredit { seq, granted });
            }
            credit.handle_chunk(now);
        }
        let before = self.assembler.delivered_bytes();
        let pushed = push(&mut self.assembler)?;
        match pushed {
            Pushed::Delivered { .. } => count(&self.counters.chunks),
            Pushed::Parked => {
                count(&self.counters.chunks);
                count(&self.counters.parked_chunks);
            }
            Pushed::Repeated => count(&self.counters.repeated_chunks),
            Pushed::Unchecked => count(&self.counters.unchecked_repeats),
        }
        let bytes = self.assembler.delivered_bytes().saturating_sub(before);
        add(&self.counters.chunk_bytes, bytes);
        if matches!(pushed, Pushed::Repeated | Pushed::Unchecked) {
            return Ok(Event::Ignored);
        }
        self.extend_idle(now);
        Ok(Event::Data(bytes))
    }
}
