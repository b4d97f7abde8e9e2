//! Results, for people and for programs.

use std::collections::HashSet;
use std::time::Duration;

use bytesize::ByteSize;
use longhaul::Receipt;
use longhaul::ops::git::{Exported, Missing, ObjectKey, ObjectTime};
use longhaul::proto::{Skipped, Warning};
use serde::Serialize;

use crate::progress::Work;

/// How long an export in shards takes before a person is told what took longest; nobody asks that
/// of a shorter one.
const SLOW: Duration = Duration::from_secs(2);
/// How many of the slowest objects a person is told.
const SLOWEST_TOLD: usize = 5;
/// How many objects that nobody asked for a person is told.
const UNEXPECTED_TOLD: usize = 5;

/// What is said of a connection that was cut or closed, or of a time that ran out.
const STOPPED: [&str; 4] =
    ["connection was cut", "closed the connection", "gave no sign", "took longer than"];
/// What is said of a message that exceeds a limit.
const TOO_LARGE: [&str; 1] = ["exceeds the limit"];

/// What an export delivered, as `--json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportReport<'a> {
    /// The archive; `null` if none is kept.
    output: Option<&'a str>,
    /// The folder that holds the archive's files, if one was asked for.
    extracted: Option<&'a str>,
    #[serde(skip)]
    replaced: u64,
    bytes: u64,
    /// How many of them an earlier run had received; `null` if it started from the beginning.
    resumed_from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    digest_checked: bool,
    chunks: u64,
    object_count: u64,
    /// How many objects the server says there are.
    counted: Option<u64>,
    /// How many objects were asked for, by name or as listed; `null` if that is not known.
    requested: Option<usize>,
    /// How many of them the archive holds.
    received: Option<usize>,
    files: usize,
    complete: bool,
    skipped: &'a [Skipped],
    missing: &'a Missing,
    /// Objects that the archive holds and nobody asked for.
    unexpected: &'a [ObjectKey],
    /// The most sessions that were at work at once; `null` for one request.
    sessions: Option<usize>,
    /// How many requests the archive was put together of; `null` for one.
    shards: Option<usize>,
    /// The objects of shards that took longest, the slowest first.
    slowest: Vec<SlowObject<'a>>,
    warnings: &'a [Warning],
    elapsed_ms: u64,
}

/// An object that took long.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SlowObject<'a> {
    #[serde(flatten)]
    object: &'a ObjectKey,
    elapsed_ms: u64,
    /// Whether that is its share of a request for several.
    is_estimate: bool,
}

impl<'a> From<&'a ObjectTime> for SlowObject<'a> {
    fn from(time: &'a ObjectTime) -> Self {
        let ObjectTime { object, elapsed_ms, is_estimate, .. } = time;
        Self { object, elapsed_ms: *elapsed_ms, is_estimate: *is_estimate }
    }
}

impl<'a> ExportReport<'a> {
    pub(crate) fn new(
        output: Option<&'a str>,
        extracted: Option<&'a str>,
        replaced: u64,
        exported: &'a Exported,
        receipt: &'a Receipt,
    ) -> Self {
        Self {
            output,
            extracted,
            replaced,
            bytes: receipt.bytes,
            resumed_from: None,
            sha256: receipt.sha256.map(|digest| digest.to_string()),
            digest_checked: receipt.digest_checked,
            chunks: receipt.chunks,
            object_count: exported.objects,
            counted: exported.counted,
            requested: None,
            received: None,
            files: exported.files.len(),
            complete: exported.is_complete(),
            skipped: &exported.skipped,
            missing: &exported.missing,
            unexpected: &exported.unexpected,
            sessions: None,
            shards: None,
            slowest: exported.slowest.iter().map(SlowObject::from).collect(),
            warnings: &receipt.warnings,
            elapsed_ms: milliseconds(receipt.elapsed),
        }
    }

    pub(crate) fn resumed_from(mut self, bytes: Option<u64>) -> Self {
        self.resumed_from = bytes;
        self
    }

    /// All that was asked for is known by name.
    pub(crate) fn by_name(mut self, exported: &Exported) -> Self {
        let requested = exported.requested.len();
        self.requested = Some(requested);
        self.received = Some(requested.saturating_sub(exported.missing.objects.len()));
        self
    }

    pub(crate) fn work(mut self, work: Option<Work>) -> Self {
        self.sessions = work.map(|work| work.sessions);
        self.shards = work.map(|work| work.shards);
        self
    }

