use std::collections::{BTreeSet, VecDeque};

use super::*;

const LEN: usize = 100_000;

fn fill(pool: &mut BufferPool, len: usize) -> Bytes {
    let mut buffer = pool.lend(len);
    assert!(buffer.is_empty() && buffer.capacity() >= len);
    buffer.put(&vec![7; len]);
    pool.hand_out(buffer)
}

fn resting(pool: &BufferPool) -> (usize, usize) {
    let shelf = lock(&pool.0);
    (shelf.resting.len(), shelf.bytes)
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
    read.clear();
    assert_eq!(resting(&pool).0, 5);
}

#[test]
fn what_is_read_is_not_written_over() {
    let mut pool = BufferPool::default();
    let read: Vec<_> = (0..200_u8)
        .map(|byte| {
            let mut buffer = pool.lend(LEN);
            buffer.put(&vec![byte; LEN]);
            pool.hand_out(buffer)
        })
        .collect();
    for (byte, bytes) in (0..).zip(&read) {
        assert!(bytes.iter().all(|it| *it == byte));
    }
    drop(read);
    assert_eq!(resting(&pool).0, MAX_BUFFERS);
}

#[test]
fn it_is_bounded_in_bytes() {
    let mut pool = BufferPool::default();
    let read: Vec<_> = (0..20).map(|_| fill(&mut pool, MAX_BUFFER_BYTES)).collect();
    drop(read);
    assert_eq!(resting(&pool).1, MAX_POOL_BYTES);
    // None of those fits, so few of them stay.
    let small = fill(&mut pool, LEN);
    assert!(resting(&pool).1 <= MAX_UNFIT_BYTES);
    let larger = fill(&mut pool, MAX_BUFFER_BYTES + 1);
    assert_eq!(larger.len(), MAX_BUFFER_BYTES + 1);
    drop((small, larger));
    assert_eq!(resting(&pool), (1, rounded(LEN)));
}

#[test]
fn readers_outlive_their_pool() {
    let mut pool = BufferPool::default();
    let bytes = fill(&mut pool, LEN);
    drop(pool);
    assert!(bytes.iter().all(|it| *it == 7));
}

#[test]
fn what_is_short_does_not_hold_what_is_long() {
    let mut pool = BufferPool::default();
    let mut buffer = pool.lend(LEN);
    buffer.put(&[7; 10]);
    let short = pool.hand_out(buffer);
    assert_eq!(&short[..], [7; 10]);
    let place = pool.lend(LEN).memory.as_ptr();
    assert!(!short.as_ptr_range().contains(&place));
    assert_eq!(resting(&pool).0, 0, "what was kept is lent");
    // Nor is a long one lent for little.
    let mut pool = BufferPool::default();
    fill(&mut pool, LEN);
    assert!(pool.lend(LEN / 4).capacity() < LEN / 2);
}

#[test]
fn a_buffer_grows_with_what_is_in_it() {
    let mut pool = BufferPool::default();
    for end in [100, LEN, MAX_BUFFER_BYTES, 3 * MAX_BUFFER_BYTES] {
        let (mut buffer, mut sizes) = (Buffer::default(), BTreeSet::new());
        while buffer.len() < end {
            pool.make_room(&mut buffer, 1, end);
            let room = buffer.room();
            room.fill(7);
            let len = room.len();
            buffer.advance(len);
            sizes.insert(buffer.capacity());
        }
        assert!(buffer.iter().all(|it| *it == 7));
        assert!(sizes.len() <= 1 + end / MAX_BUFFER_BYTES, "{end}: {sizes:?}");
    }
}

#[test]
fn what_was_not_used_for_long_is_freed() {
    let mut pool = BufferPool::default();
    let both = [fill(&mut pool, LEN), fill(&mut pool, LEN)];
    drop(both);
    pool.trim();
    fill(&mut pool, LEN);
    pool.trim();
    assert_eq!(resting(&pool), (1, rounded(LEN)));
    pool.trim();
    assert_eq!(resting(&pool), (0, 0));
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
