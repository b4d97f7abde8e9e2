//! What runs out, and what is said again.

use std::time::Duration;

use super::super::halves::Cause;
use super::client::Verdict;
use super::setup::{Setup, Step};
use super::{Fate, Happening, Pair, TICK, Way, at_every_arrival};
use crate::proto::ServerError;
use crate::proto::exchange::ExchangeError;
use crate::proto::limits::GRANT_REPEAT;

const IDLE: Duration = Duration::from_mins(1);

/// A run of which five chunks are there.
fn begun(setup: Setup) -> Pair {
    let mut run = Pair::new(setup);
    run.run_until(|run| run.taken[Way::Down as usize] == 6);
    run
}

#[test]
fn an_operation_is_kept_for_its_time_and_no_longer() {
    let ttl = Duration::from_secs(10);
    // The request arrives a moment after the connection is there.
    for (millis, is_kept) in [(9_998, true), (9_999, false), (10_000, false)] {
        let pause = Duration::from_millis(millis);
        let mut run = begun(Setup { pause, ttl, ..Setup::small(3) });
        run.lose(Fate::Lost);
        if is_kept {
            run.finish_whole(1);
            continue;
        }
        let verdict = run.finish();
        assert!(matches!(verdict, Verdict::Payload { run: 1, .. }), "{verdict:?}");
        let [Cause::Exchange(ExchangeError::Server(error))] = &run.client.transfer.restarts[..]
        else {
            panic!("{:?}", run.client.transfer.restarts)
        };
        assert_eq!(error.code, ServerError::RESUME_EXPIRED);
    }
}

#[test]
fn the_time_runs_from_when_the_server_notices() {
    let ttl = Duration::from_secs(10);
    let mut run = begun(Setup { pause: ttl * 2, ttl, ..Setup::small(3) });
    run.lose(Fate::Unnoticed);
    run.finish_whole(1);
}

/// An operation that is done after so many seconds, with progress at others.
fn slow(done: u64, progress: &[u64]) -> Setup {
    let mut plan: Vec<_> =
        progress.iter().map(|at| (Duration::from_secs(*at), Step::Progress(*at))).collect();
    plan.push((Duration::from_secs(done), Step::Finish));
    plan.sort_by_key(|(at, _)| *at);
    Setup { plan, idle_limit: Some(IDLE), ..Setup::small(3) }
}

#[test]
fn a_server_that_is_silent_for_too_long_is_given_up() {
    let idle = Cause::Exchange(ExchangeError::Idle { limit: IDLE });
    assert_eq!(Pair::new(slow(61, &[])).finish_failed(), idle);
    assert_eq!(Pair::new(slow(120, &[30])).finish_failed(), idle);
    Pair::new(slow(59, &[])).finish_whole(0);
    Pair::new(slow(120, &[50, 100])).finish_whole(0);
}

#[test]
fn silence_counts_from_the_resume_on() {
    for (done, is_in_time) in [(89, true), (91, false)] {
        let mut run = Pair::new(slow(done, &[30]));
        run.run_until(|run| run.taken[Way::Down as usize] == 2);
        run.lose(Fate::Lost);
        // The last progress comes once more, half a minute after the start.
        if is_in_time {
            run.finish_whole(0);
        } else {
            let idle = Cause::Exchange(ExchangeError::Idle { limit: IDLE });
            assert_eq!(run.finish_failed(), idle);
        }
    }
}

#[test]
fn a_grant_that_was_lost_is_said_again() {
    let mut lost = 0;
    at_every_arrival(Pair::new(Setup::small(1)), |base, way| {
        let mut run = base.clone();
        if way == Way::Down || run.client.verdict.is_some() {
            return;
        }
        let message = run.pipe(Way::Up).receive_next().unwrap();
        let text = message.text();
        let granted = run.client.transfer.grants.last().copied();
        // The last grant is for chunks that there are not.
        if !text.contains("\"action\":\"credit\"") || granted > Some(run.setup.chunks()) {
            return;
        }
        let start = run.now;
        run.finish_whole(1);
        let (grants, before) = (&run.client.transfer.grants, base.client.transfer.grants.len());
        assert_eq!(grants.get(before), grants.get(before - 1), "{grants:?}");
        assert!(run.now >= start + GRANT_REPEAT);
        lost += 1;
    });
    assert!(lost > 8, "{lost}");
}

#[test]
fn a_resume_grants_anew_and_nothing_has_to_be_said_again() {
    at_every_arrival(Pair::new(Setup::small(3)), |base, way| {
        let mut run = base.clone();
        run.cut(way, 0, Fate::Lost);
        run.finish_whole(1);
        let mut grants = run.client.transfer.grants.clone();
        let count = grants.len();
        grants.dedup();
        assert_eq!(grants.len(), count, "{grants:?}");
    });
}

#[test]
fn a_slow_server_is_told_every_five_seconds() {
    let pace = Some(Duration::from_secs(12));
    let mut run = Pair::new(Setup { pace, ..Setup::small(2) });
    run.run_until(|run| run.client.transfer.grants.len() == 1);
    let start = run.now;
    run.run_until(|run| run.client.transfer.grants.len() == 3);
    assert_eq!(run.client.transfer.grants, [3; 3]);
    let passed = run.now - start;
    assert!((GRANT_REPEAT * 2..GRANT_REPEAT * 2 + TICK * 9).contains(&passed), "{passed:?}");
    assert!(matches!(run.next(), Some(Happening::Arrival(Way::Up))));
    run.finish_whole(1);
}
