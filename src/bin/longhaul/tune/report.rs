//! What was measured, for people and for programs.

use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use comfy_table::{CellAlignment, LineStyle, Table, presets};
use serde::Serialize;

use super::advice::Advice;
use super::run::{Run, Size, median};
use crate::report::milliseconds;

/// Runs that take less say little.
const SHORT_RUN: Duration = Duration::from_millis(100);

/// What came of the measuring.
#[derive(Debug)]
pub(super) struct Report {
    /// What was transferred.
    pub(super) subject: String,
    pub(super) sizes: Vec<Size>,
    pub(super) advice: Advice,
    /// How many rounds were measured of how many, if time ran out.
    pub(super) cut_short: Option<(u32, u32)>,
    pub(super) warm_up: Run,
    pub(super) elapsed: Duration,
}

impl Report {
    /// Whether there is anything to show.
    pub(super) fn is_measured(&self) -> bool {
        self.rounds() > 0
    }

    fn rounds(&self) -> usize {
        self.sizes.first().map_or(0, |size| size.runs.len())
    }

    /// A table and what follows from it; a plain sentence where there is nothing to choose.
    pub(super) fn lines(&self, picture: Option<&Path>) -> Vec<String> {
        let (bytes, subject) = (ByteSize(self.warm_up.bytes), &self.subject);
        if !self.is_measured() {
            return vec![format!("nothing to tune: {}", self.advice.reason)];
        }
        let rounds = self.rounds();
        let round_word = if rounds == 1 { "round" } else { "rounds" };
        let took = seconds(self.elapsed);
        let mut lines = vec![format!("{subject}, {bytes}, {rounds} {round_word} in {took}")];
        lines.extend(self.table().lines());
        if let Some((measured, wanted)) = self.cut_short {
            lines.push(format!("time ran out after {measured} of {wanted} rounds (--timeout)"));
        }
        lines.extend(self.short_runs());
        lines.extend(self.held_up());
        lines.extend(self.advice.ignored.clone());
        if let Some(bytes) = self.advice.chunk_bytes {
            let reason = &self.advice.reason;
            lines.push(if self.advice.is_change {
                format!("use --chunk-size {}: {reason}", flag(bytes))
            } else {
                format!("keep the default chunk size, {}: {reason}", size(bytes))
            });
        }
        lines.extend(picture.map(|path| format!("picture: {}", path.display())));
        lines
    }

    /// That what was measured is mostly other things than chunks.
    fn short_runs(&self) -> Option<String> {
        let middle = median(self.sizes.iter().map(|size| median(size.seconds())));
        (middle < SHORT_RUN.as_secs_f64())
            .then(|| format!("a run took only {}: something larger would tell more", short(middle)))
    }

    /// How many runs measured something else.
    fn held_up(&self) -> Option<String> {
        let runs = self.sizes.iter().flat_map(|size| &size.runs);
        let count = runs.filter(|run| run.was_held_up).count();
        (count > 0).then(|| {
            format!(
                "runs that waited for a lost connection or a busy server: {count}; measure again"
            )
        })
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
        let has_window = self.sizes.iter().any(|size| size.window.is_some());
        let mut header =
            vec!["asked for", "largest came", "first byte", "whole (least to most)", "rate"];
        header.push("CPU s/GiB");
        if has_window {
            header.push("ahead, at most");
        }
        table.set_header(header);
        for row in &self.sizes {
            let mark = if Some(row.asked) == self.advice.chunk_bytes { " *" } else { "" };
            let (least, most) = range(row.seconds());
            let first = median(row.runs.iter().map(|run| run.first_byte.as_secs_f64()));
            let processor = match row.processor().count() {
                0 => "-".to_owned(),
                _ => format!("{:.2}", median(row.processor())),
            };
            let mut cells = vec![
                format!("{}{mark}", size(row.asked)),
                size(row.largest()),
                short(first),
                format!("{} ({} to {})", short(median(row.seconds())), short(least), short(most)),
                format!("{}/s", ByteSize(whole(median(row.rates())))),
                processor,
            ];
            if has_window {
                cells.push(row.window_bytes().map_or("-".to_owned(), size));
            }
            table.add_row(cells);
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// The same for programs.
    pub(super) fn json<'a>(&'a self, picture: Option<&'a Path>) -> Json<'a> {
        let (advice, is_measured) = (&self.advice, self.is_measured());
        Json {
            subject: &self.subject,
            bytes: self.warm_up.bytes,
            is_stream: self.warm_up.is_stream,
            rounds: self.rounds(),
            is_complete: self.cut_short.is_none(),
            sizes: self.sizes.iter().filter(|_| is_measured).map(JsonSize::new).collect(),
            recommended: advice.chunk_bytes,
            is_change: advice.is_change,
            reason: &advice.reason,
            ignored: advice.ignored.as_deref(),
            output: picture.map(|path| path.to_string_lossy().into_owned()),
            elapsed_ms: milliseconds(self.elapsed),
        }
    }
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Json<'a> {
    subject: &'a str,
    bytes: u64,
    is_stream: bool,
    rounds: usize,
    /// Whether all rounds were measured before time ran out.
    is_complete: bool,
    sizes: Vec<JsonSize>,
    /// The size to use, in bytes; `null` where there is nothing to choose.
    recommended: Option<u64>,
    is_change: bool,
    reason: &'a str,
    /// What the server did otherwise than it was asked.
    ignored: Option<&'a str>,
    output: Option<String>,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonSize {
    chunk_size: u64,
    largest_chunk: u64,
    chunks: u64,
    /// `null` where the server sends as it likes.
    window_bytes: Option<u64>,
    first_byte_ms: Vec<f64>,
    elapsed_ms: Vec<f64>,
    bytes_per_second: u64,
    /// `null` where the system does not tell.
    cpu_seconds_per_gib: Option<f64>,
}

impl JsonSize {
    fn new(size: &Size) -> Self {
        let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
        let has_processor = size.processor().next().is_some();
        Self {
            chunk_size: size.asked,
            largest_chunk: size.largest(),
            chunks: size.runs.first().map_or(0, |run| run.chunks),
            window_bytes: size.window_bytes(),
            first_byte_ms: size.runs.iter().map(|run| ms(run.first_byte)).collect(),
            elapsed_ms: size.runs.iter().map(|run| ms(run.elapsed)).collect(),
            bytes_per_second: whole(median(size.rates())),
            cpu_seconds_per_gib: has_processor
                .then(|| (median(size.processor()) * 1e3).round() / 1e3),
        }
    }
}

/// The least and the most of some values.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::MAX, 0.0), |(least, most), now| (least.min(now), most.max(now)))
}

/// `768 KiB`: exact where it can be.
pub(super) fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => ByteSize(bytes).to_string(),
    }
}

/// A size as the command line takes it.
fn flag(bytes: u64) -> String {
    let text = size(bytes);
    if text.contains('.') { bytes.to_string() } else { text.replace(' ', "") }
}

/// `12.3 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// `1.23 s` or `4.5 ms`.
fn short(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.1 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 10.0 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.1} s"),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a figure for people")]
fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_they_are_given() {
        for (bytes, told, given) in [
            (64 << 10, "64 KiB", "64KiB"),
            (786_432, "768 KiB", "768KiB"),
            (5 << 20, "5 MiB", "5MiB"),
            (5_000_000, "4.8 MiB", "5000000"),
            (700, "700 B", "700B"),
        ] {
            assert_eq!((size(bytes).as_str(), flag(bytes).as_str()), (told, given));
            assert_eq!(crate::values::size(&flag(bytes)), Ok(bytes));
        }
    }
}
