//! A soak: several clients with several operations each, over connections with random faults, for a
//! while. Nothing may get lost: wrong bytes, a hang and an error that another try gets over are
//! losses. What must not be asked twice and was cut is counted apart.
//!
//! 2 s as a rule; `LONGHAUL_SOAK=10m` for longer, best in a release build:
//! `LONGHAUL_SOAK=1m cargo test --release --test soak -- --nocapture`. `LONGHAUL_SEED=n` for the
//! faults and operations of an earlier one.
//!
//! The clients are a process of their own, whose memory is looked at from outside: after warming up,
//! and once all clients are closed.

#[path = "../support/mod.rs"]
mod support;

mod job;
mod tally;
mod worker;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use longhaul::server::Server;
use support::proxy::{Plan, Proxy};
use support::{PACKAGE, deadline, small_sample};
use tally::Tally;

/// How long a plain run takes.
const BRIEF: Duration = Duration::from_secs(2);
/// How long the clients may take to end after their time.
const GRACE: Duration = Duration::from_mins(2);
/// How much more memory the clients may have at the end than after warming up, in bytes.
const ALLOWANCE: u64 = 16 << 20;
/// How often memory is looked at on the way, for whoever reads along.
const LOOKS: u32 = 8;
/// For how long the server keeps what nobody comes back for.
const RETAINED: Duration = Duration::from_secs(20);
/// Where connections have their faults, in bytes for the client.
const FAULTY: std::ops::Range<u64> = 4_000..2_000_000;

/// What the clients are to do, by the environment of their process.
const URL: &str = "LONGHAUL_SOAK_URL";
const FOLDER: &str = "LONGHAUL_SOAK_FOLDER";
const SOAK: &str = "LONGHAUL_SOAK";
const SEED: &str = "LONGHAUL_SEED";
/// What they say once they are warm, and once they are done.
const WARM: &str = "the clients are warm";
const DONE: &str = "the clients are done: ";

/// `90`, `90s` or `10m`.
fn duration() -> Duration {
    let Ok(text) = std::env::var(SOAK) else { return BRIEF };
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(&text), 1),
    };
    Duration::from_secs(number.parse::<u64>().expect("a time such as 90s or 10m") * unit)
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// The clients' part; nothing where there is no parent.
#[test]
fn clients() {
    let (Ok(url), Some(folder)) = (std::env::var(URL), std::env::var_os(FOLDER)) else { return };
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    let tally = runtime().block_on(async {
        worker::run(&url, Path::new(&folder), duration(), seed, || println!("\n{WARM}")).await
    });
    println!("\n{DONE}{}", serde_json::to_string(&tally).unwrap());
    // Until the parent has looked.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn nothing_gets_lost() {
    let seed = std::env::var(SEED)
        .map_or_else(|_| fastrand::u32(..).into(), |seed| seed.parse::<u64>().expect("a number"));
    let time = duration();
    let runtime = runtime();
    let (server, proxy) = runtime.block_on(world(seed));
    let folder = tempfile::tempdir().unwrap();
    let clients = Clients::start(&proxy, folder.path(), seed);
    let outcome = clients.watch(time);
    eprintln!("faults: {} connections, {}", proxy.connections(), proxy.all_faults());
    let [down, up] = [proxy.to_client_bytes(), proxy.to_server_bytes()];
    eprintln!("on the wire: {down} bytes for clients, {up} for the server");
    let replay = format!(
        "replay: {SEED}={seed} {SOAK}={}s cargo test --release --test soak -- --nocapture",
        time.as_secs()
    );
    let Some(Outcome { tally, warm, end }) = outcome else { panic!("no end; {replay}") };
    eprintln!("{tally}");
    match warm.zip(end) {
        Some((warm, end)) => {
            eprintln!(
                "memory of the clients: {} KiB warm, {} KiB at the end",
                warm >> 10,
                end >> 10
            );
        }
        None => eprintln!("memory is not looked at on this system"),
    }
    assert_eq!(tally.losses(), 0, "{:#?}\n{replay}", tally.lost);
    assert!(tally.asked > 0 && tally.bytes > 0 && !proxy.has_done_nothing(), "{replay}");
    // The clients have ended, so nothing is open beyond them at the server. Now and then a connection
    // of the proxy outlives both of its ends, which is its own affair.
    let left = || (server.sessions(), server.retained());
    let emptied = runtime.block_on(async {
        let empty = async {
            while left() != (0, 0) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(3 * RETAINED, empty).await
    });
    assert!(
        emptied.is_ok(),
        "sessions, operations: {:?}; {} at the proxy\n{replay}",
        left(),
        proxy.open()
    );
    assert_eq!(tally.pending, 0, "{replay}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}\n{replay}");
    assert!(end <= warm.map(|warm| warm + ALLOWANCE), "from {warm:?} to {end:?} bytes\n{replay}");
}

/// A server and what stands before it, with faults by the seed.
async fn world(seed: u64) -> (Server, Proxy) {
    let builder = Server::builder().package(PACKAGE, small_sample()).retain(RETAINED, 256 << 20);
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let proxy = Proxy::new(server.addr()).await;
    let mut rng = Rng::with_seed(seed);
    proxy.plan_by(move || Plan::random(&mut rng, FAULTY.start, FAULTY.end));
    (server, proxy)
}

/// The process of the clients; killed when dropped.
struct Clients {
    child: Child,
    lines: Receiver<String>,
}

struct Outcome {
    tally: Tally,
    /// Memory in bytes, where it is known.
    warm: Option<u64>,
    end: Option<u64>,
}

impl Clients {
    fn start(proxy: &Proxy, folder: &Path, seed: u64) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "clients", "--nocapture", "--test-threads=1"]);
        command.env(URL, proxy.url()).env(FOLDER, folder).env(SEED, seed.to_string());
        // Else glibc keeps what is free, once for every thread, and that looks like a leak.
        command.env("MALLOC_ARENA_MAX", "1");
        command.env("MALLOC_TRIM_THRESHOLD_", "131072").env("MALLOC_MMAP_THRESHOLD_", "131072");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits until they are done; `None` if they end otherwise, or not in time.
    fn watch(mut self, time: Duration) -> Option<Outcome> {
        let (mut warm, begun) = (None, Instant::now());
        loop {
            let line = match self.lines.recv_timeout(time / LOOKS) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) if begun.elapsed() < time + GRACE => {
                    let kib = self.resident_bytes().map_or(0, |bytes| bytes >> 10);
                    eprintln!("after {:?}: {kib} KiB", begun.elapsed());
                    continue;
                }
                Err(_) => return None,
            };
            if line == WARM {
                warm = self.resident_bytes();
            } else if let Some(tally) = line.strip_prefix(DONE) {
                let tally = serde_json::from_str(tally).unwrap();
                let end = self.resident_bytes();
                drop(self.child.stdin.take());
                assert!(self.child.wait().unwrap().success());
                return Some(Outcome { tally, warm, end });
            }
        }
    }

    fn resident_bytes(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).ok()?;
        Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4096)
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // It has ended already unless the test fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
