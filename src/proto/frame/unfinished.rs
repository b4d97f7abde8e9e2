//! The text of a chunk while it comes: its data is decoded piece by piece and never kept as text.
//!
//! ```text
//!          "data":"           closing quote            end of the message
//!   Head ───────────▶ Data ─────────────────▶ Tail ─────────────────────▶ a chunk
//!     │                 │                       │
//!     └─────────────────┴───────────────────────┴── anything unusual ───▶ its text, as it came
//! ```
//!
//! Takes only what [`scan`] takes, in one more respect less: id and type have to stand before the
//! data. Everything else becomes the text that it was, to be read by the full reader: base64 in
//! its one canonical form is all that is ever decoded here, so that encoding gives it back.

use std::sync::Arc;

use bytes::BytesMut;
use memchr::memchr2;

use super::{Chunk, DecodedChunk, scan};
use crate::proto::base64::{Decoder, SPARE_BYTES, encode, max_decoded_len};
use crate::proto::buffers::{Buffer, BufferPool};
use crate::proto::checksum::Crc32;

/// Below this, in bytes, a message is not worth the trouble.
pub(crate) const LEAST_TEXT_BYTES: usize = 1 << 10;
/// How much is encoded again at a time, in bytes: a multiple of 3.
const ENCODED_BYTES: usize = 12 << 10;
/// What may stand before the data and behind it, in bytes each.
const MAX_FIELDS_BYTES: usize = 512;

/// A chunk as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct UnfinishedChunk {
    stage: Stage,
    /// Whether its data has begun, in whatever has come, also if that was not taken.
    has_data: bool,
    /// All but the data: what stands before it, its quote included, and what stands behind it.
    fields: BytesMut,
    /// The length of what stands before the data.
    head_len: usize,
    decoder: Decoder,
    data: Buffer,
    crc32: u32,
    /// The last id, which is the next one as well while one transfer runs.
    id: Arc<str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Head,
    Data,
    Tail,
}

/// A chunk with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkMessage {
    /// The id of the request.
    pub id: Arc<str>,
    /// The chunk.
    pub chunk: DecodedChunk,
    /// The length of its text, in bytes.
    pub text_bytes: usize,
}

/// The text is none that can be read while it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusual;

impl UnfinishedChunk {
    /// Takes the next piece of the text, of which `follows` bytes are still to come at least, and
    /// `likely` by what has come before.
    ///
    /// # Errors
    /// [`Unusual`]; nothing of the piece was taken, and the text so far is for
    /// [`put_text`](Self::put_text).
    pub(crate) fn push(
        &mut self,
        piece: &[u8],
        follows: usize,
        likely: usize,
        pool: &mut BufferPool,
    ) -> Result<(), Unusual> {
        match self.stage {
            Stage::Head => self.push_head(piece, follows, likely, pool),
            Stage::Data => self.push_data(piece, follows, likely, pool),
            Stage::Tail => self.push_tail(piece),
        }
    }

    /// Ends the text of `text_bytes`, and gives the chunk it is.
    ///
    /// # Errors
    /// [`Unusual`]; the text is for [`put_text`](Self::put_text).
    pub(crate) fn finish(
        &mut self,
        text_bytes: usize,
        pool: &mut BufferPool,
    ) -> Result<ChunkMessage, Unusual> {
        if self.stage != Stage::Tail {
            return Err(Unusual);
        }
        let text = std::str::from_utf8(&self.fields).map_err(|_| Unusual)?;
        let (id, fields) = scan::chunk(text).ok_or(Unusual)?;
        let Chunk { seq, offset, crc32, .. } = fields.into_chunk().map_err(|_| Unusual)?;
        if *self.id != *id {
            self.id = id.into();
        }
        let bytes = pool.hand_out(std::mem::take(&mut self.data));
        let chunk = DecodedChunk::with_crc32(seq, bytes, Crc32(self.crc32));
        self.begin();
        let chunk = chunk.declaring(offset, crc32);
        Ok(ChunkMessage { id: Arc::clone(&self.id), chunk, text_bytes })
    }

