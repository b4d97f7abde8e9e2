//! What has been seen so far, by check.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::catalog::{Check, catalog};
use super::report::{CheckResult, Finding, Grade, Status};
use crate::proto::{Feature, Features, Params};

/// How many findings of a check are kept; later ones are counted.
const MOST_FINDINGS: usize = 3;
/// How much of a text is shown, in characters.
const MOST_CHARS: usize = 240;
/// How much of a string is shown inside such a text, in characters: chunks would hide the rest.
const MOST_STRING_CHARS: usize = 48;
/// The shortest text of the user's params that is masked, in characters.
const LEAST_MASKED: usize = 4;

/// Takes down what was seen; cheap to clone, all clones write into the same book.
#[derive(Clone, Debug, Default)]
pub(super) struct Book(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    /// Whether the server names no features, so that what it does in its own way is known.
    is_of_old: bool,
    by_id: BTreeMap<&'static str, Page>,
    secrets: Vec<String>,
    requests: u64,
    connections: u64,
}

#[derive(Debug, Default)]
struct Page {
    is_seen: bool,
    times: u64,
    findings: Vec<Finding>,
    /// Why it was not looked at.
    skipped: Option<String>,
    not_applicable: Option<String>,
}

/// What should have come, and what did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    pub(super) sent: &'a str,
    pub(super) expected: &'a str,
    pub(super) came: &'a str,
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_of_old(&self) {
        self.pages().is_of_old = true;
    }

    pub(super) fn note_request(&self) {
        let mut pages = self.pages();
        pages.requests = pages.requests.saturating_add(1);
    }

    pub(super) fn note_connection(&self) {
        let mut pages = self.pages();
        pages.connections = pages.connections.saturating_add(1);
    }

    /// How many requests were sent, on how many connections.
    pub(super) fn counts(&self) -> (u64, u64) {
        let pages = self.pages();
        (pages.requests, pages.connections)
    }

    /// Never shows this text.
    pub(super) fn mask(&self, secret: &str) {
        self.pages().secrets.push(secret.to_owned());
    }

    /// Never shows the texts in these params of the user's, the shortest aside.
    pub(super) fn mask_params(&self, params: &Params) {
        let mut left = vec![serde_json::from_str(&params.to_json()).unwrap_or(Value::Null)];
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) if text.chars().count() >= LEAST_MASKED => self.mask(&text),
                Value::Array(values) => left.extend(values),
                Value::Object(values) => left.extend(values.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
    }

    /// A text as it is shown: cut, and without secrets.
    pub(super) fn shown(&self, text: &str) -> String {
        self.pages().shown(text)
    }

    /// The check was looked at; it passes where nothing is found.
    pub(super) fn seen(&self, check: &'static Check) {
        self.pages().page(check).is_seen = true;
    }

    /// The check cannot be looked at now, and why.
    pub(super) fn skip(&self, check: &'static Check, why: &str) {
        let mut pages = self.pages();
        let why = pages.shown(why);
        pages.page(check).skipped.get_or_insert(why);
    }

    /// The check is not for this server or this operation, and why.
    pub(super) fn not_applicable(&self, check: &'static Check, why: &str) {
        let mut pages = self.pages();
        let why = pages.shown(why);
        pages.page(check).not_applicable.get_or_insert(why);
    }

    /// A client cannot rely on it.
    pub(super) fn fault(&self, check: &'static Check, evidence: Evidence<'_>) {
        self.find(check, Grade::Fault, evidence);
    }

    /// A client that reads liberally copes.
    pub(super) fn deviation(&self, check: &'static Check, evidence: Evidence<'_>) {
        self.find(check, Grade::Deviation, evidence);
    }

    /// As a deviation, but known of servers that name no features.
    pub(super) fn quirk(&self, check: &'static Check, evidence: Evidence<'_>) {
        let is_of_old = self.pages().is_of_old;
        self.find(check, if is_of_old { Grade::Note } else { Grade::Deviation }, evidence);
    }

    /// Worth knowing.
    pub(super) fn note(&self, check: &'static Check, evidence: Evidence<'_>) {
        self.find(check, Grade::Note, evidence);
    }

    fn find(&self, check: &'static Check, grade: Grade, evidence: Evidence<'_>) {
        let mut pages = self.pages();
        let finding = Finding {
            grade,
            sent: pages.shown(evidence.sent),
            expected: pages.shown(evidence.expected),
            came: pages.shown(evidence.came),
        };
        let page = pages.page(check);
        page.is_seen = true;
        page.times = page.times.saturating_add(1);
        // The gravest are what the reader has to see.
        let place = page.findings.partition_point(|other| other.grade >= grade);
        page.findings.insert(place, finding);
        page.findings.truncate(MOST_FINDINGS);
    }

    /// The results of the checks that are wanted, and of all others that found a departure; `unseen` is why others were not looked at, where
    /// nothing else is known.
    pub(super) fn results(
        &self,
        features: Option<Features>,
        unseen: &str,
        is_wanted: impl Fn(&Check) -> bool,
    ) -> Vec<CheckResult> {
        let offers = |feature: Feature| features.is_some_and(|all| all.contains(feature));
        let mut pages = self.pages();
        let results = catalog().iter().map(|check| {
            let page = pages.by_id.remove(check.id).unwrap_or_default();
            page.into_result(check, check.needs.is_none_or(offers), unseen)
        });
        results.filter(|r| is_wanted(r.check) || r.status >= Status::Deviation).collect()
    }
}

