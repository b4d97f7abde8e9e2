//! Memory that is used again once nobody reads what was in it.

use bytes::{Bytes, BytesMut};

/// Up to here, in bytes, a buffer is made as long as what it is for and never kept: the allocator
/// is good at those.
pub const SMALL_BUFFER_BYTES: usize = 16 << 10;
/// The largest buffer that is kept, in bytes: 8 MiB, which a chunk of 5 MiB fits as base64.
pub const MAX_BUFFER_BYTES: usize = 8 << 20;
/// How many buffers are kept at most, those included that are being read.
pub const MAX_BUFFERS: usize = 64;
/// How many bytes are kept at most, those included that are being read: 64 MiB.
pub const MAX_POOL_BYTES: usize = 64 << 20;
/// How many bytes that nobody reads are kept where none of them fits what is needed: 4 MiB.
const MAX_UNFIT_BYTES: usize = 4 << 20;
/// Buffers come in sizes this many to an octave, so that what differs by little shares them.
const SIZES_AN_OCTAVE: usize = 16;

/// Buffers that take turns: what lies in one is its readers', and once they have dropped all of
/// it, the same memory is lent again.
///
/// Nothing is allocated for a message while its like have come before, so that a long payload
/// takes and scatters no more memory than a short one. Of those at rest, the one used last is lent
/// first, since the processor's cache may still hold it.
///
/// Bounded by [`MAX_BUFFERS`] and [`MAX_POOL_BYTES`]: what does not fit in is freed by its last
/// reader. A buffer that is lent is at most twice as large as what was asked for.
///
/// ```
/// use longhaul::proto::BufferPool;
///
/// let mut pool = BufferPool::default();
/// let mut places = std::collections::BTreeSet::new();
/// for len in 50_000..50_100 {
///     let mut buffer = pool.lend(len);
///     buffer.resize(len, 7);
///     let bytes = pool.hand_out(buffer);
///     places.insert(bytes.as_ptr());
/// }
/// assert_eq!(places.len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct BufferPool {
    /// Those used last come last.
    kept: Vec<Kept>,
    /// What the kept ones have together.
    bytes: usize,
    /// How often it was trimmed.
    turn: u64,
}

/// A buffer whose bytes may have readers still.
#[derive(Debug)]
struct Kept {
    rest: BytesMut,
    capacity: usize,
    /// When it was used last.
    turn: u64,
}

impl Kept {
    /// Takes the memory back if nobody reads it.
    fn try_rest(&mut self) -> bool {
        self.rest.clear();
        self.rest.try_reclaim(self.capacity)
    }

    fn fits(&self, len: usize) -> bool {
        self.capacity >= len && self.capacity / 2 <= len
    }
}

impl BufferPool {
    /// An empty buffer for `len` bytes, in one piece.
    pub fn lend(&mut self, len: usize) -> BytesMut {
        if !(SMALL_BUFFER_BYTES..=MAX_BUFFER_BYTES).contains(&len) {
            return BytesMut::with_capacity(len);
        }
        let fitting = |kept: &mut Kept| kept.fits(len) && kept.try_rest();
        if let Some(index) = self.kept.iter_mut().rposition(fitting) {
            let kept = self.kept.remove(index);
            self.bytes = self.bytes.saturating_sub(kept.capacity);
            return kept.rest;
        }
        self.free_unfit();
        BytesMut::with_capacity(rounded(len))
    }

    /// Sees to it that `buffer` has room for `least` bytes more, of what ends at `end` in all.
    ///
    /// All of it is set aside at once while that is 8 MiB at most, else what doubles the buffer.
    pub fn make_room(&mut self, buffer: &mut BytesMut, least: usize, end: usize) {
        let (len, capacity) = (buffer.len(), buffer.capacity());
        if capacity.saturating_sub(len) >= least {
            return;
        }
        let wanted = if end <= MAX_BUFFER_BYTES {
            end.max(len.saturating_mul(2)).min(MAX_BUFFER_BYTES)
        } else {
            end.min(len.saturating_mul(2).max(MAX_BUFFER_BYTES))
        };
        let wanted = wanted.max(len.saturating_add(least));
        if wanted <= MAX_BUFFER_BYTES {
            let mut larger = self.lend(wanted);
            larger.extend_from_slice(buffer);
            self.take_back(std::mem::replace(buffer, larger));
        } else {
            buffer.reserve(wanted.saturating_sub(len));
        }
    }

    /// The bytes of a buffer, for any number of readers; it is lent again once they are done.
    pub fn hand_out(&mut self, mut buffer: BytesMut) -> Bytes {
        let (len, capacity) = (buffer.len(), buffer.capacity());
        if len < capacity / 2 {
            // Whoever holds little does not hold much for it.
            let bytes = Bytes::copy_from_slice(&buffer);
            self.take_back(buffer);
            return bytes;
        }
        if !self.has_place_for(capacity) {
            return buffer.freeze();
        }
        let bytes = buffer.split().freeze();
        self.keep(buffer, capacity);
        bytes
    }

    /// Takes a buffer back with nothing in it.
    pub fn take_back(&mut self, mut buffer: BytesMut) {
        buffer.clear();
        let capacity = buffer.capacity();
        if self.has_place_for(capacity) {
            self.keep(buffer, capacity);
        }
    }

    /// Frees what nobody reads and nobody has asked for since the time before last.
    pub fn trim(&mut self) {
        self.turn = self.turn.saturating_add(1);
        let turn = self.turn;
        self.free(|kept| kept.turn.saturating_add(1) < turn);
    }

