//! One transfer, and what it took.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use longhaul::proto::Operation;
use longhaul::{Error, Event, Transfer};

use super::processor;
use crate::progress::Display;

/// Payloads below that cost little beside what any request costs.
const LEAST_BYTES: u64 = 1 << 20;

/// What a chunk size came to.
#[derive(Clone, Debug)]
pub(super) struct Size {
    /// What was asked for, in decoded bytes.
    pub(super) asked: u64,
    /// How many chunks may be under way; `None` where the server sends as it likes.
    pub(super) window: Option<u64>,
    /// One a round.
    pub(super) runs: Vec<Run>,
}

/// What one transfer took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) bytes: u64,
    pub(super) chunks: u64,
    /// The largest chunk that came, in decoded bytes.
    pub(super) largest: u64,
    /// Whether the server streamed rather than answered once.
    pub(super) is_stream: bool,
    /// From the request to the first bytes of the payload.
    pub(super) first_byte: Duration,
    /// From the request to the verdict.
    pub(super) elapsed: Duration,
    pub(super) processor: Option<Duration>,
    /// Whether it had to wait for the connection, or for a server that was busy.
    pub(super) was_held_up: bool,
}

/// Takes a transfer to its verdict and throws its bytes away.
pub(super) async fn measure<O: Operation>(
    starting: impl Future<Output = Result<Transfer<O>, Error>>,
    display: &Display,
) -> Result<Run, Error> {
    let (begun, processor) = (Instant::now(), processor::time());
    let mut transfer = display.watch(starting.await?);
    let (mut first_byte, mut largest, mut was_held_up) = (None, 0, false);
    let taking = async {
        while let Some(event) = transfer.next().await {
            match event {
                Event::Data(bytes) => {
                    first_byte = first_byte.or_else(|| Some(begun.elapsed()));
                    largest = largest.max(bytes.len());
                }
                Event::Interrupted { .. } | Event::Restarted { .. } | Event::Busy { .. } => {
                    was_held_up = true;
                }
                _ => {}
            }
        }
        transfer.finish().await
    };
    let receipt = display.show_while(taking).await?;
    let elapsed = begun.elapsed();
    let used = processor.and_then(|before| processor::time()?.checked_sub(before));
    Ok(Run {
        bytes: receipt.bytes,
        chunks: receipt.chunks,
        largest: u64::try_from(largest).unwrap_or(u64::MAX),
        is_stream: receipt.is_stream,
        first_byte: first_byte.unwrap_or(elapsed),
        elapsed,
        processor: used,
        was_held_up,
    })
}

impl Size {
    pub(super) fn new(asked: u64, window: Option<u64>) -> Self {
        Self { asked, window, runs: Vec::new() }
    }

    /// Seconds of each run.
    pub(super) fn seconds(&self) -> impl Iterator<Item = f64> {
        self.runs.iter().map(|run| run.elapsed.as_secs_f64())
    }

    /// Bytes a second of each run, the server's work included.
    pub(super) fn rates(&self) -> impl Iterator<Item = f64> {
        self.runs.iter().map(Run::rate)
    }

    /// Processor seconds for a GiB, of each run where they are known.
    pub(super) fn processor(&self) -> impl Iterator<Item = f64> {
        self.runs.iter().filter_map(Run::processor_per_gib)
    }

    /// How much may wait for the consumer, in decoded bytes.
    pub(super) fn window_bytes(&self) -> Option<u64> {
        self.window.map(|chunks| chunks.saturating_mul(self.asked))
    }

    /// The largest chunk that came in any run.
    pub(super) fn largest(&self) -> u64 {
        self.runs.iter().map(|run| run.largest).max().unwrap_or(0)
    }
}

impl Run {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn rate(&self) -> f64 {
        self.bytes as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn processor_per_gib(&self) -> Option<f64> {
        let gib = self.bytes as f64 / f64::from(1 << 30);
        self.processor.filter(|_| self.bytes >= LEAST_BYTES).map(|used| used.as_secs_f64() / gib)
    }
}

/// The middle of some values; 0 of none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or(0.0);
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = values.len().checked_div(2).and_then(|middle| middle.checked_sub(1));
    f64::midpoint(lower.and_then(|at| values.get(at)).copied().unwrap_or(0.0), upper)
}
