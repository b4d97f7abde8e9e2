//! What is measured: lines, chunk sizes and windows.

use std::path::PathBuf;
use std::time::Duration;

use longhaul::ChunkSize;
use longhaul::proto::limits::WINDOW;

use crate::link::Shape;

const KIB: u64 = 1 << 10;
/// Chunk sizes, in KiB of decoded bytes.
pub(crate) const SIZES: [u64; 5] = [64, 256, 768, 2048, 5120];
/// Windows, in chunks.
pub(crate) const WINDOWS: [u64; 4] = [4, 8, 16, 32];
/// What a window may hold together, in KiB; the client asks for no more.
const MOST_WINDOW_KIB: u64 = 32 << 10;
/// What goes over loopback in a second, in decoded bytes: a guess that only sets the payload's size.
const LOOPBACK_BYTES: f64 = 256e6;

/// What there is to do.
pub(crate) struct Plan {
    pub(crate) lines: Vec<Line>,
    pub(crate) cases: Vec<Case>,
    pub(crate) rounds: usize,
    /// How long a run takes if the line is full.
    pub(crate) seconds: f64,
    pub(crate) out: PathBuf,
}

/// A line, and what a server spends on each message.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// `None` for loopback as it is.
    pub(crate) shape: Option<Shape>,
    pub(crate) message_ms: u64,
}

/// A chunk size and a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) size: ChunkSize,
    pub(crate) window: u64,
}

impl Plan {
    pub(crate) fn from_words(words: impl Iterator<Item = String>) -> Self {
        let out = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let out = PathBuf::from(out).join("links.svg");
        let (lines, cases) = (all_lines(), all_cases());
        let mut plan = Self { lines, cases, rounds: 2, seconds: 0.7, out };
        for word in words {
            match word.split_once('=') {
                None if word == "quick" => plan.shorten(),
                Some(("rounds", n)) => plan.rounds = n.parse().expect("rounds=N"),
                Some(("line", part)) => plan.lines.retain(|line| line.name().contains(part)),
                Some(("out", path)) => plan.out = path.into(),
                // What cargo says itself.
                _ if word == "--bench" => {}
                _ => panic!("{word:?} is none of quick, rounds=N, line=PART, out=FILE"),
            }
        }
        plan
    }

    fn shorten(&mut self) {
        let names = ["loopback", "100 Mbit/s, 10 ms", "1 Gbit/s, 50 ms"];
        self.lines.retain(|line| names.contains(&line.name().as_str()));
        self.cases.retain(|case| matches!(case.window, 4 | 8));
        (self.rounds, self.seconds) = (1, 0.25);
    }
}

impl Line {
    pub(crate) fn name(&self) -> String {
        let Self { shape, message_ms } = self;
        let line = match shape {
            None => "loopback".to_owned(),
            Some(Shape { round_trip, bits_per_second }) => {
                let rate = match bits_per_second.map(|bits| bits / 1_000_000) {
                    Some(mbit) if mbit >= 1_000 => format!("{} Gbit/s", mbit / 1_000),
                    Some(mbit) => format!("{mbit} Mbit/s"),
                    None => "any rate".to_owned(),
                };
                format!("{rate}, {} ms", round_trip.as_secs_f64() * 1e3)
            }
        };
        if *message_ms == 0 { line } else { format!("{line}, {message_ms} ms a message") }
    }

    /// What the line carries in so many seconds, in decoded bytes: base64 takes a quarter of it.
    pub(crate) fn bytes_in(&self, seconds: f64) -> u64 {
        let rate = self.shape.and_then(|shape| shape.bits_per_second);
        let bytes = rate.map_or(LOOPBACK_BYTES, |bits| bits as f64 / 8.0 * 0.75);
        (bytes * seconds) as u64
    }

    /// Whether a run moves so much that its processor time can be read.
    pub(crate) fn is_fast(&self) -> bool {
        self.bytes_in(1.0) > 50_000_000
    }
}

impl Case {
    pub(crate) const AUTO: Self = Self { size: ChunkSize::Auto, window: WINDOW };

    pub(crate) fn is_auto(&self) -> bool {
        self.size == ChunkSize::Auto
    }

    /// What a window holds, in KiB; `None` where that is chosen.
    pub(crate) fn memory_kib(&self) -> Option<u64> {
        Some(self.kib()? * self.window)
    }

    pub(crate) fn kib(&self) -> Option<u64> {
        match self.size {
            ChunkSize::Fixed(bytes) => Some(bytes / KIB),
            _ => None,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self.kib() {
            Some(kib) => format!("{kib} KiB x {}", self.window),
            None => format!("Auto x {}", self.window),
        }
    }
}

fn all_lines() -> Vec<Line> {
    let shape = |mbit: u64, micros| {
        let round_trip = Duration::from_micros(micros);
        Some(Shape { round_trip, bits_per_second: Some(mbit * 1_000_000) })
    };
    let shapes = [10, 100, 1_000]
        .into_iter()
        .flat_map(|mbit| [100, 10_000, 50_000, 150_000].map(|micros| shape(mbit, micros)));
    let mut lines: Vec<_> =
        shapes.chain([None]).map(|shape| Line { shape, message_ms: 0 }).collect();
    lines.extend(
        [shape(100, 10_000), shape(1_000, 50_000), None].map(|shape| Line { shape, message_ms: 5 }),
    );
    lines
}

fn all_cases() -> Vec<Case> {
    let fixed = SIZES.into_iter().flat_map(|kib| {
        WINDOWS.into_iter().filter_map(move |window| {
            // With the largest chunks the window is what fits.
            let fitting = window.min(MOST_WINDOW_KIB / kib);
            let is_new = fitting == window || (window == 8 && kib == 5120);
            let size = ChunkSize::Fixed(kib * KIB);
            is_new.then_some(Case { size, window: fitting })
        })
    });
    fixed.chain([Case::AUTO]).collect()
}
