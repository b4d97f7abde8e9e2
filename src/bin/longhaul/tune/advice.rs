//! Which size to use, and why.
//!
//! A size is recommended in place of the default only if the difference is hardly chance: the slowest
//! of its runs was faster than the fastest of the default's, by more than a twentieth in the middle,
//! and by more than the default's own times differ from each other, in runs long enough to tell. Of
//! those, the one that holds least among those as fast as the fastest.

use super::report::size;
use super::run::{Size, median};

/// A difference that nobody would notice, as a share.
const NOTICEABLE: f64 = 0.05;
/// Rounds below which nothing can be told from chance.
const LEAST_ROUNDS: usize = 3;

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Advice {
    /// The size to use, in decoded bytes; `None` where there is nothing to choose.
    pub(super) chunk_bytes: Option<u64>,
    /// Whether another size than the default was found to be better.
    pub(super) is_change: bool,
    pub(super) reason: String,
    /// What the server did otherwise than it was asked.
    pub(super) ignored: Option<String>,
}

impl Advice {
    /// There is nothing to choose.
    pub(super) fn untunable(reason: &str) -> Self {
        Self { chunk_bytes: None, is_change: false, reason: reason.to_owned(), ignored: None }
    }

    /// By what every size came to, in the same rounds.
    pub(super) fn new(sizes: &[Size], default: u64) -> Self {
        let ignored = ignored(sizes);
        let keep = |reason: String| Self {
            chunk_bytes: Some(default),
            is_change: false,
            reason,
            ignored: ignored.clone(),
        };
        let Some(reference) = sizes.iter().find(|size| size.asked == default) else {
            return keep("the default was not measured".to_owned());
        };
        if reference.runs.len() < LEAST_ROUNDS {
            return keep(format!("fewer than {LEAST_ROUNDS} rounds say nothing of what is chance"));
        }
        if have_same_chunks(sizes) {
            return keep(
                "the chunks were the same whatever was asked; the default stays".to_owned(),
            );
        }
        let scatter = scatter(reference);
        let gains = |size: &Size| {
            let pairs = reference.seconds().zip(size.seconds());
            pairs.map(|(before, now)| before / now.max(1e-9) - 1.0).collect::<Vec<_>>()
        };
        let gain = |size: &Size| median(gains(size).into_iter());
        let fastest = reference.seconds().fold(f64::MAX, f64::min);
        let is_better = |size: &&Size| {
            let slowest = size.seconds().fold(0.0, f64::max);
            slowest < fastest && gain(size) > NOTICEABLE.max(scatter)
        };
        let better: Vec<_> = sizes.iter().filter(is_better).collect();
        let most = better.iter().map(|size| gain(size)).fold(0.0, f64::max);
        let as_fast = better.into_iter().filter(|size| gain(size) >= most - NOTICEABLE);
        match as_fast.min_by_key(|size| size.asked) {
            Some(best) => Self {
                chunk_bytes: Some(best.asked),
                is_change: true,
                reason: format!(
                    "each of its {1} runs was faster than any with {0}, by {2:.0} % in the median, while \
                     the times of {0} itself differ by {3:.0} %",
                    size(default),
                    best.runs.len(),
                    gain(best) * 100.0,
                    scatter * 100.0
                ),
                ignored,
            },
            None => keep(format!(
                "no other size was faster in all its runs, and by more than the times of {} itself \
                 differ, which is {:.0} %",
                size(default),
                scatter * 100.0
            )),
        }
    }
}

/// How far the times of one size differ, as a share of the middle: what chance does. Of five or
/// more, the least and the most are left out, or more rounds would only find more of a hiccup.
fn scatter(size: &Size) -> f64 {
    let mut seconds: Vec<_> = size.seconds().collect();
    seconds.sort_by(f64::total_cmp);
    let usual = match seconds.as_slice() {
        [_, usual @ .., _] if usual.len() >= 3 => usual,
        all => all,
    };
    let spread = usual.last().zip(usual.first()).map_or(0.0, |(most, least)| most - least);
    spread / median(size.seconds()).max(1e-9)
}

/// Whether what came was cut alike for all sizes, so that no difference is theirs.
fn have_same_chunks(sizes: &[Size]) -> bool {
    let mut largest = sizes.iter().map(Size::largest);
    let first = largest.next();
    sizes.len() > 1 && largest.all(|bytes| Some(bytes) == first)
}

/// Which of the sizes the server did not keep to.
fn ignored(sizes: &[Size]) -> Option<String> {
    let exceeded: Vec<_> = sizes.iter().filter(|size| size.largest() > size.asked).collect();
    let worst = exceeded.iter().min_by_key(|size| size.asked)?;
    Some(format!(
        "the server does not keep to the chunk size: asked for {}, it sent chunks of {}",
        size(worst.asked),
        size(worst.largest())
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::run::Run;
    use super::*;

    const KIB: u64 = 1 << 10;

    /// A size whose runs took so many milliseconds, with chunks as asked.
    fn took(kib: u64, ms: &[u64]) -> Size {
        came(kib, kib * KIB, ms)
    }

    fn came(kib: u64, largest: u64, ms: &[u64]) -> Size {
        let mut size = Size::new(kib * KIB, Some(8));
        size.runs = ms
            .iter()
            .map(|ms| Run {
                bytes: 32 << 20,
                chunks: 10,
                largest,
                is_stream: true,
                first_byte: Duration::from_millis(1),
                elapsed: Duration::from_millis(*ms),
                processor: None,
                was_held_up: false,
            })
            .collect();
        size
    }

    fn chosen(sizes: &[Size]) -> (Option<u64>, bool) {
        let advice = Advice::new(sizes, 768 * KIB);
        (advice.chunk_bytes.map(|bytes| bytes / KIB), advice.is_change)
    }

    #[test]
    fn a_clear_difference_is_taken() {
        let sizes =
            [took(64, &[900, 910, 905]), took(768, &[500, 505, 502]), took(2048, &[300, 310, 305])];
        assert_eq!(chosen(&sizes), (Some(2048), true));
    }

    #[test]
    fn of_sizes_as_fast_the_smaller_is_taken() {
        let sizes = [
            took(768, &[500, 505, 502]),
            took(2048, &[301, 310, 305]),
            took(5120, &[300, 305, 303]),
        ];
        assert_eq!(chosen(&sizes), (Some(2048), true));
    }

    #[test]
    fn what_may_be_chance_changes_nothing() {
        for other in [
            // Not in every run, a little, and less than the default's own scatter.
            &[300, 310, 501][..],
            &[490, 495, 492],
            &[500, 505, 502],
        ] {
            assert_eq!(
                chosen(&[took(768, &[500, 505, 502]), took(2048, other)]),
                (Some(768), false),
                "{other:?}"
            );
        }
        let noisy = [took(768, &[400, 800, 500]), took(2048, &[300, 500, 400])];
        assert_eq!(chosen(&noisy), (Some(768), false));
    }

    #[test]
    fn few_rounds_change_nothing() {
        let sizes = [took(768, &[500, 500]), took(2048, &[100, 100])];
        assert_eq!(chosen(&sizes), (Some(768), false));
    }

    #[test]
    fn a_server_that_cuts_as_it_likes_is_told_of() {
        let sizes =
            [came(64, 5_000_000, &[900, 900, 900]), came(768, 5_000_000, &[1000, 1000, 1000])];
        let advice = Advice::new(&sizes, 768 * KIB);
        assert!(advice.ignored.is_some() && !advice.is_change);
        assert_eq!(Advice::new(&[took(768, &[5, 5, 5])], 768 * KIB).ignored, None);
    }
}
