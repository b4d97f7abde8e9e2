//! One connection, passed on as its plan says.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::Shared;
use super::count::Kind;
use super::fault::{End, Fault, Place, Way};
use super::fragment::Fragmenter;
use super::link::Link;
use super::plan::Plan;
use super::wire::{Frames, MarkKind};

/// The header of a binary chunk, in bytes.
const CHUNK_HEADER: u64 = 32;

/// How many messages are kept for whoever asks.
const MOST_MESSAGES: usize = 100_000;

/// Counts a connection as open until it is dropped.
struct Open<'a>(&'a Shared);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.counts.open.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) async fn pass_on(mut client: TcpStream, plan: Plan, shared: Arc<Shared>) {
    let all = shared.all.notified();
    shared.counts.open.fetch_add(1, Ordering::SeqCst);
    let open = Open(&shared);
    let passing = async {
        let mut gate = shared.gate.subscribe();
        let _ = gate.wait_for(|is_open| *is_open).await;
        let mut target = *shared.target.lock().unwrap();
        // As long as the connection stands.
        let line = plan.shape.map(|shape| Link::start(target, shape).unwrap());
        if let Some(line) = &line {
            target = line.address;
        }
        let Ok(mut server) = TcpStream::connect(target).await else { return };
        let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
        for (is_so, kind) in [
            (plan.shape.is_some(), Kind::SlowLine),
            (plan.fragment_bytes.is_some(), Kind::Fragments),
            (plan.write_bytes.is_some(), Kind::SmallWrites),
        ] {
            if is_so {
                shared.counts.note(kind);
            }
        }
        if let Some(end) = pass_both_ways(&mut client, &mut server, &plan, &shared).await {
            shared.counts.note(Kind::of(Fault::Cut(end)));
            if end == End::Rst {
                let (_, _) = (client.set_zero_linger(), server.set_zero_linger());
            }
        }
        drop((client, server));
    };
    tokio::select! {
        () = passing => {}
        () = all => {}
    }
    drop(open);
}

/// Gives how it is to end, if a fault says so.
async fn pass_both_ways(
    client: &mut TcpStream,
    server: &mut TcpStream,
    plan: &Plan,
    shared: &Shared,
) -> Option<End> {
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let stalled = [AtomicBool::new(false), AtomicBool::new(false)];
    let down = Pump::new(Way::Down, plan, &stalled, shared);
    let up = Pump::new(Way::Up, plan, &stalled, shared);
    let (mut down, mut up) =
        (pin!(down.run(from_server, to_client)), pin!(up.run(from_client, to_server)));
    let (mut is_down_over, mut is_up_over) = (false, false);
    while !(is_down_over && is_up_over) {
        let cut = tokio::select! {
            cut = &mut down, if !is_down_over => {
                is_down_over = true;
                cut
            }
            cut = &mut up, if !is_up_over => {
                is_up_over = true;
                cut
            }
        };
        // Where one side has gone, nobody learns anything from the other that is stalled.
        if cut.is_some() || stalled.iter().any(|stalled| stalled.load(Ordering::SeqCst)) {
            return cut;
        }
    }
    None
}

/// One direction of a connection.
struct Pump<'a> {
    way: Way,
    /// What is to happen this way, in the order of the plan.
    faults: Vec<(Place, Fault)>,
    /// What happens at which byte, in that order.
    due: VecDeque<(u64, Fault)>,
    fragmenter: Option<Fragmenter>,
    write_bytes: usize,
    /// How many of the bytes that come next are lost.
    lost: u64,
    stalled: &'a [AtomicBool; 2],
    shared: &'a Shared,
}

impl<'a> Pump<'a> {
    fn new(way: Way, plan: &Plan, stalled: &'a [AtomicBool; 2], shared: &'a Shared) -> Self {
        let faults = plan.faults.iter().filter(|(spot, _)| spot.way == way);
        let fragment_bytes = plan.fragment_bytes.filter(|_| way == Way::Down);
        let mut pump = Self {
            way,
            faults: faults.map(|(spot, fault)| (spot.place, *fault)).collect(),
            due: VecDeque::new(),
            fragmenter: fragment_bytes.map(Fragmenter::new),
            write_bytes: plan.write_bytes.unwrap_or(usize::MAX),
            lost: 0,
            stalled,
            shared,
        };
        pump.arrange(|place| match place {
            Place::Bytes(at) => Some(at),
            _ => None,
        });
        pump
    }

