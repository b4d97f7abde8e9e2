//! A cut after every byte, in both directions.
//!
//! What follows a cut depends on nothing but the state of the pair, so a state that was met before
//! is not followed a second time. Since a part of a message is no message, all cuts within one lead
//! to one state; [`FOLLOWED`] of them are followed anyway, wherever they fall.

use std::collections::HashSet;

use super::setup::{Order, Setup};
use super::{FATES, Pair, WAYS, Way, at_every_arrival};
use crate::proto::Feature;

/// Every so many cuts a run is followed to its end, whether its state was met before or not.
const FOLLOWED: usize = if cfg!(debug_assertions) { 997 } else { 101 };

/// Without optimization only every so many bytes are cut at, but for the first and last bytes of
/// each message, and all of the first and last messages.
const STRIDE: usize = if cfg!(debug_assertions) { 13 } else { 1 };

/// Cuts a run after every byte and follows each to its end. Gives the bytes of the run both ways.
fn cut_everywhere(setup: Setup) -> [usize; 2] {
    let base = Pair::new(setup);
    let messages = count(&base);
    let (mut met, mut cuts) = (HashSet::new(), 0_usize);
    let (mut bytes, mut passed) = ([0; 2], [0; 2]);
    at_every_arrival(base, |base, way| {
        let mut base = base.clone();
        let length = base.pipe(way).next_length();
        bytes[way as usize] += length;
        let is_outer =
            passed[way as usize] < 3 || passed[way as usize] + 3 >= messages[way as usize];
        passed[way as usize] += 1;
        for count in 0..length {
            if !is_outer && count > 3 && count + 1 < length && count % STRIDE != 0 {
                continue;
            }
            for fate in FATES {
                let mut run = base.clone();
                run.cut(way, count, fate);
                cuts += 1;
                if met.insert((run.taken, run.now, fate)) || cuts % FOLLOWED == 0 {
                    run.finish_whole(1);
                }
            }
        }
    });
    bytes
}

/// How many messages a run has each way.
fn count(base: &Pair) -> [usize; 2] {
    let mut messages = [0; 2];
    at_every_arrival(base.clone(), |_, way| messages[way as usize] += 1);
    messages
}

fn check(setup: Setup) {
    assert!(setup.chunks() > 50);
    let bytes = cut_everywhere(setup);
    assert!(bytes[Way::Down as usize] >= 200_000, "{bytes:?}");
    assert!(WAYS.iter().all(|way| bytes[*way as usize] > 0));
}

#[test]
fn a_cut_at_any_byte_loses_nothing_with_a_window_of_1() {
    check(Setup::large(1));
}

#[test]
fn a_cut_at_any_byte_loses_nothing_with_a_window_of_3() {
    check(Setup { lag: 1, ..Setup::large(3) });
}

#[test]
fn a_cut_at_any_byte_loses_nothing_with_a_window_of_8() {
    check(Setup { lag: 3, uplink_lag: 5, ..Setup::large(8) });
}

#[test]
fn a_cut_at_any_byte_loses_nothing_between_progress_and_warnings() {
    for window in [1, 3, 8] {
        check(Setup::large(window).chatty());
    }
}

#[test]
fn a_cut_at_any_byte_loses_nothing_of_chunks_in_another_order() {
    check(Setup { order: Order::Reversed, ..Setup::large(8) });
}

#[test]
fn a_cut_at_any_byte_loses_nothing_of_what_is_still_made() {
    let pace = Some(std::time::Duration::from_millis(7));
    check(Setup { pace, ..Setup::large(3) });
}

#[test]
fn a_cut_at_any_byte_loses_nothing_without_credit() {
    check(Setup::large(1).without(Feature::Credit));
}
