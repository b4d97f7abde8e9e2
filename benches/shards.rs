//! What several sessions gain where a server serializes one object after another in each.
//!
//! `cargo bench --bench shards` exports 500 objects at 20 ms each under a limit of 6 s for a request;
//! with `-- large` 5,000 under 60 s. Rounds are interleaved; the ratio is that of the same round. The
//! server is a process of its own, this program again.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longhaul::ops::git::{Export, ShardedExport};
use longhaul::server::{Profile, Server};
use longhaul::{Client, Retries};

const PACKAGE: &str = "$LARGE";
/// How long the server takes for an object.
const OBJECT: Duration = Duration::from_millis(20);
/// How many sessions are tried, the reference first.
const SESSIONS: [usize; 5] = [1, 2, 3, 4, 8];
/// What the child that serves is told by: the folder, and the limit in milliseconds.
const SERVE: &str = "LONGHAUL_BENCH_FOLDER";
const LIMIT: &str = "LONGHAUL_BENCH_LIMIT";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(folder) = std::env::var_os(SERVE) {
        return runtime.block_on(serve(Path::new(&folder)));
    }
    let is_large = std::env::args().any(|arg| arg == "large");
    let (objects, limit, rounds) = if is_large {
        (5_000, Duration::from_mins(1), 1)
    } else {
        (500, Duration::from_secs(6), 5)
    };
    let folder = tempfile::tempdir().unwrap();
    for n in 0..objects {
        let source = format!("REPORT z{n}.\n{}", "WRITE / 'longhaul'.\n".repeat(n % 200));
        std::fs::write(folder.path().join(format!("z{n:05}.prog.abap")), source).unwrap();
    }
    let serving = Serving::start(folder.path(), limit);
    runtime.block_on(measure(&serving.url, objects, limit, rounds));
}

async fn measure(url: &str, objects: usize, limit: Duration, rounds: usize) {
    println!("{objects} objects at {OBJECT:?} each, requests stopped after {limit:?}");
    let client = Client::builder(url).retries(Retries::never()).connect().await.unwrap();
    let begun = Instant::now();
    let plain = client.run(Export::packages([PACKAGE])).await;
    let how = if plain.is_ok() { "complete" } else { "stopped by the server" };
    println!("one request: {how} after {:.1} s", begun.elapsed().as_secs_f64());
    let mut rows = SESSIONS.map(|_| (Vec::new(), Vec::new()));
    for _ in 0..rounds {
        let mut reference = 0.0;
        for (row, sessions) in rows.iter_mut().zip(SESSIONS) {
            let begun = Instant::now();
            let export = ShardedExport::packages([PACKAGE]).sessions(sessions);
            let transfer = client.start_sharded(export).await.unwrap();
            let done = transfer.collect().await.unwrap();
            let seconds = begun.elapsed().as_secs_f64();
            assert!(done.output.is_complete(), "{:?}", done.output.skipped);
            if sessions == 1 {
                reference = seconds;
            }
            row.0.push(seconds);
            row.1.push(reference / seconds);
        }
    }
    println!("| sessions | seconds | times as fast as 1 (least to most) |");
    println!("|---|---|---|");
    for (sessions, (mut seconds, mut ratios)) in SESSIONS.into_iter().zip(rows) {
        seconds.sort_by(f64::total_cmp);
        ratios.sort_by(f64::total_cmp);
        let middle = ratios.len() / 2;
        let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
        let (seconds, ratio) = (seconds[middle], ratios[middle]);
        println!("| {sessions} | {seconds:.2} | {ratio:.2} ({least:.2} to {most:.2}) |");
    }
}

/// The child's part: serves until nobody reads any more.
async fn serve(folder: &Path) {
    let limit = std::env::var(LIMIT).unwrap().parse().unwrap();
    let server = Server::builder()
        .package(PACKAGE, folder)
        .profile(Profile::Deployed)
        .object_delay(OBJECT)
        .request_limit(Duration::from_millis(limit))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    println!("{}", server.url());
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await.unwrap();
}

/// A server of its own process, ended when dropped.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(folder: &Path, limit: Duration) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(SERVE, folder)
            .env(LIMIT, limit.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
