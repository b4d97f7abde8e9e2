//! Mixtures of faults by seed, one after the other on the same transfer.
//!
//! A seed that fails is run alone by `LONGHAUL_SEED=n cargo test --test network mixtures`;
//! `LONGHAUL_SEEDS=n` runs so many.

use std::time::Duration;

use fastrand::Rng;
use longhaul::Retries;

use crate::support::proxy::Plan;
use crate::support::sink::SINKS;
use crate::{Case, SIZE, assert_right, run_all};

/// How many seeds there are in a plain run.
const SEEDS: u64 = if cfg!(debug_assertions) { 60 } else { 300 };
/// How many connections of a transfer have faults; those after them have none.
const HARMED: usize = 8;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

fn case(seed: u64) -> Case {
    let mut rng = Rng::with_seed(seed);
    let sink = SINKS[rng.usize(..SINKS.len())];
    let mut case = Case::new(sink, &Plan::default());
    case.plans = (0..HARMED).map(|_| Plan::random(&mut rng, 400, SIZE)).collect();
    case.seed = seed;
    // As often as there are plans.
    let retries = Retries::default().tries(20).within(Duration::from_secs(30));
    case.options = case.options.retries(retries);
    case
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_mixture_that_can_be_got_over_is() {
    let seeds = match number("LONGHAUL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LONGHAUL_SEEDS").unwrap_or(SEEDS),
    };
    let cases: Vec<_> = seeds.map(|seed| (seed, case(seed))).collect();
    let all = cases.len();
    let harmed = run_all(cases, |seed, case, outcome| {
        let replay = format!("LONGHAUL_SEED={seed} cargo test --test network mixtures");
        assert_right(&replay, case, outcome);
    });
    eprintln!("{all} mixtures, {} harmed", harmed.await);
}
