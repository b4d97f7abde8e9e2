//! Checks a server against PROTOCOL.md, sentence by sentence.
//!
//! ```no_run
//! use longhaul::Client;
//! use longhaul::check::{self, Options};
//!
//! # async fn example() -> Result<(), longhaul::check::CheckError> {
//! let target = Client::builder("http://127.0.0.1:8000").basic("me", "secret");
//! let report = check::run(target, Options::new()).await?;
//! for result in report.results.iter().filter(|result| !result.findings.is_empty()) {
//!     println!("{} {}: {:?}", result.status, result.check.id, result.findings);
//! }
//! assert!(report.is_clean() && report.is_complete());
//! # Ok(())
//! # }
//! ```
//!
//! It speaks as the client does, and reads strictly where the client reads liberally. Everything
//! that it asks for only reads; what it starts, it ends, cancels or releases.
//!
//! ```text
//! run ─▶ groups of checks (sections) ─▶ Line ─▶ the server
//!              │ what came of them       │ every message
//!              ▼                         ▼
//!             Book ◀───────────────── Watched (one request)
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

mod ask;
mod book;
mod catalog;
mod line;
mod options;
mod probing;
mod report;
mod sections;
mod watched;
mod wire;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::timeout;

pub use catalog::{Check, catalog, section_title};
pub use options::Options;
pub use report::{CheckResult, Finding, Grade, Greeting, Report, SkippedChecks, Status};

use book::{Book, Evidence};
use catalog::{
    ACCEPTED_CHUNK_SIZE, ACCEPTED_FIRST, ACCEPTED_SHAPE, CONNECTION_STAYS, RELEASE_FREES,
    REQUEST_ENDS, UPGRADE_HEADERS, is_within,
};
use line::{Facts, Line, Trouble};
use options::Subject;
use probing::Probing;
use sections::{Group, welcome};

use crate::client::{ClientBuilder, ConnectError};
use crate::proto::{Feature, OperationName, Params, Welcome};

/// The payload of a reference server that is asked for, in bytes.
const TEST_PAYLOAD_BYTES: u64 = 40_001;
/// More than that payload takes however it is cut, in bytes.
const AMPLE_BYTES: u64 = 16 << 20;

/// A server was not checked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// No connection could be made, or the server did not take the session.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// PROTOCOL.md has no checks in this section.
    #[error("no check is in section {section:?}")]
    NoSection {
        /// What was asked for.
        section: String,
    },
}

/// The checks of these sections, in the order of PROTOCOL.md: all of them where no section is named.
///
/// # Errors
/// [`CheckError::NoSection`] if a section has none.
pub fn checks_in(sections: &[String]) -> Result<Vec<&'static Check>, CheckError> {
    let has_checks = |section: &&String| catalog().iter().any(|check| check.is_in(section));
    if let Some(section) = sections.iter().find(|section| !has_checks(section)) {
        return Err(CheckError::NoSection { section: section.clone() });
    }
    Ok(catalog().iter().copied().filter(|check| check.is_wanted(sections)).collect())
}