    /// Leaves little of what is of no use as it is.
    fn free_unfit(&mut self) {
        let mut left = MAX_UNFIT_BYTES;
        self.free(|kept| match left.checked_sub(kept.capacity) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
    }

    /// Frees those that nobody reads and that `is_surplus` says so of, which sees no others.
    fn free(&mut self, mut is_surplus: impl FnMut(&Kept) -> bool) {
        let bytes = &mut self.bytes;
        self.kept.retain_mut(|kept| {
            let goes = kept.try_rest() && is_surplus(kept);
            if goes {
                *bytes = bytes.saturating_sub(kept.capacity);
            }
            !goes
        });
    }

    fn has_place_for(&self, capacity: usize) -> bool {
        (SMALL_BUFFER_BYTES..=MAX_BUFFER_BYTES).contains(&capacity)
            && self.kept.len() < MAX_BUFFERS
            && self.bytes.saturating_add(capacity) <= MAX_POOL_BYTES
    }

    fn keep(&mut self, rest: BytesMut, capacity: usize) {
        self.bytes = self.bytes.saturating_add(capacity);
        self.kept.push(Kept { rest, capacity, turn: self.turn });
    }
}

/// The size that a buffer for `len` bytes is made in.
fn rounded(len: usize) -> usize {
    let octave = len.checked_next_power_of_two().unwrap_or(len);
    let step = octave.checked_div(2 * SIZES_AN_OCTAVE).unwrap_or_default().max(1);
    len.checked_next_multiple_of(step).unwrap_or(len)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use super::*;

    const LEN: usize = 100_000;

    fn fill(pool: &mut BufferPool, len: usize) -> Bytes {
        let mut buffer = pool.lend(len);
        assert!(buffer.is_empty() && buffer.capacity() >= len);
        buffer.resize(len, 7);
        pool.hand_out(buffer)
    }

    #[test]
    fn memory_is_used_again_once_nobody_reads_it() {
        let mut pool = BufferPool::default();
        let (mut read, mut places) = (VecDeque::new(), BTreeSet::new());
        for turn in 0..1_000 {
            let bytes = fill(&mut pool, LEN + turn);
            places.insert(bytes.as_ptr());
            read.push_back(bytes.slice(1..2));
            if read.len() == 5 {
                read.pop_front();
            }
        }
        assert_eq!(places.len(), 5);
        assert_eq!(pool.kept.len(), 5);
    }

    #[test]
    fn what_is_read_is_not_written_over() {
        let mut pool = BufferPool::default();
        let read: Vec<_> = (0..200_u8)
            .map(|byte| {
                let mut buffer = pool.lend(LEN);
                buffer.resize(LEN, byte);
                pool.hand_out(buffer)
            })
            .collect();
        assert_eq!(pool.kept.len(), MAX_BUFFERS);
        for (byte, bytes) in (0..).zip(&read) {
            assert!(bytes.iter().all(|it| *it == byte));
        }
    }

    #[test]
    fn it_is_bounded_in_bytes() {
        let mut pool = BufferPool::default();
        let read: Vec<_> = (0..20).map(|_| fill(&mut pool, MAX_BUFFER_BYTES)).collect();
        assert_eq!(pool.bytes, MAX_POOL_BYTES);
        drop(read);
        // None of those fits, so few of them stay.
        let _read = fill(&mut pool, LEN);
        assert!(pool.bytes <= MAX_UNFIT_BYTES + 2 * LEN, "{}", pool.bytes);
        let larger = fill(&mut pool, MAX_BUFFER_BYTES + 1);
        assert_eq!((larger.len(), pool.kept.len()), (MAX_BUFFER_BYTES + 1, 1));
    }

    #[test]
    fn what_is_short_does_not_hold_what_is_long() {
        let mut pool = BufferPool::default();
        let mut buffer = pool.lend(LEN);
        buffer.resize(10, 7);
        let short = pool.hand_out(buffer);
        assert_eq!(&short[..], [7; 10]);
        let place = pool.lend(LEN).as_ptr();
        assert!(!short.as_ptr_range().contains(&place));
        assert_eq!(pool.kept.len(), 0, "what was kept is lent");
        // Nor is a long one lent for little.
        let mut pool = BufferPool::default();
        fill(&mut pool, LEN);
        assert!(pool.lend(LEN / 4).capacity() < LEN / 2);
    }

    #[test]
    fn what_was_not_used_for_long_is_freed() {
        let mut pool = BufferPool::default();
        let both = [fill(&mut pool, LEN), fill(&mut pool, LEN)];
        pool.trim();
        pool.trim();
        assert_eq!(pool.kept.len(), 2, "they are being read");
        drop(both);
        fill(&mut pool, LEN);
        pool.trim();
        assert_eq!((pool.kept.len(), pool.bytes), (1, rounded(LEN)));
        pool.trim();
        assert_eq!((pool.kept.len(), pool.bytes), (0, 0));
    }

    #[test]
    fn sizes_are_close_and_few() {
        for len in (SMALL_BUFFER_BYTES..=MAX_BUFFER_BYTES).step_by(997).chain([MAX_BUFFER_BYTES]) {
            let size = rounded(len);
            assert!(size >= len && size <= len + len / SIZES_AN_OCTAVE, "{len} in {size}");
            assert!(size <= MAX_BUFFER_BYTES);
        }
        let sizes: BTreeSet<_> = (1_048_577..1_100_000).map(rounded).collect();
        assert_eq!(sizes.len(), 1);
    }
}
