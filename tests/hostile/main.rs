//! Servers that mean harm, each met by the real client in a process of its own.
//!
//! The client has to end by itself, with a typed error or with the right result, and its peak of
//! memory is looked at from outside: that of an idle client, measured in the same run, plus what
//! the behaviour may cost. `cargo test --release --test hostile -- --nocapture` prints a row for
//! each; `LONGHAUL_HOSTILE=word` runs only those with the word in their names.

#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "peaks are compared on Linux"))]

#[path = "../support/mod.rs"]
mod support;

mod archives;
mod case;
mod child;
mod chunks;
mod floods;
mod frames;
mod handshake;
mod launch;
mod listing;
mod logon;
mod requests;
mod serve;
mod texts;
mod welcome;

use case::run_all;

/// A client that does as its environment says; nothing where that says nothing.
#[test]
fn child() {
    child::run();
}

/// What starts a client, being smaller than any of them; nothing where nobody asks for it.
#[test]
fn launch() {
    launch::run();
}

#[test]
fn frames_that_are_none() {
    run_all("frames", frames::cases());
}

#[test]
fn floods_without_end() {
    run_all("floods", floods::cases());
}

#[test]
fn chunks_that_lie() {
    run_all("chunks", chunks::cases());
}

#[test]
fn texts_that_grow() {
    run_all("texts", texts::cases());
}

#[test]
fn requests_that_get_no_good_answer() {
    run_all("requests", requests::cases());
}

#[test]
fn welcomes_that_are_none() {
    run_all("welcome", welcome::cases());
}

#[test]
fn handshakes_that_lead_elsewhere() {
    run_all("handshake", handshake::cases());
}

#[test]
fn logons_without_end() {
    run_all("logon", logon::cases());
}

#[test]
fn listings_that_explode() {
    run_all("listing", listing::cases());
}

#[test]
fn archives_that_explode() {
    run_all("archives", archives::cases());
}
