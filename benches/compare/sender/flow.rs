//! Writing a delivery: many frames at once, straight from the stock.

use std::future::Future;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::time::{Duration, Instant};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::delivery::Delivery;

/// About how much goes into one write.
const BATCH_BYTES: usize = 1 << 20;
/// How much is written before the clock is looked at, where there is a pace to keep to.
const PACED_BYTES: usize = 256 << 10;
/// How many decoded MiB are sent a second, in the sender's environment.
pub(crate) const PACE: &str = "COMPARE_PACE";
/// At most as many frames: three slices each, below what a kernel takes at once.
const BATCH_FRAMES: u64 = 256;

/// Sends all chunks; `granted` gives how many may be sent once the one asked for may.
pub(crate) async fn send<W, F>(
    write: &mut W,
    delivery: &Delivery,
    mut granted: impl FnMut(u64) -> F,
) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
    F: Future<Output = u64>,
{
    let total = delivery.total();
    let pace: Option<f64> = std::env::var(PACE).ok().and_then(|pace| pace.parse().ok());
    let batch_bytes = if pace.is_some() { PACED_BYTES } else { BATCH_BYTES };
    let (mut batch, begun, mut sent) = (Batch::default(), Instant::now(), 0);
    let mut next = 1;
    while next <= total {
        let most = granted(next).await.min(total).min(next + BATCH_FRAMES - 1);
        batch.clear();
        while next <= most && batch.bytes < batch_bytes {
            batch.add(delivery, next);
            sent += delivery.decoded(next);
            next += 1;
        }
        batch.write(write, delivery).await?;
        if let Some(pace) = pace {
            #[allow(clippy::cast_precision_loss, reason = "a pace is no account")]
            let due = Duration::from_secs_f64(sent as f64 / (pace * f64::from(1 << 20)));
            // A timer would be coarser than what is to be kept to.
            while begun.elapsed() < due {
                tokio::task::yield_now().await;
            }
        }
    }
    write.flush().await
}

/// Frames that are written at once.
#[derive(Default)]
struct Batch {
    small: Vec<u8>,
    frames: Vec<Frame>,
    bytes: usize,
}

struct Frame {
    seq: u64,
    head: Range<usize>,
    tail: Range<usize>,
}

impl Batch {
    fn clear(&mut self) {
        self.small.clear();
        self.frames.clear();
        self.bytes = 0;
    }

    fn add(&mut self, delivery: &Delivery, seq: u64) {
        let start = self.small.len();
        let framed = delivery.frame(seq, &mut self.small);
        let middle = start + framed.head;
        self.bytes += framed.head + delivery.body(seq).len() + framed.tail;
        self.frames.push(Frame { seq, head: start..middle, tail: middle..middle + framed.tail });
    }

    async fn write<W>(&self, write: &mut W, delivery: &Delivery) -> io::Result<()>
    where
        W: AsyncWrite + Unpin,
    {
        let small = |range: &Range<usize>| IoSlice::new(&self.small[range.clone()]);
        let mut slices = Vec::with_capacity(3 * self.frames.len());
        for frame in &self.frames {
            let body = IoSlice::new(delivery.body(frame.seq));
            let all = [small(&frame.head), body, small(&frame.tail)];
            slices.extend(all.into_iter().filter(|slice| !slice.is_empty()));
        }
        let mut slices = slices.as_mut_slice();
        while !slices.is_empty() {
            match write.write_vectored(slices).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => IoSlice::advance_slices(&mut slices, written),
            }
        }
        Ok(())
    }
}
