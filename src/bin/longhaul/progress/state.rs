//! What is known of how far a transfer is, and one line that says it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use longhaul::client::Sessions;
use longhaul::proto::Progress;

use super::BAR_STEPS;

/// The rate is that of so long ago till now.
pub(super) const RATE_SPAN: Duration = Duration::from_secs(5);

/// What is known of a transfer.
#[derive(Debug)]
pub(super) struct State {
    begun: Instant,
    progress: Option<Progress>,
    /// How much was done when this began, from 0 to 1.
    done_before: f64,
    pub(super) bytes: u64,
    pub(super) resumed_from: Option<u64>,
    pub(super) is_kept: bool,
    /// Whether the connection was lost and nothing has come since.
    pub(super) is_cut: bool,
    /// Whether it is still being found out what there is to transfer.
    pub(super) is_listing: bool,
    sessions: Option<Sessions>,
    /// The most sessions that there could be, and were at work.
    most: Most,
    /// Bytes at times not longer ago than [`RATE_SPAN`], oldest first.
    samples: VecDeque<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Most {
    allowed: usize,
    at_work: usize,
}

/// How an export in shards was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// The most sessions that were at work at once.
    pub(crate) sessions: usize,
    /// How many requests were answered well, those of an earlier run included.
    pub(crate) shards: usize,
}

impl State {
    pub(super) fn new(begun: Instant) -> Self {
        Self {
            begun,
            progress: None,
            done_before: 0.0,
            bytes: 0,
            resumed_from: None,
            is_kept: false,
            is_cut: false,
            is_listing: false,
            sessions: None,
            most: Most::default(),
            samples: VecDeque::from([(begun, 0)]),
        }
    }

    /// It goes on with so many bytes, which say nothing of the rate.
    pub(super) fn resume(&mut self, bytes: u64) {
        (self.resumed_from, self.is_kept) = (Some(bytes), true);
        self.bytes = bytes;
        self.samples = VecDeque::from([(self.begun, bytes)]);
    }

    pub(super) fn update(
        &mut self,
        progress: Option<&Progress>,
        bytes: u64,
        sessions: Option<Sessions>,
    ) {
        if self.progress.as_ref() != progress {
            let is_first = self.progress.is_none();
            self.progress = progress.cloned();
            if is_first && self.resumed_from.is_some() {
                self.done_before = self.fraction().unwrap_or(0.0);
            }
        }
        let bytes = match sessions {
            // What is put together of shards is no news, and one that failed comes again.
            Some(sessions) => sessions.bytes.max(self.bytes),
            None => bytes,
        };
        if bytes < self.bytes {
            // It starts again, and what came before says nothing of the rate.
            self.samples.clear();
        }
        self.bytes = bytes;
    }

    /// Takes how it stands with the sessions; gives whether there may be fewer of them now, once.
    pub(super) fn note_sessions(&mut self, sessions: Sessions) -> bool {
        let could = self.most.allowed;
        let had_all = self.sessions.is_none_or(|before| before.allowed == could);
        self.sessions = Some(sessions);
        self.most.allowed = could.max(sessions.allowed);
        self.most.at_work = self.most.at_work.max(sessions.at_work);
        had_all && sessions.allowed < self.most.allowed
    }

    /// The most sessions that there could be.
    pub(super) fn most_allowed(&self) -> usize {
        self.most.allowed
    }

    pub(super) fn work(&self) -> Option<Work> {
        let sessions = self.sessions?;
        Some(Work { sessions: self.most.at_work, shards: sessions.shards })
    }

    /// Where the bar stands.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    #[expect(clippy::cast_precision_loss, reason = "1000 is exact")]
    pub(super) fn steps(&self) -> u64 {
        (self.fraction().unwrap_or(0.0).clamp(0.0, 1.0) * BAR_STEPS as f64) as u64
    }

    fn fraction(&self) -> Option<f64> {
        self.progress.as_ref().and_then(Progress::fraction)
    }

    /// One line: objects, bytes, rate, time left, sessions, and what the server is at.
    pub(super) fn describe(&mut self, now: Instant) -> String {
        let seconds = now.duration_since(self.begun).as_secs();
        if self.is_listing {
            return format!("listing the objects, {seconds} s");
        }
        let mut parts = Vec::new();
        match self.progress.as_ref().map(|progress| (progress.done, progress.total)) {
            Some((Some(done), Some(total))) => parts.push(format!("{done}/{total} objects")),
            Some((Some(percent), None)) => parts.push(format!("{percent}%")),
            _ => {}
        }
        parts.push(ByteSize(self.bytes).to_string());
        if self.is_merging() {
            parts.push("putting the archive together".to_owned());
            return parts.join(", ");
        }
        parts.push(match self.rate(now) {
            Some(rate) => format!("{}/s", ByteSize(rate)),
            None => format!("{seconds} s"),
        });
        if let Some(left) = self.time_left(now) {
            parts.push(format!("ETA {}", humantime::format_duration(left)));
        }
        match self.sessions.map(|sessions| sessions.at_work) {
            None => {}
            Some(1) => parts.push("1 session".to_owned()),
            Some(count) => parts.push(format!("{count} sessions")),
        }
        if let Some(message) =
            self.progress.as_ref().and_then(|progress| progress.message.as_deref())
        {
            parts.push(message.to_owned());
        }
        parts.join(", ")
    }

    /// Whether all shards are there, and nobody is at work any more.
    fn is_merging(&self) -> bool {
        let is_idle = self.sessions.is_some_and(|sessions| sessions.at_work == 0);
        is_idle && self.fraction().is_some_and(|done| done >= 1.0)
    }

