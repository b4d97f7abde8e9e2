//! What a proxy has seen and done.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fault::{End, Fault, Way};

/// What is counted of the harm that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Fin,
    Rst,
    Stall,
    Flip,
    Swallow,
    Pause,
    Fragments,
    SmallWrites,
    SlowLine,
}

const KINDS: [(Kind, &str); 9] = [
    (Kind::Fin, "cut with FIN"),
    (Kind::Rst, "cut with RST"),
    (Kind::Stall, "stalled"),
    (Kind::Flip, "flipped bits"),
    (Kind::Swallow, "swallowed"),
    (Kind::Pause, "paused"),
    (Kind::Fragments, "fragmented connections"),
    (Kind::SmallWrites, "connections in small writes"),
    (Kind::SlowLine, "slow connections"),
];

impl Kind {
    pub(super) fn of(fault: Fault) -> Self {
        match fault {
            Fault::Cut(End::Fin) => Self::Fin,
            Fault::Cut(End::Rst) => Self::Rst,
            Fault::Stall | Fault::StallBoth => Self::Stall,
            Fault::Flip(_) => Self::Flip,
            Fault::Swallow(_) => Self::Swallow,
            Fault::Pause(_) => Self::Pause,
        }
    }
}

/// Sums over all connections.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connections: AtomicU64,
    pub(super) open: AtomicU64,
    bytes: [AtomicU64; 2],
    frames: [AtomicU64; 2],
    faults: [AtomicU64; KINDS.len()],
    pub(super) messages: Mutex<Vec<String>>,
}

impl Counts {
    pub(super) fn note_bytes(&self, way: Way, bytes: usize) {
        self.bytes[way as usize].fetch_add(bytes as u64, Ordering::SeqCst);
    }

    pub(super) fn note_frame(&self, way: Way) {
        self.frames[way as usize].fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn note(&self, kind: Kind) {
        self.faults[kind as usize].fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn bytes(&self, way: Way) -> u64 {
        self.bytes[way as usize].load(Ordering::SeqCst)
    }

    pub(super) fn frames(&self) -> [u64; 2] {
        [Way::Down, Way::Up].map(|way| self.frames[way as usize].load(Ordering::SeqCst))
    }

    pub(super) fn is_harmless(&self) -> bool {
        self.faults.iter().all(|count| count.load(Ordering::SeqCst) == 0)
    }

    pub(super) fn faults(&self, kind: Kind) -> u64 {
        self.faults[kind as usize].load(Ordering::SeqCst)
    }
}

/// How often each kind of harm was done, in words.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = KINDS.map(|(kind, name)| format!("{name} {}", self.faults(kind)));
        f.write_str(&each.join(", "))
    }
}
