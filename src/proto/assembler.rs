//! Chunks in, payload out: in order, each once, checked.

mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
pub use error::AssembleError;

use super::buffers::BufferPool;
use super::checksum::Crc32;
use super::frame::{Chunk, DecodedChunk};
use super::id::Seq;
use super::limits::{CHUNK_OVERHEAD_BYTES, Limits};

/// Puts the chunks of one payload back together.
///
/// Takes chunks in any order and hands on their bytes as soon as they are
/// next. What comes ahead of a gap is parked, within limits. The digest of the whole is the
/// caller's to compute, since that costs more than all the rest and can be done beside it.
/// *Source*: PROTOCOL 4.3, 7.
///
/// ```
/// use bytes::BytesMut;
/// use longhaul::proto::frame::Chunk;
/// use longhaul::proto::{ChunkAssembler, Limits};
///
/// let chunk = |seq, data: &'static str| Chunk {
///     seq, data: data.into(), offset: None, crc32: None,
/// };
/// let (mut assembler, mut out) = (ChunkAssembler::new(Limits::default()), BytesMut::new());
/// assembler.push(&chunk(2, "d29ybGQ="), &mut out).unwrap();
/// assert!(out.is_empty(), "chunk 2 waits for chunk 1");
/// assembler.push(&chunk(1, "aGVsbG8g"), &mut out).unwrap();
/// assert_eq!(&out[..], b"hello world");
/// let assembled = assembler.finish(2, None).unwrap();
/// assert_eq!(assembled.bytes, 11);
/// ```
#[derive(Clone, Debug)]
pub struct ChunkAssembler {
    limits: Limits,
    /// The chunk that is delivered next; all before it have been.
    next: Seq,
    /// Bytes delivered so far, which is where chunk `next` starts.
    delivered_bytes: u64,
    /// Length and CRC of the chunks just before `next`, oldest first, at most
    /// `limits.remembered_chunks`.
    remembered: VecDeque<Fingerprint>,
    /// Chunks beyond `next`.
    parked: BTreeMap<Seq, Parked>,
    /// What `parked` is charged: each chunk's length and overhead.
    parked_bytes: usize,
    /// Empty chunks since the last one with bytes.
    empty_in_a_row: u32,
    /// Where chunks that came as text are decoded.
    pool: BufferPool,
}

/// What became of a pushed chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pushed {
    /// It was next: its bytes, and those of this many parked chunks after it, are in the buffer.
    Delivered {
        /// Parked chunks that became due with it.
        unparked: u64,
    },
    /// It came ahead of a gap and waits.
    Parked,
    /// It came before with the same bytes, and was dropped.
    Repeated,
    /// It came before, too long ago to compare, and was dropped.
    Unchecked,
}

/// What is known of a payload once every chunk of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assembled {
    /// How many chunks it came in.
    pub chunks: u64,
    /// Its length.
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    len: usize,
    crc32: Crc32,
}

#[derive(Clone, Debug)]
struct Parked {
    bytes: Bytes,
    crc32: Crc32,
    /// The offset the server declared; it can be checked only once the chunk is due.
    offset: Option<u64>,
}

impl Parked {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint { len: self.bytes.len(), crc32: self.crc32 }
    }
}

