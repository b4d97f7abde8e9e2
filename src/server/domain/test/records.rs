//! Records that anyone can compute.

use std::io;

use bytes::Bytes;

use crate::server::core::Source;

/// The most records there can be, so that their length stays a number of 64 bits.
const MAX_COUNT: u64 = 100_000_000_000_000_000;
/// What stands around the number of a record: `{"n":` and `}` with a line feed.
const AROUND: u64 = 7;

/// The lines `{"n":1}`, `{"n":2}` and so on, each with a line feed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records {
    count: u64,
}

/// The records whose numbers have the same number of digits, and so the same length.
struct Group {
    /// The first number.
    first: u64,
    /// How many there are.
    count: u64,
    /// How long each line is, in bytes, never 0.
    line_bytes: u64,
}

impl Records {
    /// The first `count` records; `None` if there cannot be so many.
    pub(super) fn new(count: u64) -> Option<Self> {
        (count <= MAX_COUNT).then_some(Self { count })
    }

    fn groups(self) -> impl Iterator<Item = Group> {
        let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
        let firsts = powers.zip(1_u64..).take_while(move |(first, _)| *first <= self.count);
        firsts.map(move |(first, digits)| {
            let last = first.saturating_mul(10).saturating_sub(1).min(self.count);
            let count = last.saturating_sub(first).saturating_add(1);
            Group { first, count, line_bytes: digits.saturating_add(AROUND) }
        })
    }

    /// The record that stands at `offset`, and how much of its line stands before.
    fn locate(self, offset: u64) -> Option<(u64, u64)> {
        let mut rest = offset;
        for group in self.groups() {
            if let (Some(lines), Some(within)) =
                (rest.checked_div(group.line_bytes), rest.checked_rem(group.line_bytes))
                && lines < group.count
            {
                return Some((group.first.saturating_add(lines), within));
            }
            rest = rest.saturating_sub(group.total_bytes());
        }
        None
    }
}

impl Group {
    fn total_bytes(&self) -> u64 {
        self.count.saturating_mul(self.line_bytes)
    }
}

impl Source for Records {
    fn total_bytes(&self) -> u64 {
        self.groups().map(|group| group.total_bytes()).fold(0, u64::saturating_add)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        let Some((first, within)) = self.locate(offset) else { return Ok(Bytes::new()) };
        let before = usize::try_from(within).unwrap_or(usize::MAX);
        let wanted = before.saturating_add(length);
        let mut text = Vec::new();
        for number in first..=self.count {
            if text.len() >= wanted {
                break;
            }
            text.extend_from_slice(format!("{{\"n\":{number}}}\n").as_bytes());
        }
        let end = wanted.min(text.len());
        Ok(Bytes::from(text).slice(before.min(end)..end))
    }

    fn held_bytes(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_gives_the_same_bytes() {
        let lines: Vec<_> = (1..=1_203).map(|number| format!("{{\"n\":{number}}}\n")).collect();
        let whole = lines.concat();
        let records = Records::new(1_203).unwrap();
        assert_eq!(records.total_bytes(), whole.len() as u64);
        for offset in (0..whole.len()).step_by(5).chain([whole.len()]) {
            for length in [1, 8, 100] {
                let end = (offset + length).min(whole.len());
                assert_eq!(records.read(offset as u64, length).unwrap(), whole[offset..end]);
            }
        }
        assert_eq!(Records::new(0).unwrap().total_bytes(), 0);
        assert!(Records::new(MAX_COUNT).unwrap().total_bytes() > MAX_COUNT);
        assert!(Records::new(MAX_COUNT + 1).is_none());
    }
}
