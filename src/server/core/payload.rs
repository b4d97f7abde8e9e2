//! A payload in chunks whose borders never change.

use std::fmt::Debug;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::prefix::PrefixDigests;
use crate::proto::checksum::Sha256;
use crate::proto::frame::write::PayloadDigest;

/// How much is hashed at a time where a payload is read only to be hashed.
const HASHED_AT_ONCE: u64 = 256 << 10;

/// Where the bytes of a payload come from.
pub(crate) trait Source: Debug + Send + Sync {
    /// How long the payload is, in bytes.
    fn total_bytes(&self) -> u64;

    /// The `length` bytes at `offset`, which stand within the payload.
    ///
    /// # Errors
    /// What the file system says, where it is asked.
    fn read(&self, offset: u64, length: usize) -> io::Result<Bytes>;

    /// How much memory or disk is held for it, in bytes.
    fn held_bytes(&self) -> u64;

    /// Whether reading may wait for a disk.
    fn is_slow(&self) -> bool {
        false
    }
}

/// Bytes in memory.
impl Source for Bytes {
    fn total_bytes(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let end = start.saturating_add(length).min(self.len());
        Ok(self.slice(start..end))
    }

    fn held_bytes(&self) -> u64 {
        self.total_bytes()
    }
}

/// When chunks are there: chunk n at `start` and n times `every`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) start: Instant,
    /// More than nothing.
    pub(crate) every: Duration,
}

/// One operation's payload: its source, its chunks, and the digests of its prefixes.
///
/// Chunks that are read in order are hashed on the way, so a payload that is made as it is read
/// is never read twice.
#[derive(Debug)]
pub(crate) struct Payload {
    source: Box<dyn Source>,
    total_bytes: u64,
    /// The size of every chunk but the last, in bytes, at least 1.
    chunk_bytes: u64,
    pace: Option<Pace>,
    digests: Option<Mutex<PrefixDigests>>,
}

impl Payload {
    /// The payload of `source`. Without `is_hashed` no digest is ever known.
    pub(crate) fn new(
        source: Box<dyn Source>,
        chunk_bytes: u64,
        pace: Option<Pace>,
        is_hashed: bool,
    ) -> Self {
        Self {
            total_bytes: source.total_bytes(),
            source,
            chunk_bytes: chunk_bytes.max(1),
            pace,
            digests: is_hashed.then(Mutex::default),
        }
    }

    pub(crate) fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    pub(crate) fn total_chunks(&self) -> u64 {
        self.total_bytes.div_ceil(self.chunk_bytes)
    }

    pub(crate) fn chunk_bytes(&self) -> u64 {
        self.chunk_bytes
    }

    pub(crate) fn held_bytes(&self) -> u64 {
        self.source.held_bytes()
    }

    pub(crate) fn is_slow(&self) -> bool {
        self.source.is_slow()
    }

    /// Where chunk `seq` starts; of the chunk after the last, where the payload ends. `None` for
    /// those there cannot be.
    pub(crate) fn border(&self, seq: u64) -> Option<u64> {
        let before = seq.checked_sub(1).filter(|before| *before <= self.total_chunks())?;
        Some(before.saturating_mul(self.chunk_bytes).min(self.total_bytes))
    }

    /// The last chunk that is there at `now`, and when the next one is.
    pub(crate) fn available(&self, now: Instant) -> (u64, Option<Instant>) {
        let total = self.total_chunks();
        let Some(Pace { start, every }) = self.pace else { return (total, None) };
        let passed = now.saturating_duration_since(start).as_nanos();
        let made = passed.checked_div(every.as_nanos()).unwrap_or(u128::MAX);
        let made = u64::try_from(made).unwrap_or(u64::MAX).min(total);
        let next = u32::try_from(made.saturating_add(1)).ok().and_then(|n| every.checked_mul(n));
        let next = next.filter(|_| made < total).and_then(|after| start.checked_add(after));
        (made, next)
    }

    /// Chunk `seq`, counted from 1; empty past the end.
    pub(crate) fn chunk(&self, seq: u64) -> io::Result<Bytes> {
        let (Some(start), end) = (self.border(seq), self.border(seq.saturating_add(1))) else {
            return Ok(Bytes::new());
        };
        let length = end.unwrap_or(start).saturating_sub(start);
        let bytes = self.source.read(start, usize::try_from(length).unwrap_or(usize::MAX))?;
        if let Some(mut digests) = self.lock().filter(|digests| digests.hashed() == start) {
            digests.update(&bytes);
        }
        Ok(bytes)
    }

