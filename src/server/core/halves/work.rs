//! What an operation does, when, and what comes of it.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::super::Source;

/// One operation, as the server runs it.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Work {
    /// What the first run gives, and what every second one does.
    pub(in crate::server::core) payloads: [Bytes; 2],
    /// What it does, and when after its start.
    pub(in crate::server::core) plan: Vec<(Duration, WorkStep)>,
    /// How long each chunk takes to be made.
    pub(in crate::server::core) pace: Option<Duration>,
    /// The largest chunks that there are, whatever is asked for.
    pub(in crate::server::core) chunk_bytes: u64,
    /// In which order chunks that may be sent go out.
    pub(in crate::server::core) order: Order,
}

/// Something an operation does.
#[derive(Clone, Copy, Debug)]
pub(in crate::server::core) enum WorkStep {
    Progress(u64),
    Warning(u64),
    /// So much of the payload is there, in bytes.
    Grow(usize),
    /// The payload is there.
    Finish,
    Fail,
}

/// How chunks go out that may be sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum Order {
    Straight,
    Reversed,
    /// Each twice, in a row.
    Doubled,
    /// By this seed.
    Shuffled(u64),
}

impl Work {
    /// What run number `run` gives, counted from 0.
    pub(in crate::server::core) fn payload(&self, run: usize) -> &Bytes {
        &self.payloads[run % 2]
    }
}

impl Order {
    /// Chunks in the order in which they go out.
    pub(super) fn ordered(self, seqs: std::ops::RangeInclusive<u64>) -> VecDeque<u64> {
        match self {
            Self::Straight => seqs.collect(),
            Self::Reversed => seqs.rev().collect(),
            Self::Doubled => seqs.flat_map(|seq| [seq, seq]).collect(),
            Self::Shuffled(seed) => {
                let mut random = fastrand::Rng::with_seed(seed ^ *seqs.start());
                let mut seqs: Vec<_> = seqs.collect();
                random.shuffle(&mut seqs);
                seqs.into()
            }
        }
    }
}

/// Bytes that no other place of a payload has in a row.
pub(in crate::server::core) fn payload_bytes(length: usize, seed: u64) -> Bytes {
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
