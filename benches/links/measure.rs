//! One run: how much came, how fast, and what it cost this process.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use longhaul::{Client, Event, TransferOptions};

use crate::plan::{Case, Line};

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Decoded bytes a second.
    pub(crate) rate: f64,
    /// Processor seconds of this process for a GiB.
    pub(crate) processor: f64,
    /// The size of its first chunk, in bytes.
    pub(crate) chunk: usize,
}

/// Transfers what takes so long if the line is full; one that takes twice as long is stopped
/// and counted by what came until then.
pub(crate) async fn measure(client: &Client, line: &Line, case: &Case, seconds: f64) -> Figures {
    let options = TransferOptions::default().chunk_size(case.size).window(case.window);
    let (begun, processor) = (Instant::now(), processor_time());
    let stop = tokio::time::Instant::from_std(begun + Duration::from_secs_f64(seconds * 2.0));
    let request = client
        .request("test", "payload")
        .param("size", line.bytes_in(seconds))
        .param("chunkDelayMs", line.message_ms)
        .options(options);
    let mut transfer = request.stream().start().await.unwrap();
    let (mut received, mut chunk) = (0, 0);
    let is_whole = loop {
        match tokio::time::timeout_at(stop, transfer.next()).await {
            Ok(Some(Event::Data(bytes))) => {
                if received == 0 {
                    chunk = bytes.len();
                }
                received += bytes.len();
            }
            Ok(Some(_)) => {}
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let (took, processor) = (begun.elapsed(), processor_time().saturating_sub(processor));
    if is_whole {
        transfer.finish().await.unwrap();
    } else {
        // What is still on the line comes before the answer to that, so the next begins with an
        // empty one.
        transfer.cancel().await;
    }
    let gib = received as f64 / f64::from(1 << 30);
    let rate = received as f64 / took.as_secs_f64();
    Figures { rate, processor: processor.as_secs_f64() / gib, chunk }
}

/// The processor time of this process so far; nothing where that is not known.
#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(not(unix))]
fn processor_time() -> Duration {
    Duration::ZERO
}
