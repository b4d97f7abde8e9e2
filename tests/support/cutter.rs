//! Stands between a client and a server, counts what passes, and drops connections as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::wire::Frames;

/// When a connection is dropped, both ways and without a goodbye.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// After so many bytes for the client, the head of the upgrade included.
    BytesDown(u64),
    /// After so many whole messages for the client; 0 is the head of the upgrade.
    FramesDown(u64),
    /// After so many whole messages for the server; 0 is the head of the upgrade.
    FramesUp(u64),
}

/// A listener that passes each connection on.
pub struct Cutter {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

type Hook = Box<dyn Fn(&str) + Send + Sync>;

struct Shared {
    target: Mutex<SocketAddr>,
    /// For the next connections, one each.
    cuts: Mutex<VecDeque<Cut>>,
    all: Notify,
    gate: watch::Sender<bool>,
    refuses: AtomicBool,
    connections: AtomicU64,
    cut: AtomicU64,
    to_client: AtomicU64,
    frames: [AtomicU64; 2],
    messages: Mutex<Vec<String>>,
    hook: Mutex<Option<Hook>>,
}

/// Why a pump stopped early.
struct Dropped;

impl Cutter {
    pub async fn new(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            cuts: Mutex::default(),
            all: Notify::new(),
            gate: watch::Sender::new(true),
            refuses: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            to_client: AtomicU64::new(0),
            frames: Default::default(),
            messages: Mutex::default(),
            hook: Mutex::default(),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { address, shared, listening }
    }

    /// Cuts the next connections, one after the other.
    pub fn cut_next(&self, cuts: impl IntoIterator<Item = Cut>) {
        self.shared.cuts.lock().unwrap().extend(cuts);
    }

    /// A handle that can be moved elsewhere.
    pub fn control(&self) -> Control {
        Control(Arc::clone(&self.shared))
    }

    /// Drops all connections that are open.
    pub fn cut_all(&self) {
        self.control().cut_all();
    }

    /// Whether connections are dropped before anything passes.
    pub fn refuse(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Whether new connections wait before anything passes.
    pub fn hold(&self, holds: bool) {
        self.shared.gate.send_replace(!holds);
    }

    /// Passes new connections on to another server.
    pub fn retarget(&self, target: SocketAddr) {
        self.control().retarget(target);
    }

    /// Has `hook` see each message for the server before it passes.
    pub fn watch(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.shared.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were, refused ones included.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections were cut where it was planned.
    pub fn cuts(&self) -> u64 {
        self.shared.cut.load(Ordering::SeqCst)
    }

    /// How many bytes came from the server, passed on or not.
    pub fn to_client_bytes(&self) -> u64 {
        self.shared.to_client.load(Ordering::SeqCst)
    }

    /// How many whole messages came, for the client and for the server.
    pub fn frames(&self) -> [u64; 2] {
        [0, 1].map(|way: usize| self.shared.frames[way].load(Ordering::SeqCst))
    }

    /// All messages for the server so far.
    pub fn messages(&self) -> Vec<String> {
        self.shared.messages.lock().unwrap().clone()
    }

    /// How many of the messages for the server have `part` in them.
    pub fn asked(&self, part: &str) -> usize {
        self.shared.messages.lock().unwrap().iter().filter(|text| text.contains(part)).count()
    }
}

/// What can be done to a cutter from anywhere.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

impl Control {
    pub fn cut_all(&self) {
        self.0.all.notify_waiters();
    }

    pub fn retarget(&self, target: SocketAddr) {
        *self.0.target.lock().unwrap() = target;
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut_all();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        if shared.refuses.load(Ordering::SeqCst) {
            continue;
        }
        let cut = shared.cuts.lock().unwrap().pop_front();
        tokio::spawn(pass_on(stream, cut, Arc::clone(&shared)));
    }
}

async fn pass_on(client: TcpStream, cut: Option<Cut>, shared: Arc<Shared>) {
    let all = shared.all.notified();
    let passing = async {
        let mut gate = shared.gate.subscribe();
        let _ = gate.wait_for(|is_open| *is_open).await;
        let target = *shared.target.lock().unwrap();
        let Ok(server) = TcpStream::connect(target).await else { return };
        let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let down = Pump { is_down: true, cut, shared: &shared };
        let up = Pump { is_down: false, cut, shared: &shared };
        let both =
            tokio::try_join!(down.run(from_server, to_client), up.run(from_client, to_server));
        if both.is_err() {
            shared.cut.fetch_add(1, Ordering::SeqCst);
        }
    };
    tokio::select! {
        () = passing => {}
        () = all => {}
    }
}

/// One direction of a connection.
struct Pump<'a> {
    is_down: bool,
    cut: Option<Cut>,
    shared: &'a Shared,
}

impl Pump<'_> {
    async fn run(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> Result<(), Dropped> {
        let mut frames = Frames::new(!self.is_down);
        let (mut bytes, mut whole) = (0_u64, None::<u64>);
        let mut buffer = vec![0; 16 << 10];
        loop {
            let n = match from.read(&mut buffer).await {
                Ok(n) if n > 0 => n,
                _ => break,
            };
            let mut limit = match (self.is_down, self.cut) {
                (true, Some(Cut::BytesDown(most))) => {
                    usize::try_from(most - bytes).ok().filter(|most| *most <= n)
                }
                _ => None,
            };
            for border in frames.feed(&buffer[..n]) {
                let count = whole.map_or(0, |whole| whole + 1);
                whole = Some(count);
                match (self.is_down, self.cut) {
                    (true, Some(Cut::FramesDown(most))) | (false, Some(Cut::FramesUp(most)))
                        if most == count =>
                    {
                        limit = Some(border.place);
                    }
                    _ => {}
                }
                if limit.is_none_or(|limit| border.place <= limit) {
                    self.note(count, border.text);
                }
            }
            if self.is_down {
                self.shared.to_client.fetch_add(n as u64, Ordering::SeqCst);
            }
            bytes += n as u64;
            if to.write_all(&buffer[..limit.unwrap_or(n)]).await.is_err() {
                break;
            }
            if limit.is_some() {
                return Err(Dropped);
            }
        }
        let _ = to.shutdown().await;
        Ok(())
    }

    fn note(&self, count: u64, text: Option<String>) {
        if count > 0 {
            self.shared.frames[usize::from(!self.is_down)].fetch_add(1, Ordering::SeqCst);
        }
        let Some(text) = text.filter(|text| text.starts_with('{')) else { return };
        if let Some(hook) = &*self.shared.hook.lock().unwrap() {
            hook(&text);
        }
        self.shared.messages.lock().unwrap().push(text);
    }
}
