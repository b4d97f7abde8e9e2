//! One run: how much came, how fast, and what it cost this process.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use longhaul::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};
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
    let bulk = Bulk { bytes: line.bytes_in(seconds), chunk_delay_ms: line.message_ms };
    let options = TransferOptions::default().chunk_size(case.size).window(case.window);
    let (begun, processor) = (Instant::now(), processor_time());
    let stop = tokio::time::Instant::from_std(begun + Duration::from_secs_f64(seconds * 2.0));
    let mut transfer = client.start_with(bulk, options).await.unwrap();
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

/// So many bytes of the server's domain `test`.
struct Bulk {
    bytes: u64,
    chunk_delay_ms: u64,
}

impl Operation for Bulk {
    type Output = ();

    fn name(&self) -> OperationName {
        OperationName::new("test", "payload")
    }

    fn params(&self) -> Params {
        Params::new().with("size", self.bytes).with("chunkDelayMs", self.chunk_delay_ms)
    }

    fn has_payload(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        _: &Reply,
        _: &mut dyn PayloadReader,
        _: &Limits,
    ) -> Result<(), OperationError> {
        Ok(())
    }
}
