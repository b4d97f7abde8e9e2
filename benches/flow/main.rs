//! What a consumer that has stopped costs the others, and what a window of so many chunks gives.
//!
//! `cargo bench --bench flow` prints both tables; `cargo bench --bench flow -- window` one of them.
//! Rounds are interleaved, so that whatever else the machine does meets all rows alike; figures are
//! the median, with the least and the most, of the ratio to the reference of the same round. The
//! server is a process of its own, this program again, and so is the line before it.

#![allow(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "../link/mod.rs"]
mod link;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longhaul::proto::{Feature, Features};
use longhaul::server::Server;
use longhaul::{Client, RequestBuilder, TransferOptions};

const MIB: u64 = 1 << 20;
/// How long a message takes there and back where the way is long.
const ROUND_TRIP: Duration = Duration::from_millis(20);
/// What the child that serves is told by.
const SERVE: &str = "LONGHAUL_BENCH_SERVE";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if std::env::var_os(SERVE).is_some() {
        return runtime.block_on(serve());
    }
    let wanted: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|arg| arg == name);
    let serving = Serving::start();
    if is_wanted("stopped") {
        runtime.block_on(stopped(&serving.url));
    }
    if is_wanted("window") {
        runtime.block_on(window(&serving.url, None));
        runtime.block_on(window(&serving.far_url, Some(ROUND_TRIP)));
    }
}

/// Three consumers beside one that has stopped, against the same three alone.
async fn stopped(url: &str) {
    const ROUNDS: usize = 11;
    const BYTES: u64 = 64 * MIB;
    println!("three busy consumers of {} MiB each, {ROUNDS} rounds", BYTES / MIB);
    let mut rows = Rows::new(&["alone", "beside one that stopped"]);
    for _ in 0..ROUNDS {
        for row in 0..2 {
            let client = Client::builder(url).connect().await.unwrap();
            let resting = match row {
                0 => None,
                _ => Some(payload(&client, BYTES).start().await.unwrap()),
            };
            // What it may be sent has come, and it stays so.
            while resting.is_some() && client.stats().messages < 9 {
                tokio::task::yield_now().await;
            }
            let cost = Cost::begin();
            let busy = (0..3).map(|_| async {
                let transfer = payload(&client, BYTES).start().await.unwrap();
                transfer.finish().await.unwrap()
            });
            futures::future::join_all(busy).await;
            rows.note(row, cost.end(3 * BYTES));
            drop(resting);
            client.close().await;
        }
    }
    rows.print(0);
}

/// One transfer after the other, by window and chunk size, against a window of 32.
async fn window(url: &str, round_trip: Option<Duration>) {
    const ROUNDS: usize = 5;
    const WINDOWS: [u64; 6] = [1, 2, 4, 8, 16, 32];
    for (chunk_bytes, far_bytes) in
        [(64 << 10, 8 * MIB), (768 << 10, 48 * MIB), (5 * MIB, 80 * MIB)]
    {
        let bytes = if round_trip.is_some() { far_bytes } else { 96 * MIB };
        println!(
            "{} MiB in chunks of {} KiB, round trip {:?}, {ROUNDS} rounds",
            bytes / MIB,
            chunk_bytes >> 10,
            round_trip.unwrap_or_default()
        );
        let names = WINDOWS.map(|window| format!("window {window}"));
        let mut rows = Rows::new(&names.each_ref().map(String::as_str));
        let client = Client::builder(url).connect().await.unwrap();
        for round in 0..=ROUNDS {
            for (row, window) in WINDOWS.into_iter().enumerate() {
                let features = Features::from_iter([Feature::Checksum, Feature::Credit]);
                let options = TransferOptions::default()
                    .features(features)
                    .chunk_bytes(chunk_bytes)
                    .window(window);
                let cost = Cost::begin();
                let transfer = payload(&client, bytes).options(options).start().await.unwrap();
                transfer.finish().await.unwrap();
                // The first round only warms up.
                if round > 0 {
                    rows.note(row, cost.end(bytes));
                }
            }
        }
        rows.print(WINDOWS.len() - 1);
    }
}

/// What a piece of work took.
struct Cost {
    begun: Instant,
    processor: Duration,
}

#[derive(Clone, Copy)]
struct Figures {
    /// MiB a second.
    goodput: f64,
    /// Seconds of this process for a GiB.
    processor: f64,
}

impl Cost {
    fn begin() -> Self {
        Self { begun: Instant::now(), processor: processor_time() }
    }

    fn end(self, bytes: u64) -> Figures {
        let mib = bytes as f64 / MIB as f64;
        let processor = processor_time().saturating_sub(self.processor).as_secs_f64();
        let goodput = mib / self.begun.elapsed().as_secs_f64();
        Figures { goodput, processor: processor * 1024.0 / mib }
    }
}

/// The processor time of this process so far; nothing where that is not known.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may hold anything; what follows its bracket is numbers. Ticks are 10 ms on Linux.
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Figures by row, one a round.
struct Rows(Vec<(String, Vec<Figures>)>);

impl Rows {
    fn new(names: &[&str]) -> Self {
        Self(names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect())
    }

    fn note(&mut self, row: usize, figures: Figures) {
        self.0[row].1.push(figures);
    }

    /// Prints each row against that of `reference`, round by round.
    fn print(&self, reference: usize) {
        let base = &self.0[reference].1;
        println!("| | goodput, ratio | goodput, MiB/s | CPU s/GiB, ratio | CPU s/GiB |");
        println!("|---|---|---|---|---|");
        for (name, figures) in &self.0 {
            let mut line = format!("| {name} |");
            let pairs = || figures.iter().zip(base);
            for (values, digits) in [
                (pairs().map(|(a, b)| a.goodput / b.goodput).collect::<Vec<_>>(), 2),
                (figures.iter().map(|a| a.goodput).collect(), 0),
                (pairs().map(|(a, b)| a.processor / b.processor).collect(), 2),
                (figures.iter().map(|a| a.processor).collect(), 2),
            ] {
                let mut values = values;
                values.sort_by(f64::total_cmp);
                let (least, most) = (values[0], values[values.len() - 1]);
                let median = values[values.len() / 2];
                let _ = write!(line, " {median:.digits$} ({least:.digits$} to {most:.digits$}) |");
            }
            println!("{line}");
        }
        println!();
    }
}

/// A server in a process of its own.
struct Serving {
    url: String,
    /// The same server behind a long line.
    far_url: String,
    child: Child,
}

impl Serving {
    fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program)
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut urls = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || urls.next().unwrap().unwrap();
        Self { url: next(), far_url: next(), child }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until whoever started it is gone.
async fn serve() {
    let server = Server::builder().bind("127.0.0.1:0").await.unwrap();
    let shape = link::Shape { round_trip: ROUND_TRIP, bits_per_second: None };
    let link = link::Link::start(server.addr(), shape).unwrap();
    println!("{}\n{}", server.url(), link.url());
    let gone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = gone.await;
}

/// So many bytes of the server's domain `test`.
fn payload(client: &Client, bytes: u64) -> RequestBuilder<'_> {
    client.request("test", "payload").param("size", bytes).stream()
}
