//! A payload in chunks whose borders never change.

use std::fmt::Debug;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::borders::Borders;
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

    /// Puts bytes behind those that are there, if it is one that grows.
    ///
    /// # Errors
    /// What the file system says, where it is asked; `Unsupported` if the payload is whole.
    fn append(&self, _bytes: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
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

/// Bytes in memory that become more.
#[derive(Debug, Default)]
pub(crate) struct GrowingBytes(Mutex<Vec<u8>>);

impl GrowingBytes {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for GrowingBytes {
    fn total_bytes(&self) -> u64 {
        u64::try_from(self.lock().len()).unwrap_or(u64::MAX)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        let bytes = self.lock();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(length).min(bytes.len());
        Ok(Bytes::copy_from_slice(bytes.get(start..end).unwrap_or_default()))
    }

    fn held_bytes(&self) -> u64 {
        self.total_bytes()
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.lock().extend_from_slice(bytes);
        Ok(())
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
///
/// A payload may [`grow`](Self::grow) while it is sent. What came is gathered into chunks of full
/// size; whoever would rather have less now than more later makes a chunk of it by
/// [`flush`](Self::flush), as does whoever has no more to add.
#[derive(Debug)]
pub(crate) struct Payload {
    source: Box<dyn Source>,
    borders: Mutex<Borders>,
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
        let mut borders = Borders::new(chunk_bytes);
        borders.grow(source.total_bytes());
        borders.flush();
        let digests = is_hashed.then(Mutex::default);
        Self { source, borders: Mutex::new(borders), pace, digests }
    }

    /// Adds bytes at the end. May wait for a disk.
    ///
    /// # Errors
    /// As [`Source::append`].
    pub(crate) fn grow(&self, bytes: &[u8]) -> io::Result<()> {
        self.source.append(bytes)?;
        // Hashed as they come: a client that comes back may have any part of them.
        if let Some(mut digests) = self.lock() {
            digests.update(bytes);
        }
        self.borders().grow(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Makes a chunk of what is not in one yet; `false` if that is nothing.
    pub(crate) fn flush(&self) -> bool {
        self.borders().flush()
    }

    pub(crate) fn total_bytes(&self) -> u64 {
        self.borders().total_bytes()
    }

    /// How many chunks there are, by now if it grows.
    pub(crate) fn total_chunks(&self) -> u64 {
        self.borders().chunks()
    }

    /// How many chunks start within the first `bytes`.
    pub(crate) fn chunks_within(&self, bytes: u64) -> u64 {
        self.borders().chunks_within(bytes)
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
        self.borders().start_of(seq)
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
        let total_bytes = self.total_bytes();
        while digests.hashed() < total_bytes {
            let rest = total_bytes.saturating_sub(digests.hashed()).min(HASHED_AT_ONCE);
            let length = usize::try_from(rest).unwrap_or(usize::MAX);
            let bytes = self.source.read(digests.hashed(), length)?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            digests.update(&bytes);
        }
        Ok(())
    }

    /// The SHA-256 of the first `length` bytes; `None` if there are fewer, or none is ever hashed.
    ///
    /// What was sent out of order was not hashed on the way and is read for this.
    pub(crate) fn prefix(&self, length: u64) -> io::Result<Option<Sha256>> {
        let digests = self.lock().filter(|_| length <= self.total_bytes());
        let nearest = digests.and_then(|digests| digests.nearest(length.min(digests.hashed())));
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
        let total_bytes = self.total_bytes();
        let digests = self.lock().filter(|digests| digests.hashed() == total_bytes)?;
        Some(PayloadDigest { size: total_bytes, sha256: digests.digest() })
    }

    fn borders(&self) -> MutexGuard<'_, Borders> {
        self.borders.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(payload.prefix(6).unwrap(), Some(Sha256::of(b"abcdef")), "sent out of order");
        assert_eq!((payload.prefix(8).unwrap(), payload.digest()), (None, None));
        payload.chunk(2).unwrap();
        payload.chunk(1).unwrap();
        payload.chunk(3).unwrap();
        assert_eq!(payload.digest().unwrap().sha256, Sha256::of(b"abcdefg"));
        let unread = self::payload(3);
        unread.hash().unwrap();
        assert_eq!(unread.digest(), payload.digest());
    }

    #[test]
    fn a_payload_grows_and_what_was_sent_stays() {
        let payload = Payload::new(Box::new(GrowingBytes::default()), 3, None, true);
        let chunks = || (1..).map(|seq| payload.chunk(seq).unwrap());
        let all = || chunks().take_while(|bytes| !bytes.is_empty()).collect::<Vec<_>>();
        assert_eq!((payload.total_chunks(), payload.flush()), (0, false));
        payload.grow(b"ab").unwrap();
        assert_eq!((all(), payload.available(Instant::now())), (vec![], (0, None)));
        assert!(payload.flush());
        payload.grow(b"cdefg").unwrap();
        assert_eq!(all(), ["ab", "cde"]);
        assert_eq!((payload.border(3), payload.border(4)), (Some(5), None));
        assert_eq!(payload.prefix(5).unwrap(), Some(Sha256::of(b"abcde")));
        payload.grow(b"hi").unwrap();
        payload.flush();
        assert_eq!(all(), ["ab", "cde", "fgh", "i"]);
        assert_eq!((payload.total_chunks(), payload.chunks_within(5)), (4, 2));
        assert_eq!(payload.digest().unwrap().sha256, Sha256::of(b"abcdefghi"));
        assert_eq!((payload.digest().unwrap().size, payload.held_bytes()), (9, 9));
        let whole = self::payload(3);
        assert_eq!(whole.grow(b"h").unwrap_err().kind(), io::ErrorKind::Unsupported);
        assert_eq!(whole.total_bytes(), 7);
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
