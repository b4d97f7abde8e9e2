//! One schedule, wholly from its seed.

use std::time::Duration;

use bytes::Bytes;

use super::super::halves::{Offer, Order, Wishes, Work, WorkStep, payload_bytes};
use super::super::{Loss, Retention};
use super::faults::{Fault, FaultKind};
use crate::client::Retries;
use crate::proto::{Feature, Features, Limits};

/// Everything that is fixed before a run begins.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) offer: Offer,
    pub(super) callers: Vec<CallerPlan>,
    pub(super) faults: Vec<Fault>,
}

/// One caller, its transfer, and what the server does for it.
#[derive(Clone, Debug)]
pub(super) struct CallerPlan {
    pub(super) wishes: Wishes,
    pub(super) work: Work,
    /// When it begins, after the start.
    pub(super) begins: Duration,
    /// How long it waits for its result.
    pub(super) deadline: Option<Duration>,
}

const MILLI: Duration = Duration::from_millis(1);

/// From this seed on, up to the next that begins with another byte, schedules are of
/// [answers that go astray](Plan::send_astray).
pub(super) const ASTRAY: u64 = 0xa5 << 56;

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut plan = Self::drawn(seed);
        if seed >> 56 == ASTRAY >> 56 {
            plan.send_astray();
        }
        plan
    }

    /// Every second caller asks for a single answer, and all that goes wrong are bits of texts.
    fn send_astray(&mut self) {
        for caller in self.callers.iter_mut().step_by(2) {
            caller.wishes.is_stream = false;
        }
        for fault in &mut self.faults {
            fault.kind = FaultKind::FlipText;
        }
    }

    fn drawn(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let offer = offer(&mut random);
        let count = random.u8(8..=16);
        let callers: Vec<_> = (0..count).map(|number| caller(number, &mut random)).collect();
        let events: u64 = callers.iter().map(CallerPlan::likely_events).sum();
        let faults = match random.u8(..10) {
            0 => 0,
            1..4 => random.usize(1..4),
            _ => random.usize(3..20),
        };
        let faults = (0..faults).map(|_| fault(events, &mut random)).collect();
        Self { seed, offer, callers, faults }
    }

    /// The same schedule with only these of its faults.
    pub(super) fn with_faults(&self, faults: Vec<Fault>) -> Self {
        Self { faults, ..self.clone() }
    }

    /// The same schedule without this caller.
    pub(super) fn without_caller(&self, number: usize) -> Self {
        let mut plan = self.clone();
        plan.callers[number].begins = Duration::MAX;
        plan
    }
}

impl CallerPlan {
    pub(super) fn takes_part(&self) -> bool {
        self.begins != Duration::MAX
    }

    fn likely_events(&self) -> u64 {
        let chunks = self.work.payloads[0].len() as u64 / self.wishes.chunk_bytes.max(1);
        10 + chunks * 3
    }
}

fn fault(events: u64, random: &mut fastrand::Rng) -> Fault {
    let kind = FaultKind::ALL[random.usize(..FaultKind::ALL.len())];
    let at = usize::try_from(random.u64(..events.max(1))).unwrap();
    Fault { at, kind, salt: random.u64(..) }
}

fn offer(random: &mut fastrand::Rng) -> Offer {
    let features = match random.u8(..20) {
        0..3 => None,
        3..12 => Some(Features::BUILT),
        12 => Some(some_features(random)),
        _ => {
            let some = some_features(random);
            let is_there =
                |feature: &Feature| *feature == Feature::Stream || some.contains(*feature);
            Some(Feature::ALL.into_iter().filter(is_there).collect())
        }
    };
    let ttl = *pick(random, &[50, 1_000, 30_000, 600_000, 600_000]);
    let max_operations = *pick(random, &[0, 1, 4, 100, 100, 100, 100]);
    let max_bytes = *pick(random, &[3_000, 1 << 20, 1 << 20, 1 << 20]);
    let ttl = Duration::from_millis(ttl);
    let loss = match random.u8(..10) {
        0 => Loss::Forgotten,
        1 => Loss::Renamed,
        _ => Loss::Kept,
    };
    Offer { features, retention: Retention { ttl, max_bytes, max_operations }, loss }
}

fn some_features(random: &mut fastrand::Rng) -> Features {
    Feature::ALL.into_iter().filter(|_| random.u8(..3) > 0).collect()
}

