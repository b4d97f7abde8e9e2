//! Why chunks are no payload.

use crate::proto::checksum::{Crc32, Sha256};
use crate::proto::id::Seq;
#[cfg(doc)]
use crate::proto::limits::Limits;

/// Chunks do not make up the payload they claim to; the transfer fails.
///
/// *Source*: PROTOCOL 4.3, 4.4 and 8.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// Chunks are counted from 1.
    #[error("chunk has seq 0, chunks are counted from 1")]
    SeqZero,
    /// Not base64.
    #[error("data of chunk {seq} is not base64 ({chars} characters)")]
    Base64 {
        /// The chunk.
        seq: Seq,
        /// How long its text is.
        chars: usize,
    },
    /// The same chunk came again with other bytes.
    #[error(
        "chunk {seq} came again with other bytes: {expected_bytes} bytes with crc {expected} \
         before, {got_bytes} bytes with crc {got} now"
    )]
    Conflict {
        /// The chunk.
        seq: Seq,
        /// Its length the first time, in bytes.
        expected_bytes: usize,
        /// Its CRC-32 the first time.
        expected: Crc32,
        /// Its length now, in bytes.
        got_bytes: usize,
        /// Its CRC-32 now.
        got: Crc32,
    },
    /// The bytes have another CRC-32 than the chunk says.
    #[error("chunk {seq} should have crc {expected} and has {got}")]
    Crc {
        /// The chunk.
        seq: Seq,
        /// What the chunk says.
        expected: Crc32,
        /// What its bytes have.
        got: Crc32,
    },
    /// The chunk belongs elsewhere than where it stands.
    #[error("chunk {seq} should start at byte {expected} and says {got}")]
    Offset {
        /// The chunk.
        seq: Seq,
        /// Where it stands, in decoded bytes from 0.
        expected: u64,
        /// Where it says it belongs.
        got: u64,
    },
    /// The stream ended with a chunk missing.
    #[error("chunk {missing} of {total} is missing, {parked} chunks wait behind it")]
    Gap {
        /// The first chunk that never came.
        missing: Seq,
        /// How many the server says there are.
        total: u64,
        /// Chunks that came after the gap.
        parked: usize,
    },
    /// A chunk came that the total leaves no room for.
    #[error("chunk {seq} came, but there should be {total}")]
    PastTotal {
        /// The highest chunk that came.
        seq: Seq,
        /// How many the server says there are.
        total: u64,
    },
    /// The payload has another length than the server says.
    #[error("payload should have {expected} bytes and has {got}")]
    Size {
        /// What the server says.
        expected: u64,
        /// What came.
        got: u64,
    },
    /// The payload has another digest than the server says.
    #[error("payload should have sha256 {expected} and has {got}")]
    Digest {
        /// What the server says.
        expected: Sha256,
        /// What the bytes have.
        got: Sha256,
    },
    /// The payload is longer than the limit.
    #[error("payload exceeds {limit} bytes with chunk {seq}")]
    TooLarge {
        /// The chunk that would go over it.
        seq: Seq,
        /// [`Limits::max_payload_bytes`].
        limit: u64,
    },
    /// Too much waits behind a gap.
    #[error("chunk {missing} is missing and chunk {seq} would park more than {limit} bytes")]
    ParkedBytes {
        /// The chunk all others wait for.
        missing: Seq,
        /// The chunk that would go over the limit.
        seq: Seq,
        /// [`Limits::max_parked_bytes`].
        limit: usize,
    },
    /// Too many chunks wait behind a gap.
    #[error("chunk {missing} is missing and chunk {seq} would park more than {limit} chunks")]
    ParkedChunks {
        /// The chunk all others wait for.
        missing: Seq,
        /// The chunk that would go over the limit.
        seq: Seq,
        /// [`Limits::max_parked_chunks`].
        limit: usize,
    },
    /// Chunk after chunk without a byte.
    #[error("chunk {seq} is one more than {limit} empty chunks in a row")]
    TooManyEmpty {
        /// The chunk that is one too many.
        seq: Seq,
        /// [`Limits::max_empty_chunks`].
        limit: u32,
    },
}
