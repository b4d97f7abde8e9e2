//! A line as it is elsewhere: a relay on loopback whose bytes take their time.
//!
//! Modelled are the round trip and the rate, each direction for itself. What is left as it is on
//! loopback: no loss, no slow start, and both ends' own buffers. A line that is full makes whoever
//! sends wait; it holds what a real one holds, rate x delay, and some buffers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// The most that is read at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;
const MOST_PIECE: u32 = 64 << 10;
/// The least room that is read into, in bytes.
const LEAST_PIECE_BYTES: usize = 4 << 10;
/// What the kernel may hold on the way into the relay, in bytes: little, since a line has no more.
const KERNEL_BYTES: u32 = 256 << 10;
/// Timers go by milliseconds and are late; what is due sooner than that goes now, so that the error
/// lies on both sides.
const TIMER_STEP: Duration = Duration::from_micros(500);
/// How much may wait to enter a line that is busy, as time: enough that a timer which is late on a
/// busy machine leaves the line no gap.
const BACKLOG: Duration = Duration::from_millis(20);
/// What a line without a rate is taken to carry, in bytes a second, where its room is reckoned.
const UNLIMITED_RATE: u64 = 1_250_000_000;

/// What a line is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How long a byte takes there and one back.
    pub(crate) round_trip: Duration,
    /// Bits a second, each way; `None` for as fast as it goes.
    pub(crate) bits_per_second: Option<u64>,
}

/// A relay with that shape in front of a server, until it is dropped.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    listening: JoinHandle<()>,
}

impl Shape {
    fn delay(self) -> Duration {
        self.round_trip / 2
    }

    /// How long the line is busy with so many bytes.
    fn busy(self, bytes: usize) -> Duration {
        let Some(rate) = self.bits_per_second else { return Duration::ZERO };
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(rate.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// What may be under way, in bytes: as much as a line of that length and rate holds, and a few
    /// buffers beside.
    pub(crate) fn room(self) -> usize {
        let rate = self.bits_per_second.map_or(UNLIMITED_RATE, |bits| bits / 8);
        let time = self.delay() + BACKLOG;
        let bytes = u128::from(rate) * time.as_nanos() / 1_000_000_000;
        usize::try_from(bytes).unwrap_or(usize::MAX).min(256 << 20) + 4 * PIECE_BYTES
    }
}

impl Link {
    /// Listens on any port of loopback and passes each connection on to `target`, by tasks of the
    /// runtime that it is called in.
    pub(crate) fn start(target: SocketAddr, shape: Shape) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(KERNEL_BYTES)?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let listener = socket.listen(64)?;
        let address = listener.local_addr()?;
        let listening = tokio::spawn(accept(listener, target, shape));
        Ok(Self { address, listening })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, shape: Shape) {
    while let Ok((near, _)) = listener.accept().await {
        let Ok(far) = dial(target).await else { continue };
        for stream in [&near, &far] {
            // Without it the kernel would add delays of its own.
            let _ = stream.set_nodelay(true);
        }
        let (near_read, near_write) = near.into_split();
        let (far_read, far_write) = far.into_split();
        pass(near_read, far_write, shape);
        pass(far_read, near_write, shape);
    }
}

async fn dial(target: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(KERNEL_BYTES)?;
    socket.connect(target).await
}

/// Some bytes on the line.
struct Piece {
    bytes: Bytes,
    /// When its last byte arrives.
    due: Instant,
    room: OwnedSemaphorePermit,
}

/// One direction: what comes in goes out when a line of that shape would have carried it.
fn pass(from: OwnedReadHalf, to: OwnedWriteHalf, shape: Shape) {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(enter(from, sender, shape));
    tokio::spawn(leave(receiver, to));
}

/// Takes bytes as fast as the line does.
async fn enter(mut from: OwnedReadHalf, line: mpsc::UnboundedSender<Piece>, shape: Shape) {
    // Bounds the channel: in bytes, not in pieces.
    let room = Arc::new(Semaphore::new(shape.room()));
    let mut buffer = BytesMut::new();
    // When the line has taken all that came so far.
    let mut free_at = Instant::now();
    loop {
        if free_at > Instant::now() + BACKLOG {
            sleep_until(free_at - BACKLOG / 2).await;
        }
        let Ok(mut room) = Arc::clone(&room).acquire_many_owned(MOST_PIECE).await else { return };
        // Small pieces share a buffer, or each would hold one of its own.
        if buffer.capacity() < LEAST_PIECE_BYTES {
            buffer.reserve(PIECE_BYTES);
        }
        let mut limited = (&mut from).take(MOST_PIECE.into());
        let Ok(read @ 1..) = limited.read_buf(&mut buffer).await else { return };
        // What was not filled is free again.
        drop(room.split(PIECE_BYTES.saturating_sub(read)));
        free_at = free_at.max(Instant::now()) + shape.busy(read);
        let (bytes, due) = (buffer.split().freeze(), free_at + shape.delay());
        if line.send(Piece { bytes, due, room }).is_err() {
            return;
        }
    }
}

/// Gives bytes out when they are due.
async fn leave(mut line: mpsc::UnboundedReceiver<Piece>, mut to: OwnedWriteHalf) {
    while let Some(Piece { bytes, due, room }) = line.recv().await {
        if due > Instant::now() + TIMER_STEP {
            sleep_until(due - TIMER_STEP).await;
        }
        if to.write_all(&bytes).await.is_err() {
            return;
        }
        drop(room);
    }
    let _ = to.shutdown().await;
}
