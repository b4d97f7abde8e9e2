//! A cut after which the server has nothing to go on with.

use super::super::Loss;
use super::super::halves::Cause;
use super::client::Verdict;
use super::setup::{PAUSE, Setup};
use super::{FATES, Fate, Pair, at_every_arrival};
use crate::proto::ServerError;
use crate::proto::exchange::ExchangeError;

/// What becomes of a transfer whose client is told `code` when it comes back.
///
/// What may be repeated ends with the whole payload of one run, whatever it had before; else the
/// client fails once it had anything, with that code.
fn cut_and_forget(setup: &Setup, codes: &[&str], cut: impl Fn(&mut Pair)) {
    let mut told = 0;
    for (is_repeatable, gives_out) in [(true, false), (true, true), (false, false)] {
        let setup = Setup { is_repeatable, gives_out, ..setup.clone() };
        at_every_arrival(Pair::new(setup), |base, way| {
            for part in [0, 1] {
                let mut run = base.clone();
                let length = run.pipe(way).next_length();
                if run.client.verdict.is_some() {
                    continue;
                }
                run.pipe(way).arrive((length - 1) * part);
                cut(&mut run);
                match run.finish() {
                    Verdict::Payload { .. } => {}
                    Verdict::Failed(Cause::Lost) => assert!(!is_repeatable),
                    Verdict::Failed(Cause::Exchange(ExchangeError::Server(error))) => {
                        assert!(codes.contains(&&*error.code), "{error:?}");
                        assert!(!is_repeatable || gives_out, "it could begin again");
                    }
                    verdict => panic!("{verdict:?}"),
                }
                for cause in &run.client.transfer.restarts {
                    match cause {
                        Cause::Lost => {}
                        Cause::Exchange(ExchangeError::Server(error)) => {
                            assert!(codes.contains(&&*error.code), "{error:?}");
                            told += 1;
                        }
                        cause => panic!("{cause:?}"),
                    }
                    assert!(is_repeatable);
                }
            }
        });
    }
    assert!(told > 10, "{told}");
}

#[test]
fn a_server_that_was_started_anew_knows_nothing() {
    for window in [1, 3, 8] {
        cut_and_forget(&Setup::small(window).chatty(), &[ServerError::RESUME_UNKNOWN], |run| {
            run.lose(Fate::Lost);
            run.server.restart("f");
        });
    }
}

#[test]
fn an_operation_that_was_forgotten_is_unknown() {
    let setup = Setup { loss: Loss::Forgotten, ..Setup::small(3) };
    cut_and_forget(&setup, &[ServerError::RESUME_UNKNOWN], |run| run.lose(Fate::Lost));
}

#[test]
fn an_operation_of_another_epoch_is_another_one() {
    let setup = Setup { loss: Loss::Renamed, ..Setup::small(3) };
    cut_and_forget(&setup, &[ServerError::RESUME_MISMATCH], |run| run.lose(Fate::Lost));
}

#[test]
fn an_operation_that_was_alone_for_too_long_has_expired() {
    let setup = Setup { ttl: PAUSE / 2, ..Setup::small(3) };
    // A request with the key of what has expired is refused as well.
    let mut refused = 0;
    at_every_arrival(Pair::new(setup), |base, way| {
        let mut run = base.clone();
        run.cut(way, 0, Fate::Lost);
        if run.client.verdict.is_some() {
            return;
        }
        match run.finish() {
            Verdict::Payload { .. } => {
                for cause in &run.client.transfer.restarts {
                    assert!(is_expired(cause) || *cause == Cause::Lost, "{cause:?}");
                }
            }
            Verdict::Failed(cause) => {
                assert!(
                    is_expired(&cause) && run.client.transfer.restarts == [Cause::Lost],
                    "{cause:?}"
                );
                refused += 1;
            }
            Verdict::Cancelled(outcome) => panic!("{outcome:?}"),
        }
    });
    assert!(refused <= 2, "only what was lost before it was accepted: {refused}");
}

fn is_expired(cause: &Cause) -> bool {
    let Cause::Exchange(ExchangeError::Server(error)) = cause else { return false };
    error.code == ServerError::RESUME_EXPIRED
}

/// Cuts a run at every border; `is_told` says whether a cause is what the server's frames mean.
fn resume_in_vain(tamper: fn(String) -> String, is_told: fn(&Cause) -> bool) {
    let mut told = 0;
    for gives_out in [false, true] {
        let setup = Setup { tamper: Some(tamper), gives_out, ..Setup::small(3) };
        at_every_arrival(Pair::new(setup), |base, way| {
            for fate in FATES {
                let mut run = base.clone();
                run.cut(way, 0, fate);
                match run.finish() {
                    Verdict::Payload { .. } => {}
                    Verdict::Failed(cause) => assert!(gives_out && is_told(&cause), "{cause:?}"),
                    Verdict::Cancelled(outcome) => panic!("{outcome:?}"),
                }
                let restarts = &run.client.transfer.restarts;
                assert!(restarts.iter().all(|c| *c == Cause::Lost || is_told(c)), "{restarts:?}");
                told += restarts.iter().filter(|cause| is_told(cause)).count();
            }
        });
    }
    assert!(told > 10, "{told}");
}

fn is_resumed(text: &str) -> bool {
    text.starts_with("{\"id\":\"stream_")
}

#[test]
fn a_server_that_goes_on_with_another_epoch_is_not_followed() {
    let rename = |text: String| {
        if is_resumed(&text) { text.replace("\"epoch\":\"e-", "\"epoch\":\"x-") } else { text }
    };
    resume_in_vain(rename, |cause| {
        matches!(cause, Cause::Exchange(ExchangeError::EpochChanged { .. }))
    });
}

#[test]
fn a_server_that_does_not_accept_is_not_followed() {
    let hide = |text: String| {
        let hidden = "\"type\":\"noted\"";
        if is_resumed(&text) { text.replace("\"type\":\"accepted\"", hidden) } else { text }
    };
    resume_in_vain(hide, |cause| {
        matches!(cause, Cause::Exchange(ExchangeError::NotAccepted { .. }))
    });
}

#[test]
fn a_client_with_other_bytes_or_borders_is_refused() {
    for (payload, chunk_bytes) in [(1, 100), (0, 99)] {
        cut_and_forget(&Setup::small(3), &[ServerError::RESUME_MISMATCH], |run| {
            run.lose(Fate::Lost);
            // What had no chunk yet may go on with whatever there is.
            if run.client.has_bytes() {
                run.server.swap_payload(payload, chunk_bytes);
            }
        });
    }
}
