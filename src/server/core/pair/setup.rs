//! What a run is like: the payload, the terms, and how both sides behave.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::halves::{Offer, Wishes, Work, payload_bytes as bytes};
pub(super) use super::super::halves::{Order, WorkStep as Step};
use super::super::{Loss, Retention, Source as _};
use crate::client::Retries;
use crate::proto::{Feature, Features, Limits};

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

    /// What the server does.
    pub(super) fn work(&self) -> Rc<Work> {
        Rc::new(Work {
            payloads: self.payloads.clone(),
            plan: self.plan.clone(),
            pace: self.pace,
            chunk_bytes: self.chunk_bytes,
            order: self.order,
        })
    }

    /// What the client wants.
    pub(super) fn wishes(&self) -> Wishes {
        // What is compared with a repeat; fewer are copied faster.
        let limits = Limits { remembered_chunks: 16, ..Limits::default() };
        Wishes {
            number: 0,
            is_stream: true,
            features: self.features,
            window: self.window,
            chunk_bytes: self.chunk_bytes,
            limits,
            idle_limit: self.idle_limit,
            is_repeatable: self.is_repeatable,
            gives_out: self.gives_out,
            lag: self.lag,
            retries: Retries::default().tries(4).within(Duration::from_hours(1)),
            pause: Some(self.pause),
        }
    }

    pub(super) fn offer(&self) -> Rc<Offer> {
        let retention = Retention { ttl: self.ttl, max_bytes: 1 << 20, max_operations: 10 };
        Rc::new(Offer { features: Some(self.features), retention, loss: self.loss })
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