impl Pages {
    fn page(&mut self, check: &'static Check) -> &mut Page {
        self.by_id.entry(check.id).or_default()
    }

    /// A text short enough to be read, without secrets.
    fn shown(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            // The server may have cut a key, so its beginning has to go too.
            let start: String = secret.chars().take(MOST_STRING_CHARS / 3).collect();
            for secret in [secret.as_str(), start.as_str()] {
                if !secret.is_empty() && text.contains(secret) {
                    text = Cow::Owned(text.replace(secret, "***"));
                }
            }
        }
        // Only now: a cut through a secret would leave a part of it.
        shorten(&text)
    }
}

impl Page {
    fn into_result(self, check: &'static Check, is_offered: bool, unseen: &str) -> CheckResult {
        let worst = self.findings.first().map(|finding| finding.grade);
        let (status, reason) = match worst {
            Some(grade) => (grade.into(), String::new()),
            // What was looked at in part does not pass.
            None => match (self.is_seen, self.not_applicable, self.skipped) {
                (true, _, None) => (Status::Pass, String::new()),
                _ if !is_offered => (Status::NotOffered, String::new()),
                (_, _, Some(why)) if self.is_seen => (Status::Skipped, why),
                (_, Some(why), _) => (Status::NotApplicable, why),
                (_, None, Some(why)) => (Status::Skipped, why),
                (_, None, None) => (Status::Skipped, unseen.to_owned()),
            },
        };
        CheckResult { check, status, reason, times: self.times, findings: self.findings }
    }
}

/// Cuts a text, and each long run without a quote or a space in it.
fn shorten(text: &str) -> String {
    let (mut short, mut run, mut room) = (String::new(), 0_usize, MOST_CHARS);
    for c in text.chars() {
        if room == 0 {
            short.push('…');
            break;
        }
        run = if matches!(c, '"' | ' ' | ',') { 0 } else { run.saturating_add(1) };
        match run {
            _ if run < MOST_STRING_CHARS => short.push(c),
            MOST_STRING_CHARS => short.push('…'),
            _ => continue,
        }
        room = room.saturating_sub(1);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::catalog::{CHUNK_GAP, CREDIT_KEPT, JSON_STRICT};

    const EVIDENCE: Evidence<'_> = Evidence { sent: "a", expected: "b", came: "c" };

    fn status(book: &Book, features: Option<Features>, check: &Check) -> Status {
        let results = book.results(features, "", |other| other.id == check.id);
        results.first().unwrap().status
    }

    #[test]
    fn the_gravest_counts_and_findings_are_few() {
        let book = Book::default();
        book.seen(&CHUNK_GAP);
        for _ in 0..5 {
            book.note(&CHUNK_GAP, EVIDENCE);
        }
        book.fault(&CHUNK_GAP, EVIDENCE);
        let results = book.results(None, "", |check| check.id == CHUNK_GAP.id);
        let result = results.first().unwrap();
        assert_eq!((result.status, result.times, result.findings.len()), (Status::Fault, 6, 3));
    }

    #[test]
    fn quirks_are_known_of_servers_of_old() {
        let book = Book::default();
        book.quirk(&JSON_STRICT, EVIDENCE);
        assert_eq!(status(&book, None, &JSON_STRICT), Status::Deviation);
        book.set_of_old();
        book.quirk(&JSON_STRICT, EVIDENCE);
        assert_eq!(status(&book, None, &JSON_STRICT), Status::Note);
    }

    #[test]
    fn what_is_not_offered_is_not_missing() {
        let book = Book::default();
        book.skip(&CREDIT_KEPT, "no operation");
        let with = Features::from_names(["credit"]);
        assert_eq!(status(&book, None, &CREDIT_KEPT), Status::NotOffered);
        book.skip(&CREDIT_KEPT, "no operation");
        assert_eq!(status(&book, Some(with), &CREDIT_KEPT), Status::Skipped);
    }

    #[test]
    fn evidence_is_short_and_without_keys() {
        let book = Book::default();
        let key = "k".repeat(22);
        book.mask(&key);
        let long = format!(r#"{{"operation":"{key}","data":"{}","seq":1}}"#, "A".repeat(10_000));
        book.fault(&CHUNK_GAP, Evidence { came: &long, ..EVIDENCE });
        let results = book.results(None, "", |check| check.id == CHUNK_GAP.id);
        let came = &results.first().unwrap().findings.first().unwrap().came;
        assert!(!came.contains("kkk") && came.ends_with(r#"","seq":1}"#), "{came}");
        assert!(came.chars().count() < 150);
    }

    #[test]
    fn no_part_of_a_key_is_left_where_a_text_is_cut() {
        let key = "k".repeat(22);
        for before in 200..260 {
            let book = Book::default();
            book.mask(&key);
            let long = format!("{}{key} and more {key}", "a ".repeat(before / 2));
            book.skip(&CHUNK_GAP, &long);
            book.fault(&JSON_STRICT, Evidence { came: &long, ..EVIDENCE });
            let results = book.results(None, "", |_| true);
            for result in results {
                let came = result.findings.iter().map(|finding| &finding.came);
                assert!(came.chain([&result.reason]).all(|text| !text.contains('k')));
                assert!(result.reason.chars().count() <= MOST_CHARS + 1);
            }
        }
    }
}
