//! What is told on the way: progress, warnings, `accepted`. *Source*: PROTOCOL 4.2, 4.7, 6.4.

use super::{Accepted, Frame, Kind, Watched};
use crate::check::book::Evidence;
use crate::check::catalog::{
    ACCEPTED_FIRST, ACCEPTED_SHAPE, ONLY_AGREED, PROGRESS_RANGE, PROGRESS_SHAPE, WARNING_SHAPE,
};
use crate::check::wire::Member;
use crate::proto::Feature;
use crate::proto::limits::MAX_EPOCH_BYTES;

impl Watched {
    pub(super) fn take_progress(&mut self, frame: &Frame<'_>) -> Kind {
        self.progress = self.progress.saturating_add(1);
        frame.book.seen(&PROGRESS_SHAPE);
        let number = |key| match frame.object.number(key) {
            Member::Is(number) => Some(number),
            Member::Absent => None,
            Member::Other(_) => {
                frame.fault(&PROGRESS_SHAPE, "`done` and `total` as numbers");
                None
            }
        };
        let (done, total) = (number("done"), number("total"));
        frame.string("message");
        if !frame.object.has("done") && !frame.object.has("message") {
            frame.fault(&PROGRESS_SHAPE, "`done` or `message`");
        }
        if let Some(done) = done {
            frame.book.seen(&PROGRESS_RANGE);
            if !(0.0..=total.unwrap_or(100.0)).contains(&done) {
                frame.deviation(&PROGRESS_RANGE, "`done` from 0 to `total`, or to 100");
            }
        }
        Kind::Progress
    }

    pub(super) fn take_warning(&mut self, frame: &Frame<'_>) -> Kind {
        self.warnings = self.warnings.saturating_add(1);
        frame.book.seen(&WARNING_SHAPE);
        let kinds = ["item", "code", "message"].map(|key| frame.object.text(key));
        let [_, _, message] = &kinds;
        if *message == Member::Absent || kinds.iter().any(|kind| matches!(kind, Member::Other(_))) {
            frame.fault(&WARNING_SHAPE, "`message`, and each of its keys as a string");
        }
        Kind::Warning
    }

    pub(super) fn take_accepted(&mut self, frame: &Frame<'_>) -> Kind {
        let agreed = self.terms.agreed;
        let (is_kept, is_binary) =
            (agreed.contains(Feature::Resume), agreed.contains(Feature::Binary));
        frame.book.seen(&ONLY_AGREED);
        if !is_kept && !is_binary {
            let expected = "no `accepted`: neither `resume` nor `binary` was asked for";
            frame.deviation(&ONLY_AGREED, expected);
            return Kind::Other;
        }
        frame.book.seen(&ACCEPTED_FIRST);
        if self.accepted.is_some() {
            frame.deviation(&ACCEPTED_FIRST, "one `accepted`");
            return Kind::Other;
        }
        if !self.chunks.is_empty() {
            frame.fault(&ACCEPTED_FIRST, "`accepted` before the first chunk");
            return Kind::Other;
        }
        frame.book.seen(&ACCEPTED_SHAPE);
        let accepted = Accepted {
            epoch: frame.string("epoch"),
            ttl: frame.count("ttl"),
            chunk_bytes: frame.count("chunkSize").unwrap_or(0),
            alias: alias(frame, is_binary),
        };
        let most = self.terms.chunk_bytes.unwrap_or(u64::MAX);
        if accepted.chunk_bytes == 0 || accepted.chunk_bytes > most {
            let expected = format!("`chunkSize` from 1 to {most}, which was asked for");
            let evidence = Evidence { expected: &expected, ..frame.evidence("") };
            frame.book.fault(&ACCEPTED_SHAPE, evidence);
        }
        let epoch_fits = accepted.epoch.as_ref().is_some_and(|e| e.len() <= MAX_EPOCH_BYTES);
        if is_kept && !(epoch_fits && accepted.ttl.is_some()) {
            let expected = "`epoch` of at most 1024 bytes and `ttl`, since `resume` is agreed on";
            frame.fault(&ACCEPTED_SHAPE, expected);
        }
        self.accepted = Some(accepted);
        Kind::Accepted
    }
}

fn alias(frame: &Frame<'_>, is_binary: bool) -> Option<u32> {
    let alias = frame.count("alias")?;
    if !is_binary {
        frame.deviation(&ONLY_AGREED, "no `alias`: `binary` was not asked for");
        return None;
    }
    let alias = u32::try_from(alias).ok().filter(|alias| *alias > 0);
    if alias.is_none() {
        frame.fault(&ACCEPTED_SHAPE, "`alias` from 1 to 4294967295");
    }
    alias
}
