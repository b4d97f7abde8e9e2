//! The room that chunks are decoded into.

use bytes::{Bytes, BytesMut};

use crate::proto::BufferPool;
use crate::proto::base64::max_decoded_len;

/// Where the next chunk goes. What was decoded is its readers' (the digest, a file, the caller);
/// once they are done, its memory is used again.
#[derive(Debug, Default)]
pub(super) struct ChunkRoom {
    current: BytesMut,
    pool: BufferPool,
}

impl ChunkRoom {
    /// Room for what a message of `chars` characters can decode to, in one piece, since growing
    /// step by step costs twice.
    pub(super) fn for_message(&mut self, chars: usize) -> &mut BytesMut {
        let most = max_decoded_len(chars);
        if !self.current.is_empty() {
            self.current.reserve(most);
        } else if self.current.capacity() < most {
            let larger = self.pool.lend(most);
            self.pool.take_back(std::mem::replace(&mut self.current, larger));
        }
        &mut self.current
    }

    /// Everything that was decoded since the last time.
    pub(super) fn take(&mut self) -> Bytes {
        if self.current.is_empty() {
            return Bytes::new();
        }
        self.pool.hand_out(std::mem::take(&mut self.current))
    }

    /// Throws away what was decoded.
    pub(super) fn clear(&mut self) {
        self.current.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(room: &mut ChunkRoom, len: usize) -> Bytes {
        room.for_message(len.div_ceil(3) * 4 + 60).resize(len, 7);
        room.take()
    }

    #[test]
    fn chunks_take_turns_in_the_same_memory() {
        let mut room = ChunkRoom::default();
        let places: std::collections::BTreeSet<_> = (0..100)
            .map(|turn| {
                // What says how far it is comes between.
                assert!(room.for_message(90).is_empty());
                decode(&mut room, 786_432 - turn).as_ptr()
            })
            .collect();
        assert_eq!(places.len(), 1);
    }

    #[test]
    fn what_was_decoded_is_given_once() {
        let mut room = ChunkRoom::default();
        let bytes = decode(&mut room, 100);
        assert_eq!((bytes.len(), room.take().len()), (100, 0));
        room.for_message(8).extend_from_slice(b"abc");
        room.for_message(80_000).extend_from_slice(b"def");
        assert_eq!(room.take(), "abcdef");
        room.for_message(8).extend_from_slice(b"abc");
        room.clear();
        assert!(room.take().is_empty());
    }
}