    /// Bytes a second of late; `None` if none came.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate")]
    #[expect(clippy::cast_precision_loss, reason = "for people to look at")]
    fn rate(&mut self, now: Instant) -> Option<u64> {
        self.samples.push_back((now, self.bytes));
        while self.samples.len() > 2 && now.duration_since(self.samples[1].0) >= RATE_SPAN {
            self.samples.pop_front();
        }
        let (since, bytes) = *self.samples.front()?;
        let seconds = now.duration_since(since).as_secs_f64();
        let rate = self.bytes.saturating_sub(bytes) as f64 / seconds;
        (rate.is_finite() && rate >= 1.0).then_some(rate as u64)
    }

    /// How long it takes if it goes on as it did.
    fn time_left(&self, now: Instant) -> Option<Duration> {
        let done = self.fraction().filter(|done| *done > self.done_before && *done < 1.0)?;
        let spent = now.duration_since(self.begun).as_secs_f64();
        let left = spent * (1.0 - done) / (done - self.done_before);
        let left = Duration::try_from_secs_f64(left).ok()?;
        Some(Duration::from_secs(left.as_secs().max(1)))
    }
}

#[cfg(test)]
mod tests {
    use longhaul::proto::Frame;
    use longhaul::proto::frame::Body;
    use longhaul::proto::request::Mode;

    use super::*;

    fn progress(fields: &str) -> Progress {
        let text = format!(r#"{{"id":"a","type":"progress",{fields}}}"#);
        match Frame::read(&text, Mode::Stream, &mut String::new()).unwrap().body {
            Ok(Body::Progress(progress)) => progress,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let begun = Instant::now();
        let mut state = State::new(begun);
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(state.describe(at(3)), "0 B, 3 s");
        state.update(Some(&progress(r#""done":10,"total":40,"message":"CLAS ZCL_A""#)), 4096, None);
        let line = state.describe(at(4));
        assert_eq!(line, "10/40 objects, 4.0 KiB, 1.0 KiB/s, ETA 12s, CLAS ZCL_A");
        assert_eq!(state.steps(), 250);
        state.update(Some(&progress(r#""done":50"#)), 4096, None);
        assert!(state.describe(at(5)).starts_with("50%, 4.0 KiB"));
    }

    #[test]
    fn the_rate_forgets() {
        let begun = Instant::now();
        let mut state = State::new(begun);
        let at = |seconds| begun + Duration::from_secs(seconds);
        state.update(None, 1 << 20, None);
        assert!(state.rate(at(1)).is_some());
        for second in 2..7 {
            state.rate(at(second));
        }
        assert_eq!(state.rate(at(7)), None, "nothing came for longer than the span");
    }

    #[test]
    fn nothing_is_left_when_all_is_done() {
        let mut state = State::new(Instant::now());
        state.update(Some(&progress(r#""done":4,"total":4"#)), 1, None);
        assert_eq!(state.time_left(Instant::now() + RATE_SPAN), None);
        assert_eq!(state.steps(), BAR_STEPS);
    }

    fn sessions(allowed: usize, at_work: usize, bytes: u64) -> Sessions {
        let mut sessions = Sessions::default();
        (sessions.allowed, sessions.at_work, sessions.bytes) = (allowed, at_work, bytes);
        sessions
    }

    #[test]
    fn shards_count_what_has_come_and_merging_starts_nothing_anew() {
        let begun = Instant::now();
        let mut state = State::new(begun);
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut tell = |fields: &str, bytes, sessions, at| {
            state.note_sessions(sessions);
            state.update(Some(&progress(fields)), bytes, Some(sessions));
            state.describe(at)
        };
        let line =
            tell(r#""done":10,"total":40,"message":"CLAS A""#, 0, sessions(3, 3, 4096), at(4));
        assert_eq!(line, "10/40 objects, 4.0 KiB, 1.0 KiB/s, ETA 12s, 3 sessions, CLAS A");
        let line = tell(r#""done":20,"total":40"#, 0, sessions(3, 1, 1024), at(4));
        assert_eq!(line, "20/40 objects, 4.0 KiB, 1.0 KiB/s, ETA 4s, 1 session", "one came again");
        for bytes in [0, 1, 8000] {
            let line = tell(r#""done":40,"total":40"#, bytes, sessions(3, 0, 8192), at(9));
            assert_eq!(line, "40/40 objects, 8.0 KiB, putting the archive together");
        }
        assert_eq!(state.work(), Some(Work { sessions: 3, shards: 0 }));
    }

    #[test]
    fn that_there_are_fewer_sessions_is_told_once() {
        let mut state = State::new(Instant::now());
        let told: Vec<_> = [3, 3, 2, 2, 1, 1]
            .into_iter()
            .map(|allowed| state.note_sessions(sessions(allowed, 0, 0)))
            .collect();
        assert_eq!(told, [false, false, true, false, false, false]);
    }

    #[test]
    fn what_was_there_before_does_not_make_it_look_faster() {
        let begun = Instant::now();
        let mut state = State::new(begun);
        state.resume(1 << 20);
        state.update(Some(&progress(r#""done":50,"total":100"#)), 1 << 20, None);
        assert_eq!(state.time_left(begun + Duration::from_secs(10)), None);
        state.update(Some(&progress(r#""done":60,"total":100"#)), 1 << 20, None);
        let left = state.time_left(begun + Duration::from_secs(10));
        assert_eq!(left, Some(Duration::from_secs(40)));
    }
}