fn caller(number: u8, random: &mut fastrand::Rng) -> CallerPlan {
    let is_stream = random.u8(..10) > 0;
    let chunk_bytes = *pick(random, &[1, 7, 64, 300, 300, 1_000, 1_000, 4_096]);
    let window = *pick(random, &[1, 2, 3, 8, 8, 16]);
    let work = work(number, chunk_bytes, random);
    let features = if random.u8(..3) > 0 { Features::BUILT } else { some_features(random) };
    let mut limits = Limits {
        max_parked_bytes: 1 << 20,
        remembered_chunks: *pick(random, &[1, 4, 65_536]),
        ..Limits::default()
    };
    if random.u8(..3) == 0 {
        let most = window * (chunk_bytes + 256);
        limits.max_parked_bytes = usize::try_from(most).unwrap();
    }
    let idle_limit = *pick(random, &[Some(5), Some(60), Some(600), None]);
    let idle_limit = idle_limit.map(Duration::from_secs);
    let has_deadline = idle_limit.is_none() || random.u8(..3) == 0;
    let deadline = *pick(random, &[1, 20, 300, 3_600]);
    let wishes = Wishes {
        number,
        is_stream,
        features,
        window,
        chunk_bytes,
        limits,
        idle_limit,
        is_repeatable: random.bool(),
        gives_out: random.u8(..3) == 0,
        lag: 0,
        retries: Retries::default(),
        pause: None,
    };
    let begins = if random.u8(..3) == 0 { MILLI * random.u32(..200) } else { Duration::ZERO };
    let deadline = has_deadline.then_some(Duration::from_secs(deadline));
    CallerPlan { wishes, work, begins, deadline }
}

fn work(number: u8, chunk_bytes: u64, random: &mut fastrand::Rng) -> Work {
    let chunk = usize::try_from(chunk_bytes).unwrap();
    let most_chunks = match random.u8(..8) {
        0 => 60,
        1..4 => 12,
        _ => 4,
    };
    let length = match random.u8(..8) {
        0 => 0,
        // Around the borders of chunks.
        1..5 => (random.usize(..=most_chunks) * chunk + random.usize(..3)).saturating_sub(1),
        _ => random.usize(..=most_chunks * chunk),
    };
    let is_records = random.u8(..5) == 0;
    let seed = random.u64(..);
    let payloads = [0, 1].map(|run| {
        let length = length.saturating_sub(run * (random.usize(..3)));
        if is_records {
            records(length, seed ^ run as u64)
        } else {
            payload_bytes(length, seed ^ run as u64)
        }
    });
    let plan = course(number, length, is_records, random);
    let pace =
        (!is_records && random.u8(..5) == 0).then(|| MILLI * *pick(random, &[1, 5, 40, 200]));
    let chunk_bytes = if random.u8(..6) == 0 { chunk_bytes / 2 + 1 } else { chunk_bytes };
    Work { payloads, plan, pace, chunk_bytes, order: Order::Straight }
}

/// One JSON value a line.
fn records(length: usize, seed: u64) -> Bytes {
    let lines = (0..).flat_map(|n| format!("{{\"n\":{n},\"s\":{seed}}}\n").into_bytes());
    lines.take(length).collect()
}

fn course(
    number: u8,
    length: usize,
    is_records: bool,
    random: &mut fastrand::Rng,
) -> Vec<(Duration, WorkStep)> {
    let (mut plan, mut at) = (Vec::new(), Duration::ZERO);
    let mut later = |random: &mut fastrand::Rng| {
        at += MILLI
            * match random.u8(..40) {
                0 => random.u32(..20_000),
                1 => random.u32(..700_000),
                2..10 => random.u32(..400),
                _ => random.u32(..10),
            };
        at
    };
    for n in 0..random.u64(..6) {
        let at = later(random);
        plan.push((at, WorkStep::Progress(n)));
        if random.u8(..4) == 0 {
            plan.push((at, WorkStep::Warning(u64::from(number) * 100 + n)));
        }
        if is_records {
            plan.push((later(random), WorkStep::Grow(random.usize(..=length / 3 + 1))));
        }
    }
    let last = if random.u8(..15) == 0 { WorkStep::Fail } else { WorkStep::Finish };
    plan.push((later(random), last));
    plan
}

fn pick<'a, T>(random: &mut fastrand::Rng, choices: &'a [T]) -> &'a T {
    &choices[random.usize(..choices.len())]
}
