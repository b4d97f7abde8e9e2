//! Cuts while something ends or begins: cancel, release, failure, resume and accepted.

use std::time::Duration;

use super::super::halves::{CancelOutcome, Cause};
use super::client::Verdict;
use super::setup::{Setup, Step};
use super::{FATES, Fate, Happening, Pair, Way, at_every_arrival};
use crate::proto::exchange::ExchangeError;

/// Calls `check` for a cut at each byte of each message of a run, and each fate of the rest.
fn cut_at_every_byte(base: Pair, mut check: impl FnMut(Pair)) {
    at_every_arrival(base, |base, way| {
        let length = base.clone().pipe(way).next_length();
        for count in (0..length).step_by(if cfg!(debug_assertions) { 17 } else { 5 }) {
            for fate in FATES {
                let mut run = base.clone();
                run.cut(way, count, fate);
                check(run);
            }
        }
    });
}

#[test]
fn a_cut_during_a_cancel_leaves_nothing_behind() {
    let mut outcomes = [0; 2];
    at_every_arrival(Pair::new(Setup::small(3).chatty()), |base, _| {
        if !base.client.is_following() {
            return;
        }
        let mut cancelled = base.clone();
        cancelled.client.cancel(cancelled.now);
        cancelled.settle();
        let verdict = cancelled.clone().finish();
        assert!(
            matches!(
                verdict,
                Verdict::Cancelled(CancelOutcome::Cancelled | CancelOutcome::Completed)
            ),
            "{verdict:?}"
        );
        cut_at_every_byte(cancelled, |mut run| match run.finish() {
            Verdict::Cancelled(CancelOutcome::Unknown) => outcomes[0] += 1,
            Verdict::Cancelled(_) => outcomes[1] += 1,
            verdict => panic!("{verdict:?}"),
        });
    });
    assert!(outcomes.iter().all(|count| *count > 100), "{outcomes:?}");
}

#[test]
fn a_cancel_that_nobody_answers_is_unknown_in_the_end() {
    let mut run = Pair::new(Setup { tamper: Some(never), ..Setup::small(3) });
    run.run_until(|run| run.connections == 1 && run.taken[Way::Down as usize] > 3);
    run.client.cancel(run.now);
    run.settle();
    let verdict = run.finish();
    assert!(matches!(verdict, Verdict::Cancelled(CancelOutcome::Unknown)), "{verdict:?}");
}

/// Another id in place of that of a cancelled request, so that its last frame never comes.
fn never(text: String) -> String {
    if text.contains("CANCELLED") { text.replace("git_1", "git_0") } else { text }
}

#[test]
fn a_cut_during_a_release_costs_nothing_but_time() {
    let mut base = Pair::new(Setup::small(3));
    base.run_until(|run| run.client.verdict.is_some());
    let key = base.client.key();
    // Grants and the release are still on their way.
    let mut kept = 0;
    cut_at_every_byte(base, |mut run| {
        kept += u32::from(run.server.keeps(&key));
        run.finish_whole(1);
        assert!(!run.server.keeps(&key));
    });
    assert!(kept > 0);
}

#[test]
fn a_cut_during_a_resume_is_followed_by_another() {
    at_every_arrival(Pair::new(Setup::small(3).chatty()), |base, way| {
        let mut first = base.clone();
        first.cut(way, 0, Fate::Lost);
        if first.client.verdict.is_some() {
            return;
        }
        first.run_until(|run| run.connections == 2);
        // The request, and then `accepted`.
        for _ in 0..2 {
            let Some(Happening::Arrival(way)) = first.next() else { panic!("nothing was sent") };
            let stride = if cfg!(debug_assertions) { 13 } else { 1 };
            for count in (0..first.pipe(way).next_length()).step_by(stride) {
                for fate in FATES {
                    let mut second = first.clone();
                    second.cut(way, count, fate);
                    second.finish_whole(2);
                }
            }
            first.apply(Happening::Arrival(way));
        }
    });
}

#[test]
fn a_failure_is_kept_like_a_payload() {
    let mut setup = Setup::small(3);
    setup.plan = vec![
        (Duration::from_millis(3), Step::Progress(1)),
        (Duration::from_millis(5), Step::Warning(1)),
        (Duration::from_millis(9), Step::Fail),
    ];
    cut_at_every_byte(Pair::new(setup), |mut run| match run.finish_failed() {
        Cause::Exchange(ExchangeError::Server(error)) => assert_eq!(error.code, "GIT_ERROR"),
        cause => panic!("{cause:?}"),
    });
}