/// Checks the server that `target` describes.
///
/// A server that cannot be talked to at all, since its upgrade or its welcome is not right, gives a
/// report of that alone.
///
/// # Errors
/// [`CheckError`] if there is no connection, or nothing to check.
///
/// # Cancellation
/// Dropping the future drops the connections; what the server keeps of operations is left to it.
pub async fn run(target: ClientBuilder, options: Options) -> Result<Report, CheckError> {
    checks_in(&options.sections)?;
    let started = Instant::now();
    let way = target.into_way()?;
    let book = Book::default();
    let facts = Facts {
        silence: options.silence,
        max_payload_bytes: options.max_payload_bytes,
        ..Facts::default()
    };
    book.seen(&UPGRADE_HEADERS);
    let (mut line, greeted) = match Line::open(&way, Arc::new(facts.clone()), &book).await {
        Ok(opened) => opened,
        Err(ConnectError::NotOffered { header }) => {
            let came = format!("the header {header}");
            let (sent, expected) = ("an upgrade without it", "no such header");
            book.fault(&UPGRADE_HEADERS, Evidence { sent, expected, came: &came });
            return Ok(unusable(&book, &options, started));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(welcome) = welcome::judge(&greeted, &book) else {
        if let Some(refused) = welcome::refusal(&greeted) {
            return Err(refused.into());
        }
        return Ok(unusable(&book, &options, started));
    };
    if welcome.features.is_none() {
        book.set_of_old();
    }
    let facts = Arc::new(Facts {
        features: welcome.features,
        limits: welcome.limits,
        domains: welcome.domains.clone(),
        ..facts
    });
    line.facts = Arc::clone(&facts);
    let mut probing = Probing::new(way, book.clone(), facts, line, &options);
    if probing.subject.is_none() && welcome.domains.iter().any(|domain| domain == "test") {
        probing.subject = Some(test_payload());
    }
    if let Some(subject) = probing.subject.as_ref().filter(|subject| !subject.is_test) {
        probing.book.mask_params(&subject.params);
    }
    let subject = probing.subject.as_ref().map(|subject| subject.name.to_string());
    let is_accepting = probing.offers(Feature::Resume) || probing.offers(Feature::Binary);
    for check in [&ACCEPTED_SHAPE, &ACCEPTED_FIRST, &ACCEPTED_CHUNK_SIZE] {
        if !is_accepting {
            book.not_applicable(check, "the server offers neither `resume` nor `binary`");
        }
    }
    for group in sections::GROUPS {
        if !is_wanted(group, &options) {
            continue;
        }
        let left = options.limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            skip(group, &book, &out_of_time(&options));
            continue;
        }
        check(group, &mut probing, left, &options).await;
    }
    let left = options.limit.saturating_sub(started.elapsed()).max(options.silence);
    let may_keep = probing.offers(Feature::Resume) && !probing.keys.is_empty();
    let left_well = timeout(left, sections::leave(&mut probing)).await;
    if may_keep && !matches!(left_well, Ok(Ok(()))) {
        let sent = "stream.release of what was asked for with a key";
        let expected = "an answer behind it, so that it is known to be freed";
        let came = "none: what the server keeps of it stays until its `ttl`";
        book.note(&RELEASE_FREES, Evidence { sent, expected, came });
    }
    let unseen = match probing.ask() {
        Err(Trouble::Skip(why)) => why,
        _ => probing.blocked.unwrap_or_else(|| "nothing came that shows it".to_owned()),
    };
    Ok(report(&book, &welcome, subject, &unseen, &options, started))
}

/// Runs one group of checks to its end, or until it cannot go on.
async fn check(group: &Group, probing: &mut Probing, left: Duration, options: &Options) {
    tracing::info!(group = group.name, "{}", group.does);
    let book = probing.book.clone();
    probing.has_asked.store(false, Ordering::Relaxed);
    if group.streams
        && let Some(why) = &probing.blocked
    {
        return skip(group, &book, why);
    }
    let ended = timeout(left.min(options.group_limit), (group.run)(probing)).await;
    let trouble = match ended {
        Ok(Ok(())) => return,
        Ok(Err(trouble)) => trouble,
        // Where all of the time is over, that says nothing of the server.
        Err(_) if left < options.group_limit => Trouble::Skip(out_of_time(options)),
        Err(_) => Trouble::TooLong(options.group_limit),
    };
    let has_asked = probing.has_asked.load(Ordering::Relaxed);
    let may_run = match &trouble {
        Trouble::Computing(_) | Trouble::TooLong(_) => has_asked,
        Trouble::Silent(_) => has_asked && group.gives_sample,
        _ => false,
    };
    if may_run {
        let why = "the operation was left running, so it is not asked for again";
        probing.left_running = Some(why);
    }
    let why = match trouble {
        Trouble::Skip(why) => why,
        Trouble::Connect(error) => format!("no further connection: {error}"),
        Trouble::TooLarge(most) => {
            let came = format!("the payload is larger than {most} bytes");
            if probing.tests_with_payload() && most >= AMPLE_BYTES {
                let expected = format!("an end behind {TEST_PAYLOAD_BYTES} bytes");
                let evidence = Evidence { sent: group.does, expected: &expected, came: &came };
                book.fault(&REQUEST_ENDS, evidence);
            }
            format!("{came}: give --max-size")
        }
        Trouble::Endless(signs) => {
            let came = format!("{signs} frames of progress and warnings, and no end");
            let expected = "a last frame of what is small";
            book.fault(&REQUEST_ENDS, Evidence { sent: group.does, expected, came: &came });
            came
        }
        Trouble::Silent(time) => {
            let came = format!("no end within {time:?}");
            let expected = "a last frame of each request";
            book.fault(&REQUEST_ENDS, Evidence { sent: group.does, expected, came: &came });
            came
        }
        Trouble::Computing(time) => {
            let came = format!("nothing but pongs for {time:?}, as while a server computes");
            let expected = "a last frame; what takes longer rightly needs more, --idle-timeout";
            book.note(&REQUEST_ENDS, Evidence { sent: group.does, expected, came: &came });
            format!("it needs more time than {time:?}: give --idle-timeout")
        }
        Trouble::TooLong(limit) => {
            let came = "something to the last, and no end";
            let expected = "an end in time; what is slow rightly needs more, --group-timeout";
            book.note(&REQUEST_ENDS, Evidence { sent: group.does, expected, came });
            format!("it took longer than {limit:?}: give --group-timeout")
        }
        Trouble::Gone(came) => {
            let expected = "the connection stays";
            book.fault(&CONNECTION_STAYS, Evidence { sent: group.does, expected, came: &came });
            format!("the connection was lost: {came}")
        }
    };
    let why = book.shown(&why);
    tracing::info!(group = group.name, "ends early: {why}");
    if group.gives_sample && probing.sample.is_none() {
        probing.blocked.get_or_insert_with(|| why.clone());
    }
    skip(group, &book, &why);
}

/// Why what was not come to is skipped.
fn out_of_time(options: &Options) -> String {
    format!("{:?} were over: give --timeout", options.limit)
}

fn skip(group: &Group, book: &Book, why: &str) {
    group.shows.iter().for_each(|check| book.skip(check, why));
}

/// Whether a group has to run for one of the sections that are wanted.
fn is_wanted(group: &Group, options: &Options) -> bool {
    let sections = &options.sections;
    let feeds = |section: &String| {
        group.feeds.iter().any(|fed| is_within(fed, section) || is_within(section, fed))
    };
    let is_fed = sections.is_empty() || sections.iter().any(feeds);
    let is_needed = group.gives_sample
        && sections::GROUPS.iter().any(|other| other.streams && is_wanted(other, options));
    is_fed || is_needed
}

/// The report on a server that cannot be talked to.
fn unusable(book: &Book, options: &Options, started: Instant) -> Report {
    let unseen = "the server cannot be talked to";
    report(book, &Welcome::default(), None, unseen, options, started)
}

fn report(
    book: &Book,
    welcome: &Welcome,
    operation: Option<String>,
    unseen: &str,
    options: &Options,
    started: Instant,
) -> Report {
    let is_wanted = |check: &Check| check.is_wanted(&options.sections);
    let (requests, connections) = book.counts();
    Report {
        server: Greeting::new(welcome),
        operation,
        results: book.results(welcome.features, unseen, is_wanted),
        requests,
        connections,
        elapsed: started.elapsed(),
    }
}

fn test_payload() -> Subject {
    let params = Params::new().with("size", TEST_PAYLOAD_BYTES).with("seed", 7);
    let name = OperationName::new("test", "payload");
    Subject { name, params, packages: Vec::new(), is_test: true }
}
