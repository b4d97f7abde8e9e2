//! Two cuts, one after the other.

use super::setup::{Order, Setup};
use super::{FATES, Pair, at_every_arrival};

/// Cuts at every `spacing`-th border of a run, and then at every border of what follows.
fn cut_twice(setup: Setup, spacing: usize) {
    let mut borders = 0;
    at_every_arrival(Pair::new(setup), |base, way| {
        borders += 1;
        if borders % spacing != 0 {
            return;
        }
        for fate in FATES {
            let mut first = base.clone();
            first.cut(way, 0, fate);
            at_every_arrival(first, |base, way| {
                // Once the verdict is there, a cut changes nothing for the client.
                for fate in FATES {
                    let mut second = base.clone();
                    let half = second.pipe(way).next_length() / 2;
                    second.cut(way, half, fate);
                    second.finish_whole(2);
                }
            });
        }
    });
}

#[test]
fn two_cuts_lose_nothing_wherever_they_fall() {
    let spacing = if cfg!(debug_assertions) { 5 } else { 1 };
    for window in [1, 3, 8] {
        cut_twice(Setup::small(window).chatty(), spacing);
    }
    cut_twice(Setup { order: Order::Reversed, lag: 2, ..Setup::small(8) }, spacing);
}

#[test]
fn two_cuts_lose_nothing_of_a_large_payload() {
    let spacing = if cfg!(debug_assertions) { 67 } else { 31 };
    for window in [1, 3, 8] {
        cut_twice(Setup::large(window), spacing);
    }
}
