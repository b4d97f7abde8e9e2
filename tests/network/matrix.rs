//! Every fault that a client gets over, with every way to take a payload.

use std::time::Duration;

use crate::support::proxy::{End, Fault, Plan, Spot};
use crate::support::sink::{SINKS, Sink};
use crate::{Case, assert_right, run_all};

fn faults() -> Vec<(&'static str, Plan)> {
    use Fault::{Cut, Flip, Pause, Stall, StallBoth};
    let (fin, rst) = (Cut(End::Fin), Cut(End::Rst));
    vec![
        ("cut while a chunk comes", Plan::of(Spot::bytes_down(20_000), fin)),
        ("reset while a chunk comes", Plan::of(Spot::chunk(8, 700), rst)),
        ("reset before the first chunk", Plan::of(Spot::frames_down(2), rst)),
        ("cut between chunks", Plan::of(Spot::frames_down(6), fin)),
        ("cut within the request", Plan::of(Spot::bytes_up(300), fin)),
        ("reset once the request was passed on", Plan::of(Spot::frames_up(1), rst)),
        ("nothing comes any more", Plan::of(Spot::bytes_down(20_000), Stall)),
        ("nothing passes any more", Plan::of(Spot::bytes_down(20_000), StallBoth)),
        ("the request never arrives", Plan::of(Spot::bytes_up(300), Stall)),
        ("no grant ever arrives", Plan::of(Spot::frames_up(1), Stall)),
        ("a bit of a chunk flips", Plan::of(Spot::chunk(5, 999), Flip(3))),
        ("a pause", Plan::of(Spot::bytes_down(9_000), Pause(Duration::from_millis(300)))),
        ("a slow line", Plan::slow(Duration::from_millis(20), Some(4_000_000))),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_that_can_be_got_over_is_with_every_sink() {
    let faults = faults();
    let mut cases = Vec::new();
    for (name, plan) in &faults {
        cases.extend(SINKS.map(|sink| (*name, Case::new(sink, plan))));
    }
    let all = cases.len();
    let harmed = run_all(cases, |name, case, outcome| {
        assert_right(name, case, outcome);
        // Sessions are many and short; with any other sink the fault takes place.
        assert!(outcome.was_harmed || case.sink == Sink::Sharded, "{name}: {case:?}");
    });
    let harmed = harmed.await;
    eprintln!("{all} cases, {harmed} harmed");
}