    /// Hashes what was not read yet. Takes its time.
    pub(crate) fn hash(&self) -> io::Result<()> {
        let Some(mut digests) = self.lock() else { return Ok(()) };
        while digests.hashed() < self.total_bytes {
            let rest = self.total_bytes.saturating_sub(digests.hashed()).min(HASHED_AT_ONCE);
            let length = usize::try_from(rest).unwrap_or(usize::MAX);
            let bytes = self.source.read(digests.hashed(), length)?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            digests.update(&bytes);
        }
        Ok(())
    }

    /// The SHA-256 of the first `length` bytes; `None` if they were not all read yet.
    pub(crate) fn prefix(&self, length: u64) -> io::Result<Option<Sha256>> {
        let nearest = self.lock().and_then(|digests| digests.nearest(length));
        let Some((mut from, mut hasher)) = nearest else { return Ok(None) };
        while from < length {
            let rest = length.saturating_sub(from).min(HASHED_AT_ONCE);
            hasher.update(&self.source.read(from, usize::try_from(rest).unwrap_or(usize::MAX))?);
            from = from.saturating_add(rest);
        }
        Ok(Some(hasher.finish()))
    }

    /// What complete says of the payload, once all of it was read.
    pub(crate) fn digest(&self) -> Option<PayloadDigest> {
        let digests = self.lock().filter(|digests| digests.hashed() == self.total_bytes)?;
        Some(PayloadDigest { size: self.total_bytes, sha256: digests.digest() })
    }

    fn lock(&self) -> Option<MutexGuard<'_, PrefixDigests>> {
        let digests = self.digests.as_ref()?;
        Some(digests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(chunk_bytes: u64) -> Payload {
        Payload::new(Box::new(Bytes::from_static(b"abcdefg")), chunk_bytes, None, true)
    }

    #[test]
    fn chunks_cover_the_payload() {
        let payload = payload(3);
        assert_eq!(payload.total_chunks(), 3);
        for (seq, start, bytes) in [(1, 0, "abc"), (3, 6, "g"), (4, 7, "")] {
            assert_eq!(
                (payload.border(seq), payload.chunk(seq).unwrap()),
                (Some(start), bytes.into())
            );
        }
        assert_eq!((payload.border(0), payload.border(5)), (None, None));
        assert_eq!(payload.chunk(u64::MAX).unwrap(), "");
        let one = Payload::new(Box::new(Bytes::from_static(b"abcdefg")), u64::MAX, None, false);
        assert_eq!((one.total_chunks(), one.border(2), one.digest()), (1, Some(7), None));
        let none = Payload::new(Box::new(Bytes::new()), 3, None, true);
        assert_eq!((none.total_chunks(), none.border(1), none.border(2)), (0, Some(0), None));
        assert_eq!(none.digest().unwrap().sha256, Sha256::of(b""));
    }

    #[test]
    fn what_was_read_has_its_digests() {
        let payload = payload(3);
        payload.chunk(1).unwrap();
        payload.chunk(3).unwrap();
        assert_eq!(payload.prefix(2).unwrap(), Some(Sha256::of(b"ab")));
        assert_eq!((payload.prefix(6).unwrap(), payload.digest()), (None, None));
        payload.chunk(2).unwrap();
        payload.chunk(1).unwrap();
        payload.chunk(3).unwrap();
        assert_eq!(payload.digest().unwrap().sha256, Sha256::of(b"abcdefg"));
        let unread = self::payload(3);
        unread.hash().unwrap();
        assert_eq!(unread.digest(), payload.digest());
    }

    #[test]
    fn chunks_come_at_their_pace() {
        let (start, every) = (Instant::now(), Duration::from_secs(1));
        let pace = Some(Pace { start, every });
        let payload = Payload::new(Box::new(Bytes::from_static(b"abcdefg")), 3, pace, false);
        assert_eq!(payload.available(start), (0, Some(start + every)));
        assert_eq!(payload.available(start + every * 2), (2, Some(start + every * 3)));
        assert_eq!(payload.available(start + every * 9), (3, None));
    }
}
