//! Results, for people and for programs.

use std::collections::HashSet;
use std::time::Duration;

use bytesize::ByteSize;
use longhaul::Receipt;
use longhaul::ops::git::{Exported, Missing, ObjectKey};
use longhaul::proto::{Skipped, Warning};
use serde::Serialize;

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
    sha256: String,
    digest_checked: bool,
    chunks: u64,
    object_count: u64,
    /// How many objects the server says there are.
    counted: Option<u64>,
    files: usize,
    complete: bool,
    skipped: &'a [Skipped],
    missing: &'a Missing,
    warnings: &'a [Warning],
    elapsed_ms: u64,
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
            sha256: receipt.sha256.to_string(),
            digest_checked: receipt.digest_checked,
            chunks: receipt.chunks,
            object_count: exported.objects,
            counted: exported.counted,
            files: exported.files.len(),
            complete: exported.is_complete(),
            skipped: &exported.skipped,
            missing: &exported.missing,
            warnings: &receipt.warnings,
            elapsed_ms: milliseconds(receipt.elapsed),
        }
    }

    pub(crate) fn resumed_from(mut self, bytes: Option<u64>) -> Self {
        self.resumed_from = bytes;
        self
    }

    /// The same for a person.
    pub(crate) fn lines(&self) -> Vec<String> {
        let elapsed = Duration::from_millis(self.elapsed_ms);
        let mut lines = vec![
            format!(
                "{}: {} objects, {} files, {} in {}",
                self.output.or(self.extracted).unwrap_or_default(),
                self.object_count,
                self.files,
                ByteSize(self.bytes),
                pace(self.bytes - self.resumed_from.unwrap_or(0).min(self.bytes), elapsed)
            ),
            format!("sha256 {}", self.sha256),
        ];
        if let (Some(_), Some(folder)) = (self.output, self.extracted) {
            lines.push(format!("extracted to {folder}"));
        }
        if self.replaced > 0 {
            lines.push(format!("replaced {} files", self.replaced));
        }
        lines
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
