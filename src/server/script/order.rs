//! The order of chunks.

use std::ops::RangeInclusive;

/// The order that chunks are sent in; with `credit`, those that one grant allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// First to last.
    #[default]
    InOrder,
    /// Last to first.
    Reversed,
    /// Mixed; the same seed and number of chunks give the same order everywhere.
    Shuffled(u64),
}

impl Order {
    /// These chunks in this order.
    pub(super) fn sequence(
        self,
        chunks: RangeInclusive<u64>,
    ) -> Box<dyn Iterator<Item = u64> + Send> {
        match self {
            Self::InOrder => Box::new(chunks),
            Self::Reversed => Box::new(chunks.rev()),
            Self::Shuffled(seed) => Box::new(shuffled(chunks, seed).into_iter()),
        }
    }
}

/// Fisher and Yates' shuffle.
fn shuffled(chunks: RangeInclusive<u64>, seed: u64) -> Vec<u64> {
    let mut chunks: Vec<u64> = chunks.collect();
    let mut numbers = SplitMix(seed);
    for last in (1..chunks.len()).rev() {
        let choices = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        let chosen = numbers.next().checked_rem(choices).unwrap_or(0);
        chunks.swap(last, usize::try_from(chosen).unwrap_or(last));
    }
    chunks
}

/// The generator splitmix64: small, and the same on every machine.
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(order: Order, count: u64) -> Vec<u64> {
        order.sequence(1..=count).collect()
    }

    #[test]
    fn orders_hold_every_chunk_once() {
        assert_eq!(sequence(Order::InOrder, 3), [1, 2, 3]);
        assert_eq!(sequence(Order::Reversed, 3), [3, 2, 1]);
        for count in [0, 1, 2, 100] {
            let mut shuffled = sequence(Order::Shuffled(7), count);
            shuffled.sort_unstable();
            assert_eq!(shuffled, sequence(Order::InOrder, count));
        }
    }

    #[test]
    fn a_seed_always_gives_the_same_order() {
        let order = sequence(Order::Shuffled(7), 20);
        assert_eq!(order, sequence(Order::Shuffled(7), 20));
        assert_ne!(order, sequence(Order::Shuffled(8), 20));
        assert_ne!(order, sequence(Order::InOrder, 20));
        // The first number that the published generator gives for seed 0.
        assert_eq!(SplitMix(0).next(), 0xe220_a839_7b1d_cdaf);
    }
}
