//! A chunk whose bytes are there, in whatever form they came.

use std::fmt;

use bytes::Bytes;

use crate::proto::checksum::Crc32;

/// One slice of the payload, decoded. *Source*: PROTOCOL 4.3, 6.5.
///
/// ```
/// use longhaul::proto::frame::DecodedChunk;
/// let chunk = DecodedChunk::new(1, "hello ".into()).declaring(Some(0), None);
/// assert_eq!((chunk.seq(), &chunk.bytes()[..]), (1, &b"hello "[..]));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DecodedChunk {
    seq: u64,
    bytes: Bytes,
    /// The CRC-32 of `bytes`.
    crc32: Crc32,
    declared_offset: Option<u64>,
    declared_crc32: Option<Crc32>,
}

impl DecodedChunk {
    /// The chunk of that number, counted from 1, that declares nothing of itself.
    pub fn new(seq: u64, bytes: Bytes) -> Self {
        let crc32 = Crc32::of(&bytes);
        Self::with_crc32(seq, bytes, crc32)
    }

    /// The chunk whose bytes have that CRC-32, as whoever calls this has computed.
    pub(crate) fn with_crc32(seq: u64, bytes: Bytes, crc32: Crc32) -> Self {
        Self { seq, bytes, crc32, declared_offset: None, declared_crc32: None }
    }

    /// What the server says of it: where its first byte stands in the payload, in decoded bytes
    /// from 0, and the CRC-32 of its bytes.
    pub fn declaring(mut self, offset: Option<u64>, crc32: Option<Crc32>) -> Self {
        (self.declared_offset, self.declared_crc32) = (offset, crc32);
        self
    }

    /// Its number, counted from 1. A 0 is kept, so that it fails with its own error.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Its bytes, possibly none.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its bytes, possibly none.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The CRC-32 of its bytes.
    pub fn crc32(&self) -> Crc32 {
        self.crc32
    }

    /// Where its first byte stands in the payload, as the server says.
    pub fn declared_offset(&self) -> Option<u64> {
        self.declared_offset
    }

    /// The CRC-32 that the server says its bytes have.
    pub fn declared_crc32(&self) -> Option<Crc32> {
        self.declared_crc32
    }
}

/// Its length alone: what a chunk holds is no matter for a log.
impl fmt::Debug for DecodedChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chunk {} of {} bytes", self.seq, self.bytes.len())
    }
}
