//! A server that is right but for one thing, which a proxy changes.

use std::io::Read;
use std::sync::{Arc, Mutex};

use longhaul::check::Report;
use longhaul::check::Status::{self, Deviation, Fault, Note};
use longhaul::proto::Feature;
use longhaul::proto::checksum::Sha256;
use longhaul::server::{DEFAULT_PATH, TestPayload};

use crate::support::PACKAGE;
use crate::tamper::{Change, Tamper};
use crate::{assert_found, each, hasty, run, section_of, serve};

fn as_it_is() -> Change {
    Arc::new(|text| vec![text.to_owned()])
}

fn without(part: &'static str) -> Change {
    Arc::new(move |text| if text.contains(part) { Vec::new() } else { vec![text.to_owned()] })
}

fn replacing(from: &'static str, to: &'static str) -> Change {
    Arc::new(move |text| vec![text.replace(from, to)])
}

/// Asks for a stream where one answer of the test payload is asked for.
fn streaming_all() -> Change {
    Arc::new(|text| {
        let is_one = text.contains(r#""action":"payload""#) && !text.contains("\"stream\"");
        let whole = is_one.then(|| text.strip_suffix('}')).flatten();
        vec![whole.map_or_else(|| text.to_owned(), |text| format!("{text},\"stream\":true}}"))]
    })
}

/// Cuts ids that are longer than `most`.
fn cutting_ids(most: usize) -> Change {
    Arc::new(move |text| {
        let id = text.strip_prefix(r#"{"id":""#).and_then(|rest| rest.split('"').next());
        let cut = id.filter(|id| id.len() > most).map(|id| text.replacen(id, &id[..most], 1));
        vec![cut.unwrap_or_else(|| text.to_owned())]
    })
}

/// Replaces in texts that have `part`.
fn replacing_in(part: &'static str, from: &'static str, to: &'static str) -> Change {
    Arc::new(move |text| {
        vec![if text.contains(part) { text.replace(from, to) } else { text.to_owned() }]
    })
}

/// Puts the first entry of `files` in the place of the second.
fn naming_the_first_file_twice() -> Change {
    Arc::new(|text| {
        let twice = || {
            let (start, files) = text.split_once(r#""files":["#)?;
            let (first, rest) = files.split_once('}')?;
            let (_, rest) = rest.split_once('}')?;
            Some(format!(r#"{start}"files":[{first}}},{first}}}{rest}"#))
        };
        vec![twice().unwrap_or_else(|| text.to_owned())]
    })
}

async fn check(up: Change, down: Change, finds: &str, status: Status, about: &str) -> Report {
    check_with(up, down, &[], finds, status, about).await
}

async fn check_with(
    up: Change,
    down: Change,
    packages: &[&str],
    finds: &str,
    status: Status,
    about: &str,
) -> Report {
    let server = serve(|builder| builder).await;
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, up, down).await;
    let options = hasty().section(section_of(finds)).packages(packages.iter().copied());
    let report = run(&tamper.url(), options).await;
    assert_found(&report, finds, status, about);
    report
}

#[tokio::test]
async fn nothing_changed_passes() {
    let server = serve(|builder| builder).await;
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, as_it_is(), as_it_is()).await;
    let report = run(&tamper.url(), longhaul::check::Options::new()).await;
    assert!(report.is_clean(), "{}", crate::found(&report));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_are_others() {
    let codes = [
        ("UNKNOWN_DOMAIN", "2.1.unknown.domain"),
        ("UNKNOWN_ACTION", "2.1.unknown.action"),
        ("UNKNOWN_ACTION", "6.controls.unknown-action"),
        ("PARSE_ERROR", "3.5.parse-error.no-json"),
        ("PARSE_ERROR", "3.5.parse-error.no-id"),
        ("PARSE_ERROR", "3.5.parse-error.shape"),
        ("PARSE_ERROR", "3.5.parse-error.binary"),
        ("MISSING_PARAM", "9.missing-param"),
        ("MISSING_PARAM", "6.controls.missing-param"),
        ("MISSING_PARAM", "6.4.resume.missing-param"),
        ("CANCELLED", "6.2.cancel.ends"),
        ("CANCELLED", "6.2.cancel.answer"),
        ("RESUME_MISMATCH", "6.4.resume.prefix-mismatch"),
        ("RESUME_MISMATCH", "6.4.resume.offset-mismatch"),
        ("RESUME_MISMATCH", "6.4.resume.epoch-mismatch"),
        ("RESUME_MISMATCH", "6.4.key.other-params"),
        ("RESUME_UNKNOWN", "6.4.resume.unknown"),
        ("RESUME_UNKNOWN", "6.4.release.frees"),
        ("RESUME_UNKNOWN", "6.2.cancel.frees"),
        ("SUPERSEDED", "6.4.resume.latest-wins"),
    ];
    each(codes, async |(code, finds)| {
        let down = replacing(code, "SERVICE_EXCEPTION");
        check(as_it_is(), down, finds, Deviation, code).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_do_not_arrive_as_they_were_sent() {
    let cancel = r#""action":"cancel""#;
    let credit = r#""action":"credit""#;
    let release = r#""action":"release""#;
    let cases = [
        (without(cancel), "6.2.cancel.ends", Fault),
        (without(credit), "6.3.credit.goes-on", Fault),
        (without(release), "6.4.release.frees", Fault),
        (replacing("\"window\":3", "\"window\":2"), "6.3.credit.window", Fault),
        (replacing("\"window\":\"3\"", "\"window\":3"), "6.3.window.zero", Fault),
        (replacing("\"window\":1", "\"window\":2"), "6.3.credit.kept", Fault),
        (replacing_in(credit, "\"upTo\":1}", "\"upTo\":5}"), "6.3.credit.stale", Fault),
        (
            replacing("\"check_0\",\"upTo\":1099511627776}", "\"check_0\",\"upTo\":-1}"),
            "6.3.credit.ended",
            Fault,
        ),
        (replacing("\"target\":\"check_0\"}", "\"target\":\"a b\"}"), "6.2.cancel.unknown", Fault),
        (replacing("\"operation\":\"", "\"key\":\""), "6.4.accepted.shape", Fault),
        (replacing("\"longhaulCheck\":\"other\"", "\"seed\":7"), "6.4.key.other-params", Fault),
        (
            replacing_in(
                "\"params\":{\"size\":40001,\"seed\":7,\"stream\"",
                "\"stream\":true",
                "\"x\":1",
            ),
            "2.3.stream.in-params",
            Deviation,
        ),
        (streaming_all(), "4.1.answer.single", Deviation),
        (replacing("x-unknown", "id"), "2.request.json", Fault),
        (replacing("Az09-_-_Za90", "az09"), "2.2.id.echoed", Fault),
        (cutting_ids(63), "2.2.id.echoed", Fault),
        (cutting_ids(127), "2.2.id.echoed", Fault),
        (replacing_in(credit, "\"upTo\":3}", "\"upTo\":1}"), "6.3.credit.stale", Fault),
    ];
    each(cases, async |(up, finds, status)| {
        check(up, as_it_is(), finds, status, finds).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_do_not_arrive_as_they_were_sent() {
    let welcome = r#""id":"welcome""#;
    let twice: Change = Arc::new(|text| vec![text.to_owned(), text.to_owned()]);
    let cases = [
        (replacing("\"pong\":true", "\"pong\":false"), "10.2.ping.pong", Fault),
        (replacing("\"types\":", "\"kinds\":"), "10.1.types.counted", Fault),
        (
            replacing_in(welcome, "\"maxTransfers\":16", "\"maxTransfers\":0"),
            "1.2.welcome.limits",
            Fault,
        ),
        (
            replacing_in(welcome, "\"maxTransfers\":16", "\"maxTransfers\":\"16\""),
            "1.2.welcome.limits",
            Deviation,
        ),
        (
            replacing_in(welcome, "\"maxTransfers\":16", "\"maxTransfers\":15"),
            "1.2.limits.max-transfers",
            Deviation,
        ),
        (
            replacing_in(welcome, "\"maxTransfers\":16", "\"maxTransfers\":17"),
            "1.2.limits.max-transfers",
            Deviation,
        ),
        (
            replacing_in(welcome, "\"maxChunk\":16777216", "\"maxChunk\":4000"),
            "1.2.limits.max-chunk",
            Fault,
        ),
        (
            replacing_in(welcome, "\"stream\",", "\"stream\",\"stream\","),
            "1.2.welcome.features",
            Deviation,
        ),
        (
            replacing_in(welcome, "\"session\":\"longhaul", "\"session\":7,\"x\":\""),
            "1.2.welcome.data",
            Deviation,
        ),
        (replacing_in(welcome, "\"success\":true,", ""), "1.2.welcome.first", Fault),
        (twice, "3.1.last.last", Deviation),
        (replacing_in("\"alias\"", "\"alias\":2", "\"alias\":1"), "6.5.alias.fresh", Fault),
        (
            replacing_in("accepted", "\"chunkSize\":5714", "\"chunkSize\":5715"),
            "6.4.accepted.shape",
            Fault,
        ),
        (
            replacing_in("accepted", "\"chunkSize\":5714", "\"chunkSize\":5713"),
            "6.4.accepted.chunk-size",
            Fault,
        ),
        (replacing_in("accepted", "\"ttl\"", "\"ttl2\""), "6.4.accepted.shape", Fault),
        (replacing_in("accepted", "\"epoch\":\"", "\"epoch\":\"x"), "6.4.resume.goes-on", Fault),
        (without("\"type\":\"accepted\""), "6.5.alias.known", Fault),
    ];
    each(cases, async |(down, finds, status)| {
        check(as_it_is(), down, finds, status, finds).await;
    })
    .await;
}

/// What goes wrong for one reason is reported once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_departure_is_one_finding() {
    let cases = [
        (r#""action":"cancel""#, "6.2.cancel.ends"),
        (r#""action":"credit""#, "6.3.credit.goes-on"),
    ];
    each(cases, async |(action, finds)| {
        let report = check(without(action), as_it_is(), finds, Fault, finds).await;
        let ends = report.result("4.1.request.ends");
        assert!(ends.is_none_or(|ends| ends.findings.is_empty()), "{}", crate::found(&report));
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_a_key_runs_again() {
    let down: Change = Arc::new(|text| {
        let again = text.contains(r#""type":"accepted""#).then(|| text.split(',').next()).flatten();
        let progress = |done| Some(format!(r#"{},"type":"progress","done":{done}}}"#, again?));
        [Some(text.to_owned()), progress(0), progress(50)].into_iter().flatten().collect()
    });
    check(as_it_is(), down, "6.4.key.attaches", Note, "progress from the start").await;
}

#[tokio::test]
async fn a_checksum_that_is_wrong_of_a_few_bytes() {
    let down: Change = Arc::new(|text| {
        let is_short = text.contains(r#"==","offset""#);
        let crc32 = text.split_once(r#""crc32":""#).filter(|_| is_short);
        vec![crc32.map_or_else(
            || text.to_owned(),
            |(start, rest)| format!(r#"{start}"crc32":"00000000{}"#, &rest[8..]),
        )]
    });
    check(as_it_is(), down, "6.1.chunk.crc32", Fault, "chunks of 1 and 13 bytes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_about_a_package() {
    let few = replacing("\"maxTransfers\":16", "\"maxTransfers\":3");
    let cases = [
        (few, "1.2.limits.max-transfers"),
        (replacing("\"size\":", "\"size\":1"), "10.1.export.result"),
        (replacing("\"files\":[", "\"files\":[{\"path\":\"x\"},"), "10.1.export.result"),
        (replacing("\"files\":[", "\"files\":[],\"x\":["), "10.1.export.result"),
        (naming_the_first_file_twice(), "10.1.export.result"),
        (replacing("\"fileCount\":", "\"fileCount\":1"), "10.1.export.result"),
    ];
    each(cases, async |(down, finds)| {
        check_with(as_it_is(), down, &[PACKAGE], finds, Deviation, finds).await;
    })
    .await;
}

/// What is answered with an id that the check itself wrote is not somebody else's.
#[tokio::test]
async fn ids_that_were_only_named_are_no_strangers() {
    let bad_ids = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = Arc::clone(&bad_ids);
    let up: Change = Arc::new(move |text| {
        let id = [r#""id":"a b""#, r#""id":"welcome""#]
            .into_iter()
            .find(|id| text.starts_with(&format!("{{{id}")));
        seen.lock().unwrap().extend(id.map(str::to_owned));
        vec![text.to_owned()]
    });
    let sent = Arc::clone(&bad_ids);
    let down: Change = Arc::new(move |text| {
        let mut sent = sent.lock().unwrap();
        match text.contains("PARSE_ERROR").then(|| sent.pop()).flatten() {
            Some(id) => vec![text.replace(r#""id":"unknown""#, &id)],
            None => vec![text.to_owned()],
        }
    });
    let server = serve(|builder| builder).await;
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, up, down).await;
    let report = run(&tamper.url(), hasty().section("3.5")).await;
    assert_found(&report, "3.5.parse-error.shape", Deviation, "an id that is echoed");
    for id in ["2.2.id.echoed", "1.2.welcome.once"] {
        assert!(
            report.result(id).is_none_or(|result| result.findings.is_empty()),
            "{id}\n{}",
            crate::found(&report)
        );
    }
    // The same of the target of a control.
    let ids = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = Arc::clone(&ids);
    let up: Change = Arc::new(move |text| {
        if text.contains(r#""target":"a b""#) {
            let id = text.split('"').nth(3).unwrap();
            seen.lock().unwrap().push(format!(r#""id":"{id}""#));
        }
        vec![text.to_owned()]
    });
    let down: Change = Arc::new(move |text| {
        let ids = ids.lock().unwrap();
        vec![ids.iter().fold(text.to_owned(), |text, id| text.replace(id, r#""id":"a b""#))]
    });
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, up, down).await;
    let report = run(&tamper.url(), hasty().section("6")).await;
    assert_found(&report, "6.controls.missing-param", Deviation, "the id of a target");
    let strange = report.result("2.2.id.echoed");
    assert!(strange.is_none_or(|result| result.findings.is_empty()), "{}", crate::found(&report));
}

/// The empty id of a bad request is not that of a control which names nothing.
#[tokio::test]
async fn an_empty_id_that_is_echoed_is_no_answer_to_a_control() {
    let empty = r#"{"id":"","#;
    let was_empty = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&was_empty);
    let up: Change = Arc::new(move |text| {
        *seen.lock().unwrap() |= text.starts_with(empty);
        vec![text.to_owned()]
    });
    let down: Change = Arc::new(move |text| {
        let mut was_empty = was_empty.lock().unwrap();
        let is_its_answer = *was_empty && text.contains("PARSE_ERROR");
        *was_empty &= !is_its_answer;
        vec![if is_its_answer { text.replace(r#"{"id":"unknown","#, empty) } else { text.into() }]
    });
    let server = serve(|builder| builder).await;
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, up, down).await;
    let report = run(&tamper.url(), hasty().section("3.5").section("6")).await;
    assert_found(&report, "3.5.parse-error.shape", Deviation, "an id that is echoed");
    let missing = report.result("6.controls.missing-param").unwrap();
    assert!(missing.findings.is_empty(), "{}", crate::found(&report));
}

/// A server that does not look at the digest of a prefix: the proxy puts the right one in place.
#[tokio::test]
async fn a_prefix_that_is_taken_unseen() {
    let mut prefix = Vec::new();
    TestPayload::new(7, 40_001).take(40_001 / 7).read_to_end(&mut prefix).unwrap();
    let wrong = Sha256::of(b"another prefix").to_string();
    let right = Sha256::of(&prefix).to_string();
    let up: Change = Arc::new(move |text| vec![text.replace(&wrong, &right)]);
    check(up, as_it_is(), "6.4.resume.prefix-mismatch", Fault, "the digest").await;
}

#[tokio::test]
async fn a_server_may_go_without_keeping() {
    let server = serve(|builder| builder.without_feature(Feature::Binary)).await;
    let down = without("\"type\":\"accepted\"");
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, as_it_is(), down).await;
    let report = run(&tamper.url(), hasty()).await;
    assert!(report.is_clean(), "{}", crate::found(&report));
    assert_found(&report, "6.4.accepted.comes", Note, "no accepted");
}

/// What the server says of a key, however long, shows nothing of the key.
#[tokio::test]
async fn a_key_that_is_echoed_is_not_shown() {
    let server = serve(|builder| builder).await;
    let keys = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = Arc::clone(&keys);
    let up: Change = Arc::new(move |text| {
        if let Some((_, rest)) = text.split_once(r#""operation":""#) {
            // Another is of a form that no key has.
            let key = rest.split('"').next().filter(|key| key.len() == 22);
            seen.lock().unwrap().extend(key.map(str::to_owned));
        }
        vec![text.to_owned()]
    });
    let known = Arc::clone(&keys);
    let down: Change = Arc::new(move |text| {
        let keys = known.lock().unwrap();
        let (Some(key), Some((start, _))) = (keys.last(), text.split_once(r#","type":"#)) else {
            return vec![text.to_owned()];
        };
        let long = format!("{} {key} ", "no, ".repeat(30)).repeat(100);
        vec![format!(
            r#"{start},"type":"error","error":{{"code":"NO","message":"{key} {long}"}}}}"#
        )]
    });
    let tamper = Tamper::before(server.addr(), DEFAULT_PATH, up, down).await;
    let report = run(&tamper.url(), hasty()).await;
    let keys = keys.lock().unwrap();
    assert!(!keys.is_empty());
    for result in &report.results {
        let texts = result.findings.iter().flat_map(|f| [&f.sent, &f.expected, &f.came]);
        for text in texts.chain([&result.reason]) {
            assert!(text.chars().count() < 300, "{text}");
            assert!(keys.iter().all(|key| !text.contains(&key[..8])), "{text}");
        }
    }
}
