//! The checker, against the reference server as it is, as it is scripted, and behind a proxy that
//! changes what goes by.

mod departures;
mod faults;
mod peers;
mod profiles;
#[path = "../support/mod.rs"]
mod support;
mod tamper;
mod tampered;

use std::time::Duration;

use futures::stream::{self, StreamExt};
use longhaul::Client;
use longhaul::check::{self, Options, Report, Status};
use longhaul::server::{Server, ServerBuilder};

use support::{PACKAGE, deadline, small_sample};

/// A server of the small sample.
async fn serve(build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Server {
    let builder = build(Server::builder().package(PACKAGE, small_sample()));
    deadline(builder.bind("127.0.0.1:0")).await.unwrap()
}

/// Options for servers that may fall silent.
fn hasty() -> Options {
    Options::new().silence(Duration::from_secs(1))
}

/// The section of PROTOCOL.md that a check's id begins with.
fn section_of(id: &str) -> &str {
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let len: usize = id.split('.').take_while(is_number).map(|part| part.len() + 1).sum();
    &id[..len - 1]
}

async fn run(url: &str, options: Options) -> Report {
    deadline(check::run(Client::builder(url).no_proxy(), options)).await.unwrap()
}

/// Looks into each case, several at a time: what they take is waiting.
async fn each<T>(cases: impl IntoIterator<Item = T>, look: impl AsyncFn(T)) {
    stream::iter(cases).for_each_concurrent(8, |case| look(case)).await;
}

/// That a check found something at least so grave; shows all that was found otherwise.
#[track_caller]
fn assert_found(report: &Report, id: &str, status: Status, about: &str) {
    let result = report.result(id).unwrap_or_else(|| panic!("no check {id}"));
    assert!(
        result.status >= status && !result.findings.is_empty(),
        "{about}: {id} says {} ({}), and others:\n{}",
        result.status,
        result.reason,
        found(report)
    );
}

/// All that does not pass, a line each.
fn found(report: &Report) -> String {
    let results = report.results.iter().filter(|result| !result.findings.is_empty());
    let lines = results
        .map(|result| format!("{} {} {:#?}", result.status, result.check.id, result.findings));
    lines.collect::<Vec<_>>().join("\n")
}