    /// Notes the byte of each fault whose place `byte_of` knows.
    fn arrange(&mut self, byte_of: impl Fn(Place) -> Option<u64>) {
        let due = &mut self.due;
        self.faults.retain(|(place, fault)| {
            let Some(at) = byte_of(*place) else { return true };
            due.push_back((at, *fault));
            false
        });
        due.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    /// Passes on until there is nothing more to come, or a fault ends the connection.
    async fn run(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Option<End> {
        let mut frames = Frames::new(self.way == Way::Up);
        let (mut passed, mut whole, mut chunks) = (0_u64, None::<u64>, 0_u64);
        let mut buffer = vec![0; 16 << 10];
        loop {
            let n = match from.read(&mut buffer).await {
                Ok(n) if n > 0 => n,
                _ => break,
            };
            self.shared.counts.note_bytes(self.way, n);
            if self.is_stalled() {
                return self.stall(&mut from).await;
            }
            let (mut ends, is_head) = (Vec::new(), whole.is_none());
            for mark in frames.feed(&buffer[..n]) {
                let at = passed + mark.place as u64;
                match mark.kind {
                    MarkKind::End(text) => {
                        let count = whole.map_or(0, |whole| whole + 1);
                        whole = Some(count);
                        self.arrange(|place| match place {
                            Place::Frames(frames, more) if frames == count => Some(at + more),
                            _ => None,
                        });
                        ends.push((at, count, text));
                    }
                    MarkKind::Binary(length) if length > CHUNK_HEADER => {
                        chunks += 1;
                        self.arrange(|place| match place {
                            Place::Chunk(chunk, byte) if chunk == chunks => {
                                Some(at + CHUNK_HEADER + byte % (length - CHUNK_HEADER))
                            }
                            _ => None,
                        });
                    }
                    MarkKind::Binary(_) => {}
                }
            }
            let end = passed + n as u64;
            let last = self.due.iter().find(|(_, fault)| fault.is_last()).map(|(at, _)| *at);
            for (at, count, text) in ends {
                if last.is_none_or(|last| at <= last) {
                    self.note(count, text);
                }
            }
            let mut place = 0;
            while let Some((at, fault)) = self.next_due(end) {
                let upto = usize::try_from(at.saturating_sub(passed)).unwrap().max(place);
                if self.write(&mut to, &buffer[place..upto], is_head).await.is_err() {
                    break;
                }
                place = upto;
                if let Fault::Cut(End::Fin) = fault {
                    let _ = to.shutdown().await;
                }
                match fault {
                    Fault::Cut(end) => return Some(end),
                    _ => self.shared.counts.note(Kind::of(fault)),
                }
                match fault {
                    Fault::Flip(bit) => buffer[place] ^= 1 << bit,
                    Fault::Swallow(bytes) => self.lost += bytes,
                    Fault::Pause(pause) => tokio::time::sleep(pause).await,
                    Fault::Stall => self.stalled[self.way as usize].store(true, Ordering::SeqCst),
                    Fault::StallBoth => {
                        self.stalled.iter().for_each(|way| way.store(true, Ordering::SeqCst));
                    }
                    Fault::Cut(_) => {}
                }
                if self.is_stalled() {
                    return self.stall(&mut from).await;
                }
            }
            if self.write(&mut to, &buffer[place..n], is_head).await.is_err() {
                break;
            }
            passed = end;
        }
        let _ = to.shutdown().await;
        None
    }

    /// The next fault that happens before the byte `end`, or right there.
    fn next_due(&mut self, end: u64) -> Option<(u64, Fault)> {
        let (at, fault) = self.due.front()?;
        let is_due = *at < end || (*at == end && fault.is_between_bytes());
        if is_due { self.due.pop_front() } else { None }
    }

    fn is_stalled(&self) -> bool {
        self.stalled[self.way as usize].load(Ordering::SeqCst)
    }

    /// Passes nothing on any more. What the client sends is lost; the server finds that nobody reads.
    async fn stall(&self, from: &mut ReadHalf<'_>) -> Option<End> {
        if self.way == Way::Down {
            return std::future::pending().await;
        }
        let _ = tokio::io::copy(from, &mut tokio::io::sink()).await;
        None
    }

    async fn write(
        &mut self,
        to: &mut WriteHalf<'_>,
        bytes: &[u8],
        is_head: bool,
    ) -> std::io::Result<()> {
        let lost = usize::try_from(self.lost).unwrap_or(usize::MAX).min(bytes.len());
        self.lost -= lost as u64;
        let bytes = &bytes[lost..];
        let cut;
        let bytes = match &mut self.fragmenter {
            Some(fragmenter) => {
                cut = fragmenter.feed(bytes);
                &cut
            }
            None => bytes,
        };
        let most = if is_head { usize::MAX } else { self.write_bytes };
        for piece in bytes.chunks(most) {
            to.write_all(piece).await?;
            if piece.len() < bytes.len() {
                // The other side has a chance to see it alone.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    fn note(&self, count: u64, text: Option<String>) {
        if count > 0 {
            self.shared.counts.note_frame(self.way);
        }
        let Some(text) = text.filter(|text| text.starts_with('{')) else { return };
        if let Some(hook) = &*self.shared.hook.lock().unwrap() {
            hook(&text);
        }
        let mut messages = self.shared.counts.messages.lock().unwrap();
        if messages.len() < MOST_MESSAGES {
            messages.push(text);
        }
    }
}
