//! The upgrade, the welcome, pings. *Source*: PROTOCOL 1.

use futures::FutureExt as _;

use super::Group;
use crate::check::book::{Book, Evidence};
use crate::check::catalog::{
    JSON_STRICT, PING, WELCOME_ALIKE, WELCOME_DATA, WELCOME_FEATURES, WELCOME_FIRST,
    WELCOME_LIMITS, WELCOME_SHAPE,
};
use crate::check::line::{Greeted, Trouble};
use crate::check::probing::Probing;
use crate::check::wire::{Member, Object};
use crate::client::ConnectError;
use crate::proto::welcome::{MAX_WELCOME_BYTES, WelcomeError};
use crate::proto::{Feature, Features, Welcome};

/// The longest that pings may be asked to be apart, in milliseconds.
const MOST_PING_INTERVAL: u64 = 600_000;

pub(super) const GROUP: Group = Group {
    name: "welcome",
    does: "sends a ping, and opens another connection to compare its welcome",
    feeds: &["1"],
    shows: &[&PING, &WELCOME_ALIKE],
    streams: false,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let mut line = probing.line().await?;
    let has_pong = line.ping().await?;
    probing.book.seen(&PING);
    if !has_pong {
        let evidence = Evidence { sent: "a ping", expected: "a pong", came: "nothing" };
        probing.book.fault(&PING, evidence);
    }
    probing.keep(line);
    let other = probing.another_line().await?;
    let _ = other.close().await;
    Ok(())
}

/// Why the server did not take the session, where it says so as it should.
pub(in crate::check) fn refusal(greeted: &Greeted) -> Option<ConnectError> {
    let Greeted::Text(text) = greeted else { return None };
    match Welcome::read(text) {
        Err(refused @ WelcomeError::Refused(_)) => Some(refused.into()),
        _ => None,
    }
}

/// Holds a welcome against 1.2, and reads it if a client can.
pub(in crate::check) fn judge(greeted: &Greeted, book: &Book) -> Option<Welcome> {
    book.seen(&WELCOME_FIRST);
    let fault = |came: &str, expected: &str| {
        book.fault(&WELCOME_FIRST, Evidence { sent: "an upgrade", expected, came });
    };
    let text = match greeted {
        Greeted::Text(text) => text,
        Greeted::Not(came) => {
            fault(came, "the welcome");
            return None;
        }
    };
    if refusal(greeted).is_some() {
        return None;
    }
    let welcome = match Welcome::read(text) {
        Ok(welcome) => welcome,
        Err(error) => {
            fault(text, &format!("a welcome that can be read: {error}"));
            return None;
        }
    };
    judge_text(text, book);
    Some(welcome)
}

fn judge_text(text: &str, book: &Book) {
    let evidence = |expected: &'static str| Evidence { sent: "an upgrade", expected, came: text };
    for check in [&JSON_STRICT, &WELCOME_SHAPE, &WELCOME_DATA, &WELCOME_FEATURES, &WELCOME_LIMITS] {
        book.seen(check);
    }
    let Some(welcome) = Object::read(text) else {
        book.quirk(&JSON_STRICT, evidence("JSON without raw control characters"));
        return;
    };
    if text.len() > MAX_WELCOME_BYTES {
        book.fault(&WELCOME_SHAPE, evidence("at most 1 MiB"));
    }
    let Member::Is(data) = welcome.object("data") else {
        book.deviation(&WELCOME_SHAPE, evidence("an object as `data`"));
        return;
    };
    if welcome.flag("success") != Member::Is(true) || welcome.duplicate().is_some() {
        book.deviation(&WELCOME_SHAPE, evidence("`success` true, each key once"));
    }
    let is_text = |key| !matches!(data.text(key), Member::Other(_));
    if !is_text("session") || !is_text("version") {
        book.deviation(&WELCOME_DATA, evidence("`session` and `version` as strings"));
    }
    judge_features(&data, &evidence, book);
    judge_limits(&data, &evidence, book);
}

fn judge_features<'a>(
    data: &Object,
    evidence: &impl Fn(&'static str) -> Evidence<'a>,
    book: &Book,
) {
    let names = data.member("features", |raw| serde_json::from_str::<Vec<String>>(raw).ok());
    let Member::Is(names) = names else { return };
    let mut once = names.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() < names.len() {
        book.deviation(&WELCOME_FEATURES, evidence("each feature once"));
    }
    let features = Features::from_names(names.iter().map(String::as_str));
    let needing = [Feature::Checksum, Feature::Credit, Feature::Resume, Feature::Binary];
    let is_needed = needing.into_iter().any(|feature| features.contains(feature));
    if is_needed && !features.contains(Feature::Stream) {
        book.deviation(&WELCOME_FEATURES, evidence("`stream`, which the others need"));
    }
}

fn judge_limits<'a>(data: &Object, evidence: &impl Fn(&'static str) -> Evidence<'a>, book: &Book) {
    let limits = match data.object("limits") {
        Member::Absent => return,
        Member::Is(limits) => limits,
        Member::Other(_) => {
            book.deviation(&WELCOME_LIMITS, evidence("`limits` as an object"));
            return;
        }
    };
    for key in ["maxChunk", "maxWindow", "maxTransfers", "minPingInterval"] {
        match limits.count(key) {
            Member::Other(_) => {
                book.deviation(&WELCOME_LIMITS, evidence("numbers that count in `limits`"));
            }
            Member::Is(0) if key != "minPingInterval" => {
                let expected = "limits of 1 or more: nobody can keep to 0";
                book.fault(&WELCOME_LIMITS, evidence(expected));
            }
            Member::Is(ms) if key == "minPingInterval" && ms > MOST_PING_INTERVAL => {
                let expected = "`minPingInterval` of 10 minutes at most: clients honour no more";
                book.note(&WELCOME_LIMITS, evidence(expected));
            }
            Member::Absent | Member::Is(_) => {}
        }
    }
}