    /// Appends the text that has come so far, for which there is room, and forgets it.
    pub(crate) fn put_text(&mut self, text: &mut Buffer, pool: &mut BufferPool) {
        let (head, tail) = self.fields.split_at_checked(self.head_len).unwrap_or_default();
        let head = if self.stage == Stage::Head { &self.fields[..] } else { head };
        text.put(head);
        if self.stage != Stage::Head {
            self.data.chunks(ENCODED_BYTES).for_each(|bytes| text.put(encode(bytes).as_bytes()));
            text.put(self.decoder.held());
            text.put(tail);
        }
        pool.take_back(std::mem::take(&mut self.data));
        self.begin();
    }

    /// Whether its data has begun, however it was cut.
    pub(crate) fn has_data(&self) -> bool {
        self.has_data
    }

    /// Forgets what has come.
    pub(crate) fn begin(&mut self) {
        self.stage = Stage::Head;
        self.has_data = false;
        self.fields.clear();
        self.head_len = 0;
        self.data.truncate(0);
        self.decoder = Decoder::default();
    }

    fn push_head(
        &mut self,
        piece: &[u8],
        follows: usize,
        likely: usize,
        pool: &mut BufferPool,
    ) -> Result<(), Unusual> {
        let before = self.fields.len();
        let room = MAX_FIELDS_BYTES.saturating_sub(before);
        let (taken, _) = piece.split_at_checked(room).unwrap_or((piece, &[]));
        self.fields.extend_from_slice(taken);
        let Some(data_at) = data_at(&self.fields) else {
            if taken.len() == piece.len() {
                return Ok(());
            }
            self.fields.truncate(before);
            return Err(Unusual);
        };
        self.fields.truncate(data_at);
        self.head_len = data_at;
        self.stage = Stage::Data;
        self.has_data = true;
        let rest = piece.get(data_at.saturating_sub(before)..).unwrap_or_default();
        self.push_data(rest, follows, likely, pool).inspect_err(|_| {
            self.stage = Stage::Head;
            self.fields.truncate(before);
        })
    }

    fn push_data(
        &mut self,
        piece: &[u8],
        follows: usize,
        likely: usize,
        pool: &mut BufferPool,
    ) -> Result<(), Unusual> {
        let before = (self.decoder.clone(), self.data.len());
        let least = max_decoded_len(piece.len()).saturating_add(SPARE_BYTES);
        let end = self
            .data
            .len()
            .saturating_add(least)
            .saturating_add(max_decoded_len(follows.max(likely)));
        pool.make_room(&mut self.data, least, end);
        let taken = self.push_until_quote(piece, follows);
        if taken.is_err() {
            self.decoder = before.0;
            self.data.truncate(before.1);
        }
        taken
    }

    fn push_until_quote(&mut self, piece: &[u8], follows: usize) -> Result<(), Unusual> {
        // The quote is looked for only where the end is near; before that, decoding finds what is
        // no base64.
        let near = MAX_FIELDS_BYTES.saturating_sub(follows);
        let (far, _) = piece.split_at_checked(piece.len().saturating_sub(near)).unwrap_or_default();
        let taken = self.decoder.push(far, &mut self.data);
        let rest = piece.get(taken..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        let quote = memchr2(b'"', b'\\', rest);
        let (chars, tail) = quote.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, &[]));
        if self.decoder.push(chars, &mut self.data) < chars.len() {
            return Err(Unusual);
        }
        if quote.is_none() {
            return Ok(());
        }
        let crc32 = self.decoder.clone().finish(&mut self.data).ok_or(Unusual)?;
        self.push_tail(tail)?;
        self.crc32 = crc32;
        self.decoder = Decoder::default();
        self.stage = Stage::Tail;
        Ok(())
    }

    fn push_tail(&mut self, piece: &[u8]) -> Result<(), Unusual> {
        let tail_len = self.fields.len().saturating_sub(self.head_len);
        if piece.len() > MAX_FIELDS_BYTES.saturating_sub(tail_len) {
            return Err(Unusual);
        }
        self.fields.extend_from_slice(piece);
        Ok(())
    }
}

/// Where the data begins, behind its quote, if that has come.
fn data_at(fields: &[u8]) -> Option<usize> {
    // A character may have come in part only, but not before the data.
    let text = match std::str::from_utf8(fields) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(fields.get(..error.valid_up_to())?).ok()?,
    };
    let rest = scan::chunk_data(text)?;
    Some(text.len().saturating_sub(rest.len()))
}

#[cfg(test)]
mod tests;
