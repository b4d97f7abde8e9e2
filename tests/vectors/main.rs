//! Runs the test vectors in `tests/vectors/*.json` and holds PROTOCOL.md against them.
//!
//! What a case says is described in `tests/vectors/README.md`.

mod binary;
mod case;
mod document;
mod errors;
mod frames;
mod requests;
mod steering;
mod welcome;

use std::collections::{BTreeMap, BTreeSet};

use case::{Body, Case};
use document::Document;

/// How many cases there are at least, so that none gets lost unseen.
const LEAST_CASES: usize = 700;

#[test]
fn every_case_holds() {
    let document = Document::load();
    check_each(|case| match &case.body {
        Body::Frames(frames) => frames::check(frames),
        Body::Request(request) => requests::check_written(request),
        Body::Refused(refused) => requests::check_refused(refused),
        Body::Incoming(incoming) => requests::check_read(incoming),
        Body::Control(control) => steering::check_control(control),
        Body::Resume(resume) => steering::check_resume(resume),
        Body::Welcome(welcome) => welcome::check(welcome),
        Body::Binary(binary) => binary::check(binary, &document.binary_header()),
    });
}

#[test]
fn every_case_names_a_section_that_exists() {
    let document = Document::load();
    check_each(|case| {
        let exists = document.sections.contains(&case.section);
        exists.then_some(()).ok_or_else(|| format!("no section {} in PROTOCOL.md", case.section))
    });
}

#[test]
fn every_section_on_the_wire_has_a_case() {
    let covered: BTreeSet<_> = case::load().into_iter().map(|case| case.section).collect();
    let document = Document::load();
    let on_the_wire = |section: &&String| {
        let chapter = section.split('.').next().unwrap_or_default();
        // 10.6 is plain HTTP.
        let is_http = *section == "10.6";
        section.contains('.') && ["2", "3", "4", "6", "10"].contains(&chapter) && !is_http
    };
    let bare: Vec<_> =
        document.sections.iter().filter(on_the_wire).filter(|s| !covered.contains(*s)).collect();
    assert!(bare.is_empty(), "sections without a case: {bare:?}");
}

#[test]
fn names_are_unique_and_there_are_enough() {
    let cases = case::load();
    assert!(cases.len() >= LEAST_CASES, "{} cases", cases.len());
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for Case { file, name, .. } in &cases {
        if let Some(other) = files.insert(name, file) {
            panic!("{name} stands in {other} and in {file}");
        }
    }
}

#[test]
fn every_example_of_the_document_is_in_a_case() {
    let texts: BTreeSet<String> = case::load().iter().flat_map(Case::texts).collect();
    let document = Document::load();
    assert!(document.json_lines.len() > 40, "{} examples", document.json_lines.len());
    for line in &document.json_lines {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "no JSON: {line}");
    }
    let examples = document.json_lines.iter().chain(&document.hex_blocks);
    let bare: Vec<_> = examples.filter(|example| !texts.contains(*example)).collect();
    assert!(bare.is_empty(), "examples of PROTOCOL.md in no case: {bare:#?}");
}

#[test]
fn the_document_states_the_limits_of_the_code() {
    use longhaul::proto::{limits, records};
    let chapter = Document::load().chapter("8");
    for (name, default) in [
        ("message", limits::MAX_MESSAGE_BYTES.to_string()),
        ("payload", limits::MAX_PAYLOAD_BYTES.to_string()),
        ("parked bytes", limits::MAX_PARKED_BYTES.to_string()),
        ("parked chunks", limits::MAX_PARKED_CHUNKS.to_string()),
        ("remembered chunks", limits::REMEMBERED_CHUNKS.to_string()),
        ("empty chunks", limits::MAX_EMPTY_CHUNKS.to_string()),
        ("record", records::MAX_RECORD_BYTES.to_string()),
        ("warnings kept", limits::MAX_KEPT_WARNINGS.to_string()),
        ("idle limit", limits::IDLE_LIMIT.as_millis().to_string()),
        ("window", limits::WINDOW.to_string()),
        ("grant repeated", limits::GRANT_REPEAT.as_millis().to_string()),
        ("epoch", limits::MAX_EPOCH_BYTES.to_string()),
        ("chunk size asked for", limits::CHUNK_BYTES.to_string()),
    ] {
        let row = chapter.lines().find(|line| line.starts_with(&format!("| {name} |")));
        let stated = row.and_then(|row| row.split('|').nth(3)?.split([' ', ',']).nth(1));
        assert_eq!(stated, Some(default.as_str()), "{name}");
    }
    assert!(chapter.contains(&limits::SERVER_CHUNK_BYTES.to_string()));
}

/// Runs `check` on every case and reports all that fail, by file and name.
fn check_each(check: impl Fn(&Case) -> Result<(), String>) {
    let failures: Vec<_> = case::load()
        .iter()
        .filter_map(|case| {
            let why = check(case).err()?;
            Some(format!("{}: {}: {why}", case.file, case.name))
        })
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

/// Fails with both values where they differ.
fn expect_eq<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: &T,
    expected: &T,
) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}\n      got {got:?}\n expected {expected:?}"))
}