impl ChunkAssembler {
    /// An assembler that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self::continued(limits, Seq::FIRST, 0)
    }

    /// An assembler of whose payload the chunks before `next`, `delivered_bytes` long, are there.
    ///
    /// Should one of them come again, it is dropped unchecked.
    pub fn continued(limits: Limits, next: Seq, delivered_bytes: u64) -> Self {
        Self {
            limits,
            next,
            delivered_bytes,
            remembered: VecDeque::new(),
            parked: BTreeMap::new(),
            parked_bytes: 0,
            empty_in_a_row: 0,
            pool: BufferPool::default(),
        }
    }

    /// Bytes delivered so far.
    pub fn delivered_bytes(&self) -> u64 {
        self.delivered_bytes
    }

    /// Chunks delivered so far.
    pub fn delivered_chunks(&self) -> u64 {
        self.next.get().saturating_sub(1)
    }

    /// The chunk that is delivered next.
    pub fn next(&self) -> Seq {
        self.next
    }

    /// Drops what waits ahead of a gap; it has to come again.
    pub fn drop_parked(&mut self) {
        self.parked.clear();
        self.parked_bytes = 0;
    }

    /// Whether any chunk came, delivered or parked.
    pub fn has_chunks(&self) -> bool {
        self.next > Seq::FIRST || !self.parked.is_empty()
    }

    /// Bytes that wait ahead of a gap, with [`CHUNK_OVERHEAD_BYTES`] for each chunk.
    pub fn parked_bytes(&self) -> usize {
        self.parked_bytes
    }

    /// The highest chunk that waits ahead of a gap.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn highest_parked(&self) -> Option<Seq> {
        self.parked.last_key_value().map(|(seq, _)| *seq)
    }

    /// Takes one chunk as it stands in a text, and gives to `out` every byte that is due with it.
    ///
    /// # Errors
    /// As [`push_decoded`](Self::push_decoded), and [`AssembleError::Base64`].
    pub fn push(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Pushed, AssembleError> {
        let seq = Seq::new(chunk.seq).ok_or(AssembleError::SeqZero)?;
        if seq < self.next && self.delivered(seq).is_none() {
            // Whatever it holds.
            return Ok(Pushed::Unchecked);
        }
        let decoded = chunk
            .decode(&mut self.pool)
            .map_err(|invalid| AssembleError::Base64 { seq, chars: invalid.chars })?;
        self.push_decoded(decoded, out)
    }

    /// Takes one chunk and gives to `out` every byte that is due with it, chunk by chunk and not
    /// copied: `out` may collect the pieces (`Vec<Bytes>`) or put them together (`BytesMut`).
    ///
    /// # Errors
    /// [`AssembleError`]: the transfer has failed. `out` has then what was delivered before.
    pub fn push_decoded(
        &mut self,
        chunk: DecodedChunk,
        out: &mut impl Extend<Bytes>,
    ) -> Result<Pushed, AssembleError> {
        let seq = Seq::new(chunk.seq()).ok_or(AssembleError::SeqZero)?;
        if seq < self.next {
            return self.compare_delivered(seq, &chunk);
        }
        if seq > self.next {
            return self.park(seq, &chunk);
        }
        self.check_length(seq, chunk.bytes().len())?;
        self.check_offset(seq, chunk.declared_offset())?;
        check_crc32(seq, &chunk)?;
        self.deliver(chunk.crc32(), chunk.into_bytes(), out)?;
        let mut unparked = 0_u64;
        while let Some(parked) = self.parked.remove(&self.next) {
            self.parked_bytes = self.parked_bytes.saturating_sub(charge(parked.bytes.len()));
            self.check_offset(self.next, parked.offset)?;
            self.deliver(parked.crc32, parked.bytes, out)?;
            unparked = unparked.saturating_add(1);
        }
        Ok(Pushed::Delivered { unparked })
    }

    /// Ends the payload with what the complete frame says.
    ///
    /// # Errors
    /// [`AssembleError`] if a chunk is missing, one too many came, or the length differs.
    pub fn finish(self, total: u64, size: Option<u64>) -> Result<Assembled, AssembleError> {
        let last =
            self.parked.last_key_value().map_or(self.delivered_chunks(), |(seq, _)| seq.get());
        if let Some(seq) = Seq::new(last).filter(|_| last > total) {
            return Err(AssembleError::PastTotal { seq, total });
        }
        if self.delivered_chunks() < total {
            let parked = self.parked.len();
            return Err(AssembleError::Gap { missing: self.next, total, parked });
        }
        let got = self.delivered_bytes;
        if let Some(expected) = size.filter(|expected| *expected != got) {
            return Err(AssembleError::Size { expected, got });
        }
        Ok(Assembled { chunks: total, bytes: got })
    }

    /// Gives out chunk `next` and accounts for it.
    fn deliver(
        &mut self,
        crc32: Crc32,
        bytes: Bytes,
        out: &mut impl Extend<Bytes>,
    ) -> Result<(), AssembleError> {
        self.check_length(self.next, bytes.len())?;
        if bytes.is_empty() {
            self.empty_in_a_row = self.empty_in_a_row.saturating_add(1);
            let limit = self.limits.max_empty_chunks;
            if self.empty_in_a_row > limit {
                return Err(AssembleError::TooManyEmpty { seq: self.next, limit });
            }
        } else {
            self.empty_in_a_row = 0;
        }
        self.delivered_bytes = self.delivered_bytes.saturating_add(length(bytes.len()));
        self.next = self.next.next();
        if self.remembered.len() >= self.limits.remembered_chunks {
            self.remembered.pop_front();
        }
        if self.limits.remembered_chunks > 0 {
            self.remembered.push_back(Fingerprint { len: bytes.len(), crc32 });
        }
        out.extend(Some(bytes));
        Ok(())
    }

    fn park(&mut self, seq: Seq, chunk: &DecodedChunk) -> Result<Pushed, AssembleError> {
        if let Some(before) = self.parked.get(&seq).map(Parked::fingerprint) {
            return compare(seq, chunk, before);
        }
        let missing = self.next;
        let limit = self.limits.max_parked_chunks;
        if self.parked.len() >= limit {
            return Err(AssembleError::ParkedChunks { missing, seq, limit });
        }
        let limit = self.limits.max_parked_bytes;
        check_crc32(seq, chunk)?;
        self.check_length(seq, chunk.bytes().len())?;
        let charged = self.parked_bytes.saturating_add(charge(chunk.bytes().len()));
        if charged > limit {
            return Err(AssembleError::ParkedBytes { missing, seq, limit });
        }
        self.parked_bytes = charged;
        // A copy of its own takes exactly the room it is charged for.
        let bytes = Bytes::copy_from_slice(chunk.bytes());
        let offset = chunk.declared_offset();
        self.parked.insert(seq, Parked { bytes, crc32: chunk.crc32(), offset });
        Ok(Pushed::Parked)
    }

    fn compare_delivered(&self, seq: Seq, chunk: &DecodedChunk) -> Result<Pushed, AssembleError> {
        match self.delivered(seq) {
            Some(before) => compare(seq, chunk, before),
            None => Ok(Pushed::Unchecked),
        }
    }

    /// What is remembered of a chunk before `next`.
    fn delivered(&self, seq: Seq) -> Option<Fingerprint> {
        // `remembered` ends with the chunk before `next`.
        let back = usize::try_from(self.next.get().checked_sub(seq.get())?).ok()?;
        self.remembered.get(self.remembered.len().checked_sub(back)?).copied()
    }

    fn check_length(&self, seq: Seq, bytes: usize) -> Result<(), AssembleError> {
        let limit = self.limits.max_payload_bytes;
        if length(bytes) > limit.saturating_sub(self.delivered_bytes) {
            return Err(AssembleError::TooLarge { seq, limit });
        }
        Ok(())
    }

    fn check_offset(&self, seq: Seq, declared: Option<u64>) -> Result<(), AssembleError> {
        let expected = self.delivered_bytes;
        match declared.filter(|offset| *offset != expected) {
            Some(got) => Err(AssembleError::Offset { seq, expected, got }),
            None => Ok(()),
        }
    }
}

/// Whether a chunk that has come before came with the same bytes.
fn compare(seq: Seq, chunk: &DecodedChunk, before: Fingerprint) -> Result<Pushed, AssembleError> {
    check_crc32(seq, chunk)?;
    let now = Fingerprint { len: chunk.bytes().len(), crc32: chunk.crc32() };
    if now == before {
        return Ok(Pushed::Repeated);
    }
    Err(AssembleError::Conflict {
        seq,
        expected_bytes: before.len,
        expected: before.crc32,
        got_bytes: now.len,
        got: now.crc32,
    })
}

/// Holds a chunk to what it says of itself.
fn check_crc32(seq: Seq, chunk: &DecodedChunk) -> Result<(), AssembleError> {
    let got = chunk.crc32();
    match chunk.declared_crc32().filter(|expected| *expected != got) {
        Some(expected) => Err(AssembleError::Crc { seq, expected, got }),
        None => Ok(()),
    }
}

fn charge(bytes: usize) -> usize {
    bytes.saturating_add(CHUNK_OVERHEAD_BYTES)
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