    /// The same for a person.
    pub(crate) fn lines(&self) -> Vec<String> {
        let elapsed = Duration::from_millis(self.elapsed_ms);
        let mut lines = vec![format!(
            "{}: {} objects, {} files, {} in {}",
            self.output.or(self.extracted).unwrap_or_default(),
            self.object_count,
            self.files,
            ByteSize(self.bytes),
            pace(self.bytes - self.resumed_from.unwrap_or(0).min(self.bytes), elapsed)
        )];
        lines.extend(self.sha256.as_ref().map(|digest| format!("sha256 {digest}")));
        if let (Some(_), Some(folder)) = (self.output, self.extracted) {
            lines.push(format!("extracted to {folder}"));
        }
        if self.replaced > 0 {
            lines.push(format!("replaced {} files", self.replaced));
        }
        lines.extend(self.slowest_line().filter(|_| elapsed >= SLOW));
        lines
    }

    fn slowest_line(&self) -> Option<String> {
        let named: Vec<_> = self.slowest.iter().take(SLOWEST_TOLD).collect();
        let is_rough = named.iter().any(|slow| slow.is_estimate);
        let named = named.into_iter().map(|SlowObject { object, elapsed_ms, is_estimate }| {
            let about = if *is_estimate { "~" } else { "" };
            let elapsed = Duration::from_millis(*elapsed_ms).as_secs_f64();
            format!("{}:{} {about}{elapsed:.1} s", object.kind(), object.name())
        });
        let named = named.collect::<Vec<_>>().join(", ");
        let rough = if is_rough { " (~: its share of a request)" } else { "" };
        (!named.is_empty()).then(|| format!("slowest: {named}{rough}"))
    }
}

/// What is missing from an archive, a line for each.
pub(crate) fn missing_lines(exported: &Exported) -> Vec<String> {
    let skipped = exported.skipped.iter().map(|skipped| {
        let Skipped { kind, name, reason, .. } = skipped;
        let reason = if reason.is_empty() { "the server gives no reason" } else { reason };
        format!("missing: {kind}:{name} ({reason})")
    });
    let explained: HashSet<_> = exported
        .skipped
        .iter()
        .map(|skipped| ObjectKey::new(&skipped.kind, &skipped.name))
        .collect();
    let unexplained = exported.missing.objects.iter();
    let unexplained = unexplained
        .filter(|key| !explained.contains(key))
        .map(|key| format!("missing: {}:{} (not in the archive)", key.kind(), key.name()));
    let uncounted = match exported.missing.uncounted {
        0 => None,
        n => Some(format!(
            "missing: {n} more that the server counts and does not name (it counts {}, the \
             archive holds {})",
            exported.counted.unwrap_or_default(),
            exported.objects
        )),
    };
    skipped.chain(unexplained).chain(uncounted).collect()
}

/// What to do about what is missing from an archive of shards, of whose packages those named held
/// nothing; `None` where there is nothing to do.
pub(crate) fn missing_hint(exported: &Exported, empty: &[String]) -> Option<String> {
    let empty: HashSet<_> = empty.iter().map(|name| ObjectKey::new("DEVC", name)).collect();
    let (unseen, absent): (Vec<_>, Vec<_>) =
        exported.missing.objects.iter().partition(|key| empty.contains(key));
    // Reasons are words, the server's own among them, so this is no more than a guess.
    let is_said = |words: &[&str]| {
        let mut reasons = exported.skipped.iter().map(|skipped| &skipped.reason);
        reasons.any(|reason| words.iter().any(|word| reason.contains(word)))
    };
    let hints = [
        (!unseen.is_empty()).then_some(
            "check the names of the packages that hold nothing, and whether the user may see them",
        ),
        (!absent.is_empty())
            .then_some("what is missing can be asked for by itself with --objects-from"),
        is_said(&STOPPED).then_some("the server may stop requests that take long"),
        is_said(&TOO_LARGE).then_some(
            "for an object that is too large for a message, allow larger ones with --max-message",
        ),
    ];
    let hints: Vec<_> = hints.into_iter().flatten().collect();
    (!hints.is_empty()).then(|| hints.join("; "))
}

/// What an archive holds that nobody asked for: what came with shards of an earlier listing, say.
pub(crate) fn unexpected_line(unexpected: &[ObjectKey]) -> String {
    let named = unexpected.iter().take(UNEXPECTED_TOLD);
    let named: Vec<_> = named.map(|key| format!("{}:{}", key.kind(), key.name())).collect();
    let more = if unexpected.len() > named.len() { ", …" } else { "" };
    let (count, named) = (unexpected.len(), named.join(", "));
    format!("the archive also holds {count} objects that are not listed: {named}{more}")
}

/// A time, and how many bytes a second that makes.
pub(crate) fn pace(bytes: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    format!("{seconds:.1} s ({}/s)", ByteSize(per_second(bytes, seconds)))
}

/// Whole milliseconds.
pub(crate) fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate")]
#[expect(clippy::cast_precision_loss, reason = "for people to look at")]
fn per_second(bytes: u64, seconds: f64) -> u64 {
    (bytes as f64 / seconds) as u64
}
