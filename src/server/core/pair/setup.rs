//! What a run is like: the payload, the terms, and how both sides behave.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::{Loss, Source};
use crate::proto::checksum::{Sha256, Sha256Hasher};
use crate::proto::{Feature, Features};

/// For how long the server keeps an operation that is alone.
pub(super) const TTL: Duration = Duration::from_mins(10);
/// How long the client waits before it connects again.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Everything that is fixed before a run begins.
#[derive(Clone)]
pub(super) struct Setup {
    /// When the clock starts.
    pub(super) start: Instant,
    pub(super) features: Features,
    pub(super) window: u64,
    pub(super) chunk_bytes: u64,
    /// What the first run of the operation gives, and what every later one does.
    pub(super) payloads: [Bytes; 2],
    /// What the operation does, and when.
    pub(super) plan: Vec<(Duration, Step)>,
    /// How long each chunk takes to be made.
    pub(super) pace: Option<Duration>,
    /// In which order chunks that may be sent go out.
    pub(super) order: Order,
    /// How many chunks the consumer leaves untaken while more can come.
    pub(super) lag: u64,
    /// How many messages come down before one goes up.
    pub(super) uplink_lag: u32,
    pub(super) idle_limit: Option<Duration>,
    pub(super) is_repeatable: bool,
    /// Whether the caller is given bytes as they come, and cannot forget them.
    pub(super) gives_out: bool,
    /// How long the client waits before it connects again.
    pub(super) pause: Duration,
    pub(super) ttl: Duration,
    /// What a lost connection does on the server.
    pub(super) loss: Loss,
    /// What becomes of each frame of the server before it is sent, if anything.
    pub(super) tamper: Option<fn(String) -> String>,
}

/// Something an operation does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Progress(u64),
    Warning(u64),
    /// The payload is there.
    Finish,
    Fail,
}

/// How chunks go out that may be sent together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Straight,
    Reversed,
    /// Each twice, in a row.
    Doubled,
}

impl Setup {
    /// Some 160,000 bytes in 54 chunks, which is a transcript of more than 200,000 bytes.
    pub(super) fn large(window: u64) -> Self {
        Self::of(160_000, 3_000, window)
    }

    /// The same life in fewer bytes.
    pub(super) fn small(window: u64) -> Self {
        Self::of(1_190, 100, window)
    }

    fn of(payload_bytes: usize, chunk_bytes: u64, window: u64) -> Self {
        Self {
            start: Instant::now(),
            // Chunks as text: what is cut is told from frames, not from their form.
            features: Features::BUILT.without(Feature::Binary),
            window,
            chunk_bytes,
            payloads: [bytes(payload_bytes, 1), bytes(payload_bytes, 2)],
            plan: vec![(Duration::from_millis(3), Step::Finish)],
            pace: None,
            order: Order::Straight,
            lag: 0,
            uplink_lag: 2,
            idle_limit: Some(Duration::from_mins(1)),
            is_repeatable: true,
            gives_out: false,
            pause: PAUSE,
            ttl: TTL,
            loss: Loss::Kept,
            tamper: None,
        }
    }

    /// With progress and warnings, before the chunks and between them.
    pub(super) fn chatty(mut self) -> Self {
        let talk = (0..60).map(|n| {
            let step = if n % 3 == 2 { Step::Warning(n) } else { Step::Progress(n) };
            (Duration::from_millis(1 + 2 * n), step)
        });
        self.plan.extend(talk);
        self.plan.sort_by_key(|(at, _)| *at);
        self
    }

    pub(super) fn without(mut self, feature: Feature) -> Self {
        self.features = self.features.without(feature);
        self
    }

    pub(super) fn chunks(&self) -> u64 {
        self.payloads[0].total_bytes().div_ceil(self.chunk_bytes)
    }

    pub(super) fn shared(self) -> Rc<Self> {
        Rc::new(self)
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "window {}, lag {}, {:?}", self.window, self.lag, self.order)
    }
}

/// Bytes that no other place of a payload has in a row.
fn bytes(length: usize, seed: u64) -> Bytes {
    let mut state = seed;
    let next = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

/// A payload that does not show itself.
pub(super) struct Hidden(pub(super) Bytes);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

impl Source for Hidden {
    fn total_bytes(&self) -> u64 {
        self.0.total_bytes()
    }

    fn read(&self, offset: u64, length: usize) -> std::io::Result<Bytes> {
        self.0.read(offset, length)
    }

    fn held_bytes(&self) -> u64 {
        self.0.held_bytes()
    }
}

/// What the client has of the payload: compared byte by byte as it comes, and hashed.
#[derive(Clone, Debug, Default)]
pub(super) struct Received {
    length: usize,
    hasher: Sha256Hasher,
    /// Whether some byte is another than in the payload of the first run, and of a later one.
    differs: [bool; 2],
}

impl Received {
    pub(super) fn push(&mut self, bytes: &[u8], setup: &Setup) {
        let end = self.length + bytes.len();
        for (differs, payload) in self.differs.iter_mut().zip(&setup.payloads) {
            *differs |= payload.get(self.length..end) != Some(bytes);
        }
        self.length = end;
        self.hasher.update(bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn sha256(&self) -> Sha256 {
        self.hasher.clone().finish()
    }

    /// Of which run it is the whole payload, by its bytes and by its digest.
    pub(super) fn run(&self, setup: &Setup) -> Option<usize> {
        setup
            .payloads
            .iter()
            .position(|payload| {
                self.length == payload.len() && self.sha256() == Sha256::of(payload)
            })
            .filter(|run| !self.differs[*run])
    }
}

/// Chunks in the order in which they go out.
pub(super) fn ordered(seqs: std::ops::RangeInclusive<u64>, order: Order) -> VecDeque<u64> {
    match order {
        Order::Straight => seqs.collect(),
        Order::Reversed => seqs.rev().collect(),
        Order::Doubled => seqs.flat_map(|seq| [seq, seq]).collect(),
    }
}
