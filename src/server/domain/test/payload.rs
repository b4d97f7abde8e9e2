//! Bytes that anyone can compute.

use std::io::{self, Read};

use bytes::Bytes;

use crate::server::core::Source;

/// The bytes that `test.payload` sends for a seed, from any place on.
///
/// *Shape*: little-endian words of 64 bits. Word `n`, counted from 0, is the output number `n + 1`
/// of the generator splitmix64 that starts with `seed`: with `z = seed + (n + 1) *
/// 0x9E3779B97F4A7C15`, `z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9`, `z = (z ^ z >> 27) *
/// 0x94D049BB133111EB` and `z ^ z >> 31`, all modulo 2^64. The last word is cut off at the size.
/// So every byte depends on the seed and its own place alone.
///
/// ```
/// use std::io::Read as _;
/// use longhaul::server::TestPayload;
/// let mut bytes = Vec::new();
/// TestPayload::new(0, 10).read_to_end(&mut bytes).unwrap();
/// assert_eq!(bytes[..8], 0xe220_a839_7b1d_cdaf_u64.to_le_bytes());
/// let mut end = Vec::new();
/// TestPayload::new(0, 10).at(8).read_to_end(&mut end).unwrap();
/// assert_eq!(end, bytes[8..]);
/// ```
#[derive(Clone, Debug)]
pub struct TestPayload {
    seed: u64,
    size: u64,
    place: u64,
}

impl TestPayload {
    /// The `size` bytes for `seed`, to be read from the first on.
    pub fn new(seed: u64, size: u64) -> Self {
        Self { seed, size, place: 0 }
    }

    /// The same bytes, to be read from `offset` on.
    pub fn at(self, offset: u64) -> Self {
        Self { place: offset.min(self.size), ..self }
    }

    /// Puts the bytes that stand at `offset` into `bytes`, whatever the size is.
    pub fn fill(&self, offset: u64, bytes: &mut [u8]) {
        let (mut index, skipped) = (offset / 8, usize::try_from(offset % 8).unwrap_or(0));
        let first = word(self.seed, index).to_le_bytes();
        let (_, first) = first.split_at(skipped);
        let (head, rest) = bytes.split_at_mut(first.len().min(bytes.len()));
        copy(head, first);
        let (words, tail) = rest.as_chunks_mut::<8>();
        for bytes in words {
            index = index.wrapping_add(1);
            *bytes = word(self.seed, index).to_le_bytes();
        }
        copy(tail, &word(self.seed, index.wrapping_add(1)).to_le_bytes());
    }
}

impl Read for TestPayload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.place)).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let (read, _) = buffer.split_at_mut(length);
        self.fill(self.place, read);
        self.place = self.place.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(length)
    }
}

impl Source for TestPayload {
    fn total_bytes(&self) -> u64 {
        self.size
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; length];
        self.fill(offset, &mut bytes);
        Ok(bytes.into())
    }

    fn held_bytes(&self) -> u64 {
        0
    }
}

/// Copies as much as fits.
fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

fn word(seed: u64, index: u64) -> u64 {
    let state = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_gives_the_same_bytes() {
        let mut whole = Vec::new();
        TestPayload::new(7, 100).read_to_end(&mut whole).unwrap();
        assert_eq!(whole.len(), 100);
        for offset in 0..=100 {
            for length in [0, 1, 3, 8, 20] {
                let end = (offset + length).min(100);
                let mut part = vec![0; end - offset];
                TestPayload::new(7, 100).fill(offset as u64, &mut part);
                assert_eq!(part, whole[offset..end]);
            }
        }
        let mut far = [0; 9];
        TestPayload::new(7, u64::MAX).fill(u64::MAX - 8, &mut far);
        let mut other = Vec::new();
        TestPayload::new(8, 100).read_to_end(&mut other).unwrap();
        assert_ne!(whole, other);
    }
}
