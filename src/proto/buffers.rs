//! Memory that is used again once nobody reads what was in it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;

/// Up to here, in bytes, a buffer is made as long as what it is for and never kept: the allocator
/// is good at those.
pub const SMALL_BUFFER_BYTES: usize = 16 << 10;
/// The largest buffer that is kept, in bytes: 8 MiB, which a chunk of 5 MiB fits as base64.
pub const MAX_BUFFER_BYTES: usize = 8 << 20;
/// How many buffers that nobody reads are kept at most.
pub const MAX_BUFFERS: usize = 64;
/// How many bytes that nobody reads are kept at most: 16 MiB.
pub const MAX_POOL_BYTES: usize = 16 << 20;
/// How many bytes are kept where none of them fits what is needed: 4 MiB.
const MAX_UNFIT_BYTES: usize = 4 << 20;
/// Buffers come in sizes this many to an octave, so that what differs by little shares them.
const SIZES_AN_OCTAVE: usize = 16;

/// Buffers that take turns: what lies in one is its readers', and once they have dropped all of
/// it, the same memory is lent again.
///
/// Nothing is allocated for a message while its like have come before, so that a long payload
/// takes and scatters no more memory than a short one. Nor is anything cleared: a buffer may be
/// written into wherever it was written into before. Of those at rest, the one used last is lent
/// first, since the processor's cache may still hold it.
///
/// What rests is bounded by [`MAX_BUFFERS`] and [`MAX_POOL_BYTES`]; what does not fit in is freed.
/// A buffer that is lent is at most twice as large as what was asked for.
///
/// ```
/// use longhaul::proto::BufferPool;
///
/// let mut pool = BufferPool::default();
/// let mut places = std::collections::BTreeSet::new();
/// for len in 50_000..50_100 {
///     let mut buffer = pool.lend(len);
///     buffer.put(&vec![7; len]);
///     let bytes = pool.hand_out(buffer);
///     places.insert(bytes.as_ptr());
/// }
/// assert_eq!(places.len(), 1);
/// ```
///
/// A clone lends the same memory.
#[derive(Clone, Debug, Default)]
pub struct BufferPool(Arc<Mutex<Shelf>>);

/// Memory to be filled from its front.
#[derive(Default)]
pub struct Buffer {
    /// All of it may be written to; never longer than its first length.
    memory: Vec<u8>,
    filled: usize,
}

/// What rests.
#[derive(Debug, Default)]
struct Shelf {
    /// Those used last come last.
    resting: Vec<Resting>,
    /// What they have together.
    bytes: usize,
    /// How often it was trimmed.
    turn: u64,
}

struct Resting {
    memory: Vec<u8>,
    /// When it was used last.
    turn: u64,
}

/// A buffer that is read; its memory rests once it is dropped.
struct Read {
    memory: Vec<u8>,
    filled: usize,
    shelf: Weak<Mutex<Shelf>>,
}

impl Buffer {
    /// A buffer of its own for `len` bytes.
    pub fn with_capacity(len: usize) -> Self {
        Self { memory: vec![0; len], filled: 0 }
    }

    /// How many bytes it can hold.
    pub fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// The room behind what was filled; whatever lies there means nothing.
    pub fn room(&mut self) -> &mut [u8] {
        self.memory.get_mut(self.filled..).unwrap_or_default()
    }

    /// The next `len` bytes of its room have been filled.
    pub fn advance(&mut self, len: usize) {
        self.filled = self.filled.saturating_add(len).min(self.memory.len());
    }

    /// Appends as much of `bytes` as there is room for.
    pub fn put(&mut self, bytes: &[u8]) {
        let room = self.room();
        let len = bytes.len().min(room.len());
        if let (Some(room), Some(bytes)) = (room.get_mut(..len), bytes.get(..len)) {
            room.copy_from_slice(bytes);
        }
        self.advance(len);
    }

    /// What was filled, which takes all the memory there is as long as anybody reads it.
    pub fn into_bytes(mut self) -> Bytes {
        self.memory.truncate(self.filled);
        self.memory.into()
    }

    /// Forgets what lies behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.filled = self.filled.min(len);
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.memory.get(..self.filled).unwrap_or_default()
    }
}

/// Lengths alone: what it holds is no matter for a log.
impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.filled, self.memory.len())
    }
}

