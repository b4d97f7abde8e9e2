//! Binary chunks that are read are written the same.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use super::{BinaryEnvelope, BinaryHeader};
use crate::fuzzing::{Vectors, from_hex};

/// A binary message is a chunk whose header says so again when it is written, or it is refused.
///
/// Input: a message.
pub fn binary(data: &[u8]) {
    let Ok(envelope) = BinaryEnvelope::read(data) else { return };
    let Ok(chunk) = envelope.chunk() else { return };
    assert_eq!(chunk.header.alias, envelope.alias());
    assert_eq!(chunk.bytes.len() as u64, u64::from(chunk.header.length));
    assert_eq!(chunk.bytes.len() + BinaryHeader::BYTES, data.len());
    let mut written = chunk.header.to_bytes().to_vec();
    written.extend_from_slice(chunk.bytes);
    assert_eq!(BinaryEnvelope::read(&written).unwrap().chunk(), Ok(chunk));
    if chunk.header.crc32.is_some() {
        assert_eq!(written, data);
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let hex = |value: &serde_json::Value| value["hex"].as_str().map(from_hex);
    let messages = vectors.of("frames").filter_map(|case| case["messages"].as_array()).flatten();
    vectors.of("binary").filter_map(hex).chain(messages.filter_map(hex)).collect()
}
