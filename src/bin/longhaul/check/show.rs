//! A report for people.

use longhaul::check::{Check, CheckResult, Finding, Report, Status, section_title};
use serde::Serialize;

use crate::clean::clean;

/// How many results there are of each kind.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    pass: usize,
    note: usize,
    deviation: usize,
    fault: usize,
    not_offered: usize,
    not_applicable: usize,
    skipped: usize,
}

impl Counts {
    pub(super) fn new(report: &Report) -> Self {
        Self {
            pass: report.count(Status::Pass),
            note: report.count(Status::Note),
            deviation: report.count(Status::Deviation),
            fault: report.count(Status::Fault),
            not_offered: report.count(Status::NotOffered),
            not_applicable: report.count(Status::NotApplicable),
            skipped: report.count(Status::Skipped),
        }
    }
}

/// The whole report, section by section; where it is to be quiet, only what does not pass.
pub(super) fn lines(report: &Report, is_quiet: bool, is_colourful: bool) -> Vec<String> {
    let mut lines = if is_quiet { Vec::new() } else { head(report) };
    let width = report.results.iter().map(|result| result.check.id.len()).max().unwrap_or(0);
    let mut section = "";
    for result in &report.results {
        if is_quiet && result.findings.is_empty() {
            continue;
        }
        if result.check.section() != section {
            section = result.check.section();
            if !is_quiet {
                let title = section_title(section).unwrap_or_default();
                lines.extend([String::new(), format!("{section} {title}")]);
            }
        }
        lines.push(line(result, width, is_colourful));
        lines.extend(result.findings.iter().flat_map(evidence));
        let shown = u64::try_from(result.findings.len()).unwrap_or(u64::MAX);
        if result.times > shown {
            lines.push(format!("    … {} times in all", result.times));
        }
    }
    if !is_quiet {
        lines.push(String::new());
        let (requests, connections) = (report.requests, report.connections);
        let seconds = report.elapsed.as_secs_f64();
        let summary = summary(report);
        lines.push(format!(
            "{summary} ({requests} requests on {connections} connections in {seconds:.1} s)"
        ));
    }
    lines
}

fn head(report: &Report) -> Vec<String> {
    let server = &report.server;
    let features = server.features.as_ref().map(|names| names.join(", "));
    let or = |text: Option<String>, other: &str| {
        text.filter(|text| !text.is_empty()).map_or_else(|| other.to_owned(), |t| clean(&t).into())
    };
    vec![
        format!("version    {}", or(server.version.clone(), "not said")),
        format!("domains    {}", or(Some(server.domains.join(", ")), "none listed")),
        format!("features   {}", or(features, "none: base protocol only")),
        format!(
            "operation  {}",
            or(report.operation.clone(), "none: name a package or --operation")
        ),
    ]
}

fn line(result: &CheckResult, width: usize, is_colourful: bool) -> String {
    let CheckResult { check, status, reason, .. } = result;
    let word = format!("{status:14}");
    let word = match colour(*status) {
        Some(colour) if is_colourful => format!("\u{1b}[{colour}m{word}\u{1b}[0m"),
        _ => word,
    };
    let why = if reason.is_empty() { String::new() } else { format!(" ({})", clean(reason)) };
    format!("{word} {:width$}  {}{why}", check.id, check.title)
}

/// The code by which a terminal is asked for a colour.
fn colour(status: Status) -> Option<u8> {
    match status {
        Status::Pass => Some(32),
        Status::Note => Some(36),
        Status::Deviation => Some(33),
        Status::Fault => Some(31),
        _ => None,
    }
}

fn evidence(finding: &Finding) -> impl Iterator<Item = String> {
    let parts = [("sent", &finding.sent), ("expected", &finding.expected), ("came", &finding.came)];
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let lines: Vec<_> = parts.map(|(what, text)| format!("    {what:9} {}", clean(text))).collect();
    lines.into_iter()
}

/// `96 pass, 1 fault, 7 not offered`
pub(super) fn summary(report: &Report) -> String {
    let words = [
        Status::Pass,
        Status::Note,
        Status::Deviation,
        Status::Fault,
        Status::NotOffered,
        Status::NotApplicable,
        Status::Skipped,
    ];
    let counts = words.into_iter().map(|status| (report.count(status), status));
    let counts = counts.filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, status)| format!("{count} {status}")).collect();
    counts.join(", ")
}

/// How many checks were skipped, and why most of them; `None` where none was.
pub(super) fn skipped(report: &Report) -> Option<String> {
    let reasons = report.skipped();
    let first = reasons.first()?;
    let all = report.count(Status::Skipped);
    let checks = if all == 1 { "1 check was" } else { &*format!("{all} checks were") };
    let others = reasons.len().saturating_sub(1);
    let and = match others {
        0 => String::new(),
        1 => ", and for one other reason".to_owned(),
        others => format!(", and for {others} other reasons"),
    };
    Some(format!("{checks} skipped: {}{and}", first.reason))
}

/// What to do about skipped checks.
pub(super) fn skipped_hint(report: &Report) -> &'static str {
    if report.is_complete() {
        ""
    } else if report.operation.is_none() {
        "name a small package, or an operation that only reads with --operation"
    } else if report.operation.as_deref() == Some("test.payload") {
        "name a package: an export shows what the test payload does not"
    } else {
        "the report says why beside each; -v tells what is asked"
    }
}

/// What is checked.
pub(super) fn list(checks: &[&Check]) -> Vec<String> {
    let width = checks.iter().map(|check| check.id.len()).max().unwrap_or(0);
    checks.iter().map(|check| format!("{:width$}  {}", check.id, check.title)).collect()
}