impl fmt::Debug for Resting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.memory.len())
    }
}

impl AsRef<[u8]> for Read {
    fn as_ref(&self) -> &[u8] {
        self.memory.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        if let Some(shelf) = self.shelf.upgrade() {
            lock(&shelf).keep(std::mem::take(&mut self.memory));
        }
    }
}

impl BufferPool {
    /// An empty buffer for `len` bytes, in one piece.
    pub fn lend(&mut self, len: usize) -> Buffer {
        if !(SMALL_BUFFER_BYTES..=MAX_BUFFER_BYTES).contains(&len) {
            return Buffer::with_capacity(len);
        }
        match lock(&self.0).take(len) {
            Some(memory) => Buffer { memory, filled: 0 },
            None => Buffer::with_capacity(rounded(len)),
        }
    }

    /// Sees to it that `buffer` has room for `least` bytes more, of what ends at `end` in all.
    ///
    /// All of it is set aside at once while that is 8 MiB at most, else what doubles the buffer.
    pub fn make_room(&mut self, buffer: &mut Buffer, least: usize, end: usize) {
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
            larger.put(buffer);
            self.take_back(std::mem::replace(buffer, larger));
        } else {
            buffer.memory.resize(wanted, 0);
        }
    }

    /// The bytes of a buffer, for any number of readers; it is lent again once they are done.
    pub fn hand_out(&mut self, buffer: Buffer) -> Bytes {
        let (len, capacity) = (buffer.len(), buffer.capacity());
        if len < capacity / 2 {
            // Whoever holds little does not hold much for it.
            let bytes = Bytes::copy_from_slice(&buffer);
            self.take_back(buffer);
            return bytes;
        }
        if !is_kept(capacity) {
            return buffer.into_bytes();
        }
        let Buffer { memory, filled } = buffer;
        Bytes::from_owner(Read { memory, filled, shelf: Arc::downgrade(&self.0) })
    }

    /// Takes a buffer back with nothing in it.
    pub fn take_back(&mut self, buffer: Buffer) {
        lock(&self.0).keep(buffer.memory);
    }

    /// Frees what nobody has asked for since the time before last.
    pub fn trim(&mut self) {
        let mut at_rest = lock(&self.0);
        at_rest.turn = at_rest.turn.saturating_add(1);
        let turn = at_rest.turn;
        at_rest.free(|resting| resting.turn.saturating_add(1) < turn);
    }
}

impl Shelf {
    /// Memory that fits, if any rests; else leaves little of what is of no use as it is.
    fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        let fits = |rest: &Resting| rest.memory.len() >= len && rest.memory.len() / 2 <= len;
        if let Some(index) = self.resting.iter().rposition(fits) {
            let memory = self.resting.remove(index).memory;
            self.bytes = self.bytes.saturating_sub(memory.len());
            return Some(memory);
        }
        let mut left = MAX_UNFIT_BYTES;
        self.free(|resting| match left.checked_sub(resting.memory.len()) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        None
    }

    fn keep(&mut self, memory: Vec<u8>) {
        let bytes = self.bytes.saturating_add(memory.len());
        if is_kept(memory.len()) && self.resting.len() < MAX_BUFFERS && bytes <= MAX_POOL_BYTES {
            self.bytes = bytes;
            self.resting.push(Resting { memory, turn: self.turn });
        }
    }

    /// Frees those that `is_surplus` says so of.
    fn free(&mut self, mut is_surplus: impl FnMut(&Resting) -> bool) {
        let bytes = &mut self.bytes;
        self.resting.retain(|resting| {
            let goes = is_surplus(resting);
            if goes {
                *bytes = bytes.saturating_sub(resting.memory.len());
            }
            !goes
        });
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether memory of that length is worth keeping.
fn is_kept(len: usize) -> bool {
    (SMALL_BUFFER_BYTES..=MAX_BUFFER_BYTES).contains(&len)
}

/// The size that a buffer for `len` bytes is made in.
fn rounded(len: usize) -> usize {
    let octave = len.checked_next_power_of_two().unwrap_or(len);
    let step = octave.checked_div(2 * SIZES_AN_OCTAVE).unwrap_or_default().max(1);
    len.checked_next_multiple_of(step).unwrap_or(len)
}

#[cfg(test)]
mod tests;
