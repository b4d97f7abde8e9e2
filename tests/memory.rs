//! Peak memory of a process that receives a payload into a file and into nothing, looked at from
//! outside.
//!
//! The receiving side is this program again, as a child that says when it is done and waits; its
//! peak is what the kernel says of it. Only a release build shows what users get: a debug build
//! receives the smallest payload alone. `LONGHAUL_LARGE=1` adds one of 8 GiB.

#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports, reason = "it skips there"))]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use longhaul::proto::Feature;
use longhaul::proto::limits::{CHUNK_BYTES, MAX_PARKED_BYTES, WINDOW};
use longhaul::server::{Script, Server};
use longhaul::{Client, TransferOptions};
use support::bulk::Bulk;
use support::scripted;

const MIB: u64 = 1 << 20;
/// At the defaults, into a sink.
const MOST_BYTES: u64 = 64 * MIB;
/// What the length of the payload may make of a difference.
const MOST_DIFFERENCE_BYTES: u64 = 2 * MIB;
/// How often each length is received.
const ROUNDS: usize = 3;
/// What is there beside anything that grows with a window or a message.
const BASE_BYTES: u64 = 16 * MIB;
/// What a child prints once it has received everything.
const DONE: &str = "received";

/// What a child is to do, by its environment.
const URL: &str = "LONGHAUL_MEMORY_URL";
const SIZE: &str = "LONGHAUL_MEMORY_SIZE";
const CHUNK: &str = "LONGHAUL_MEMORY_CHUNK";
const FILE: &str = "LONGHAUL_MEMORY_FILE";

/// The child's part; without the parent it does nothing.
#[test]
fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let bulk = Bulk::new(number(SIZE));
    let file = std::env::var_os(FILE);
    let chunk_bytes = number(CHUNK);
    // As the command has it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let asked = if chunk_bytes > 0 { chunk_bytes } else { CHUNK_BYTES };
        let mut options = TransferOptions::default().max_payload_bytes(u64::MAX);
        if chunk_bytes > 0 {
            options = options.chunk_bytes(chunk_bytes);
        }
        let client = Client::builder(url).options(options).connect().await.unwrap();
        let transfer = client.start(bulk.clone()).await.unwrap();
        // The most that may wait does wait once, however fast this side reads: without that a
        // longer payload only has more chances to meet the peak.
        while client.stats().messages <= window(asked) {
            tokio::task::yield_now().await;
        }
        let receipt = match file {
            Some(file) => transfer.save(file).await.unwrap().receipt,
            None => transfer.write_to(&mut tokio::io::sink()).await.unwrap(),
        };
        assert_eq!(receipt.bytes, bulk.size);
        assert!(receipt.digest_checked);
    });
    println!("\n{DONE}");
    // Until the parent has looked.
    let _ = std::io::stdin().read(&mut [0]);
}

/// The peak of a child that receives so much, in bytes.
fn peak(server: &Server, size: u64, chunk_bytes: u64, into_file: bool) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(URL, server.url())
        .env(SIZE, size.to_string())
        .env(CHUNK, chunk_bytes.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if into_file {
        command.env(FILE, folder.path().join("payload.bin"));
    }
    let mut child = Killed(command.spawn().unwrap());
    // Open to the end: the child still says how its test went.
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let is_done = lines.by_ref().map_while(Result::ok).any(|line| line == DONE);
    assert!(is_done, "the child failed");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    drop(child.0.stdin.take());
    assert!(child.0.wait().unwrap().success());
    let sink = if into_file { "file" } else { "nothing" };
    eprintln!("{} MiB in chunks of {chunk_bytes} into {sink}: {kib} KiB", size / MIB);
    kib << 10
}

/// A child that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many chunks of that size may come ahead.
fn window(chunk_bytes: u64) -> u64 {
    WINDOW.min(MAX_PARKED_BYTES as u64 / chunk_bytes)
}

/// The most that is allowed where nothing is parked: the base, the window and twice the largest
/// message, which is a chunk.
fn bound(chunk_bytes: u64) -> u64 {
    BASE_BYTES + window(chunk_bytes) * chunk_bytes + 2 * chunk_bytes.div_ceil(3) * 4
}

#[test]
fn peak_memory_is_bounded_and_does_not_grow_with_the_payload() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: peak memory is read as Linux has it");
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let binary = runtime.block_on(scripted(Script::new()));
    let text = Server::builder().without_feature(Feature::Binary).bind("127.0.0.1:0");
    let text = runtime.block_on(text).unwrap();
    for (form, server) in [("binary", &binary), ("text", &text)] {
        eprintln!("chunks as {form}");
        check_peaks(server);
    }
}

fn check_peaks(server: &Server) {
    let is_large = std::env::var_os("LONGHAUL_LARGE").is_some_and(|value| value == "1");
    let limit = MOST_BYTES.min(bound(CHUNK_BYTES));
    for into_file in [false, true] {
        if cfg!(debug_assertions) {
            eprintln!("skipped: larger payloads, and the exact bound, are for release builds");
            assert!(peak(server, 64 * MIB, 0, into_file) < MOST_BYTES);
            continue;
        }
        // Each run meets the bound. Two lengths are compared by the lowest of their runs, since
        // what the allocator leaves unused only adds.
        let lowest = |size| {
            let runs: Vec<_> = (0..ROUNDS).map(|_| peak(server, size, 0, into_file)).collect();
            assert!(runs.iter().all(|peak| *peak <= limit), "{runs:?} of {limit}");
            runs.into_iter().min().unwrap()
        };
        let small = lowest(64 * MIB);
        let sizes = [Some(1024 * MIB), is_large.then_some(8 * 1024 * MIB)];
        for size in sizes.into_iter().flatten() {
            let large = lowest(size);
            assert!(large.abs_diff(small) < MOST_DIFFERENCE_BYTES, "{small} and {large}");
        }
        for chunk_bytes in [64 << 10, 5 << 20] {
            let other = peak(server, 256 * MIB, chunk_bytes, into_file);
            let limit = bound(chunk_bytes);
            assert!(other <= limit, "{other} of {limit} with chunks of {chunk_bytes}");
        }
    }
}
