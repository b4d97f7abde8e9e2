//! What happens to one connection from its beginning to its end.

use std::time::Duration;

use fastrand::Rng;

use super::fault::{End, Fault, Spot};
use super::link::Shape;

/// What a proxy does to a connection. Nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What happens, and where.
    pub faults: Vec<(Spot, Fault)>,
    /// The most that a frame of a message for the client holds, in bytes; longer messages are cut
    /// into fragments.
    pub fragment_bytes: Option<usize>,
    /// The most that is written at once, each way, in bytes. The head of the upgrade goes as it
    /// comes: the library refuses one of many small pieces.
    pub write_bytes: Option<usize>,
    /// How slow the line is.
    pub shape: Option<Shape>,
}

impl Plan {
    /// One thing that happens.
    pub fn of(spot: Spot, fault: Fault) -> Self {
        Self { faults: vec![(spot, fault)], ..Self::default() }
    }

    /// Messages for the client in fragments of so many bytes.
    pub fn fragments(bytes: usize) -> Self {
        Self { fragment_bytes: Some(bytes), ..Self::default() }
    }

    /// Everything in writes of so many bytes.
    pub fn writes(bytes: usize) -> Self {
        Self { write_bytes: Some(bytes), ..Self::default() }
    }

    /// A line that takes its time.
    pub fn slow(round_trip: Duration, bits_per_second: Option<u64>) -> Self {
        Self { shape: Some(Shape { round_trip, bits_per_second }), ..Self::default() }
    }

    /// A mixture of what a client that resumes gets over: ends, stalls, pauses, damaged chunks,
    /// fragments, small writes and slow lines, between the bytes `first` and `last` for the client.
    /// One in five has no end before its time.
    pub fn random(rng: &mut Rng, first: u64, last: u64) -> Self {
        let mut plan = Self::default();
        if rng.u8(..100) < 15 {
            plan.fragment_bytes = Some(rng.usize(1..4_000));
        }
        if rng.u8(..100) < 15 {
            plan.write_bytes = Some(rng.usize(1..3_000));
        }
        if rng.u8(..100) < 15 {
            let round_trip = Duration::from_millis(rng.u64(0..30));
            plan.shape =
                Some(Shape { round_trip, bits_per_second: Some(rng.u64(4..200) * 1_000_000) });
        }
        if rng.u8(..100) < 10 {
            let pause = Fault::Pause(Duration::from_millis(rng.u64(1..200)));
            plan.faults.push((Spot::bytes_down(between(rng, first, last)), pause));
        }
        if rng.u8(..100) < 20 {
            let spot = Spot::chunk(rng.u64(1..12), rng.u64(..1 << 20));
            plan.faults.push((spot, Fault::Flip(rng.u8(..8))));
        }
        let down = Spot::bytes_down(between(rng, first, last));
        let up = Spot::bytes_up(rng.u64(250..5_000));
        plan.faults.extend(match rng.u8(..10) {
            0..=2 => Some((down, Fault::Cut(End::Fin))),
            3..=4 => Some((down, Fault::Cut(End::Rst))),
            5 => Some((up, Fault::Cut(if rng.bool() { End::Fin } else { End::Rst }))),
            6 => Some((down, if rng.bool() { Fault::Stall } else { Fault::StallBoth })),
            7 => Some((up, if rng.bool() { Fault::Stall } else { Fault::StallBoth })),
            _ => None,
        });
        plan
    }
}

/// A place between two, each power of two as likely as another.
fn between(rng: &mut Rng, first: u64, last: u64) -> u64 {
    let doublings = rng.u32(..=(last / first).max(1).ilog2());
    let from = first << doublings;
    rng.u64(from..(2 * from).min(last).max(from + 1))
}

/// A connection that is cut there, with what was sent before arriving.
impl From<Spot> for Plan {
    fn from(spot: Spot) -> Self {
        Self::of(spot, Fault::Cut(End::Fin))
    }
}
