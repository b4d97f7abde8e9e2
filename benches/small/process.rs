//! Servers and clients as processes of their own: this program again.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longhaul::server::Server;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::job::{Figures, Job};
use super::{echo, peer, requests, transfers};

/// What a child is told by: what it is, where the server is, and what to measure.
const ROLE: &str = "LONGHAUL_BENCH_ROLE";
const URL: &str = "LONGHAUL_BENCH_URL";
const JOB: &str = "LONGHAUL_BENCH_JOB";

/// What a child is.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// The server that costs next to nothing.
    Peer,
    /// The reference server.
    Reference,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Reference => "reference",
        }
    }
}

pub(crate) fn is_child() -> bool {
    std::env::var_os(ROLE).is_some()
}

/// A child's part.
pub(crate) fn run_child() {
    match std::env::var(ROLE).unwrap().as_str() {
        "peer" => runtime(1).block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            println!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(peer::serve(listener));
            until_alone().await;
        }),
        "reference" => runtime(1).block_on(async {
            let server = Server::builder().bind("127.0.0.1:0").await.unwrap();
            println!("{}", server.url());
            until_alone().await;
        }),
        _ => {
            let url = std::env::var(URL).unwrap();
            let job: Job = serde_json::from_str(&std::env::var(JOB).unwrap()).unwrap();
            let mut figures = runtime(job.threads()).block_on(run(&url, job));
            if let Some(kib) = peak_kib() {
                figures.insert("peak_kib".to_owned(), kib);
            }
            println!("{}", serde_json::to_string(&figures).unwrap());
        }
    }
}

async fn run(url: &str, job: Job) -> Figures {
    match job {
        Job::Echo(many, way) => echo::run(url, many, way).await,
        Job::Requests(many) => requests::run(url, many).await,
        Job::Transfers { at_once, times, bytes } => {
            transfers::run(url, at_once, times, bytes).await
        }
        Job::FirstChunk { busy, times } => transfers::first_chunk(url, busy, times).await,
    }
}

fn runtime(threads: usize) -> Runtime {
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().unwrap()
}

/// Waits until whoever started this is gone.
async fn until_alone() {
    let gone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = gone.await;
}

/// Has a process of its own measure against the server at `url`.
pub(crate) fn measure(url: &str, job: &Job) -> Figures {
    let output = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, "client")
        .env(URL, url)
        .env(JOB, serde_json::to_string(job).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{job:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server's process, ended when dropped.
pub(crate) struct Serving {
    pub(crate) url: String,
    child: Child,
}

impl Serving {
    pub(crate) fn start(role: Role) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, role.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { url: url.trim().to_owned(), child }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What goes by from here on.
pub(crate) struct Cost {
    begun: Instant,
    processor: Option<Duration>,
}

impl Cost {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), processor: processor_time() }
    }

    /// The figures for so many units of whatever was done.
    pub(crate) fn end(self, units: f64) -> Figures {
        let elapsed = self.begun.elapsed().as_secs_f64();
        let mut figures = Figures::from([("units_per_second".to_owned(), units / elapsed)]);
        if let Some((before, after)) = self.processor.zip(processor_time()) {
            let used = after.saturating_sub(before).as_secs_f64();
            figures.insert("cpu_per_unit".to_owned(), used / units);
        }
        figures
    }
}

/// The processor time of this process so far, all its threads together.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).ok()
}

/// Not known here.
#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}

/// The most memory this process has had, where Linux says so.
fn peak_kib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
