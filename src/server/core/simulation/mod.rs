//! Thousands of schedules: many transfers at once, on a network and a server that do all they can
//! against them, with callers who change their minds and sinks that fail.
//!
//! A schedule follows wholly from one number, its seed: the [plan](plan) says what each caller
//! wants, what the server does for it and offers at all, and which [faults](faults) there are; the
//! [world](world) runs it on a virtual clock; the [oracle](oracle) says at each event, and in the
//! end, whether everything is as it has to be. A seed that fails is printed with one command that
//! [replays](replay) it, and with the fewest faults and transfers that still fail.
//!
//! `LONGHAUL_SCHEDULES=1000000` runs as many, on all cores. `LONGHAUL_BASE=random` begins at a
//! random seed, which is printed, and `LONGHAUL_BASE=0x…` at that one.

#![allow(clippy::print_stdout, reason = "a run tells what it came to")]

mod acts;
mod aftermath;
mod blame;
mod caller;
mod connection;
mod decisions;
mod deliveries;
mod faults;
mod history;
mod holding;
mod ledger;
mod lines;
mod network;
mod oracle;
mod passing;
mod plan;
mod replay;
mod tally;
mod tries;
mod waits;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plan::{ASTRAY, Plan};
use tally::Tally;

/// How many schedules run where nothing else is said.
const SCHEDULES: u64 = if cfg!(debug_assertions) { 300 } else { 10_000 };
/// How many are run before everything there is must have happened often enough.
const ENOUGH: u64 = 200;

/// A number as it stands in the environment.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Runs the schedules of this many seeds from `base` on; the error is the first that fails.
fn run_all(base: u64, count: u64, threads: usize) -> Result<Tally, String> {
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let (failure, is_failed) = (Mutex::new(None), AtomicBool::new(false));
    let work = || {
        let mut own = Tally::default();
        while !is_failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            let seed = base.wrapping_add(at);
            match replay::run(&Plan::of(seed), false) {
                Ok(tally) => own.add(tally),
                Err(text) => {
                    is_failed.store(true, Ordering::Relaxed);
                    failure.lock().unwrap().get_or_insert(replay::report(seed, &text));
                }
            }
        }
        tally.lock().unwrap().add(own);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    match failure.into_inner().unwrap() {
        Some(failure) => Err(failure),
        None => Ok(tally.into_inner().unwrap()),
    }
}

#[test]
fn every_schedule_ends_as_it_has_to() {
    let from_environment = |name| std::env::var(name).ok();
    let asked = from_environment("LONGHAUL_SCHEDULES");
    let count = asked.as_deref().map_or(SCHEDULES, |text| number(text).expect("a count"));
    let base = match from_environment("LONGHAUL_BASE").as_deref() {
        None => 0,
        Some("random") => fastrand::u64(..ASTRAY),
        Some(text) => number(text).expect("a number, decimal or 0x…"),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if asked.is_some() { cores } else { 1 };
    println!("{count} schedules from seed {base:#x} on, {threads} at a time");
    let tally = run_all(base, count, threads).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{tally}");
    let too_few = tally.too_few();
    assert!(count < ENOUGH || too_few.is_empty(), "too little happened: {too_few:?}");
}

/// In few other schedules does a single answer come to a request that has chunks already.
#[test]
fn answers_that_go_astray_end_no_payload() {
    let tally = run_all(ASTRAY, SCHEDULES / 5, 1).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{tally}");
}

#[test]
fn a_schedule_follows_from_its_seed() {
    for seed in [1, 2, 3] {
        let runs = [(); 2].map(|()| replay::run(&Plan::of(seed), false).unwrap().to_string());
        assert_eq!(runs[0], runs[1]);
    }
}

/// Each found something once that most others do not.
#[test]
fn seeds_that_have_failed_pass() {
    for seed in [
        0x0102_e3ca,
        0x0100_112f,
        0x0100_a431,
        0x0004_cee3,
        0x0009_fb71,
        0x000c_51a5,
        0x000e_c268,
        0x0000_c5fb,
    ] {
        replay::run(&Plan::of(seed), false).unwrap_or_else(|text| panic!("{seed:#x}: {text}"));
    }
}
