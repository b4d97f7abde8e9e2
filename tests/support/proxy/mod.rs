//! Stands between a client and a server, counts what passes, and harms connections as it is told:
//! ends, stalls, pauses, flipped bits, lost bytes, fragments, small writes, slow lines.

pub mod count;
pub mod fault;
mod fragment;
#[path = "../../../benches/link/mod.rs"]
pub mod link;
mod plan;
mod relay;
mod wire;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use count::{Counts, Kind};
pub use fault::{End, Fault, Place, Spot, Way};
pub use plan::Plan;
pub use wire::frame_header;

/// A listener that passes each connection on.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

type Hook = Box<dyn Fn(&str) + Send + Sync>;
type Planner = Box<dyn FnMut() -> Plan + Send>;

struct Shared {
    target: Mutex<SocketAddr>,
    /// For the next connections, one each.
    plans: Mutex<VecDeque<Plan>>,
    /// For those that there is no plan for.
    planner: Mutex<Option<Planner>>,
    all: Notify,
    gate: watch::Sender<bool>,
    refuses: AtomicBool,
    counts: Counts,
    hook: Mutex<Option<Hook>>,
}

impl Proxy {
    pub async fn new(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            plans: Mutex::default(),
            planner: Mutex::default(),
            all: Notify::new(),
            gate: watch::Sender::new(true),
            refuses: AtomicBool::new(false),
            counts: Counts::default(),
            hook: Mutex::default(),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { address, shared, listening }
    }

    /// Cuts the next connections, one after the other.
    pub fn cut_next(&self, spots: impl IntoIterator<Item = Spot>) {
        self.plan_next(spots.into_iter().map(Plan::from));
    }

    /// Has each plan for one of the next connections.
    pub fn plan_next(&self, plans: impl IntoIterator<Item = Plan>) {
        self.shared.plans.lock().unwrap().extend(plans);
    }

    /// Asks for the plan of each connection there is none for.
    pub fn plan_by(&self, planner: impl FnMut() -> Plan + Send + 'static) {
        *self.shared.planner.lock().unwrap() = Some(Box::new(planner));
    }

    /// Passes on all that comes from now on as it is.
    pub fn plan_no_more(&self) {
        self.shared.plans.lock().unwrap().clear();
        *self.shared.planner.lock().unwrap() = None;
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
        self.control().refuse(refuses);
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
        self.shared.counts.connections.load(Ordering::SeqCst)
    }

    /// How many connections there are.
    pub fn open(&self) -> u64 {
        self.shared.counts.open.load(Ordering::SeqCst)
    }

    /// How many connections were cut where it was planned.
    pub fn cuts(&self) -> u64 {
        self.faults(Kind::Fin) + self.faults(Kind::Rst)
    }

    /// How often harm of that kind was done.
    pub fn faults(&self, kind: Kind) -> u64 {
        self.shared.counts.faults(kind)
    }

    /// Whether everything has passed as it is.
    pub fn has_done_nothing(&self) -> bool {
        self.shared.counts.is_harmless()
    }

    /// How often each kind of harm was done, in words.
    pub fn all_faults(&self) -> String {
        self.shared.counts.to_string()
    }

    /// How many bytes came from the server, passed on or not.
    pub fn to_client_bytes(&self) -> u64 {
        self.shared.counts.bytes(Way::Down)
    }

    /// How many bytes came from clients, passed on or not.
    pub fn to_server_bytes(&self) -> u64 {
        self.shared.counts.bytes(Way::Up)
    }

    /// How many whole messages came, for the client and for the server.
    pub fn frames(&self) -> [u64; 2] {
        self.shared.counts.frames()
    }

    /// All messages for the server so far.
    pub fn messages(&self) -> Vec<String> {
        self.shared.counts.messages.lock().unwrap().clone()
    }

    /// How many of the messages for the server have `part` in them.
    pub fn asked(&self, part: &str) -> usize {
        let messages = self.shared.counts.messages.lock().unwrap();
        messages.iter().filter(|text| text.contains(part)).count()
    }
}

/// What can be done to a proxy from anywhere.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

impl Control {
    pub fn cut_all(&self) {
        self.0.all.notify_waiters();
    }

    pub fn refuse(&self, refuses: bool) {
        self.0.refuses.store(refuses, Ordering::SeqCst);
    }

    pub fn retarget(&self, target: SocketAddr) {
        *self.0.target.lock().unwrap() = target;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut_all();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.counts.connections.fetch_add(1, Ordering::SeqCst);
        if shared.refuses.load(Ordering::SeqCst) {
            continue;
        }
        let planned = shared.plans.lock().unwrap().pop_front();
        let plan = planned.or_else(|| shared.planner.lock().unwrap().as_mut().map(|plan| plan()));
        tokio::spawn(relay::pass_on(stream, plan.unwrap_or_default(), Arc::clone(&shared)));
    }
}
