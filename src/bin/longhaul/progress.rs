//! How far a transfer is, on stderr: a bar for a person, a line every few seconds elsewhere.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use longhaul::proto::{Operation, Progress, Warning};
use longhaul::{Error, Event, Transfer};

use crate::args::TalkArgs;
use crate::clean::clean;
use crate::failure::chain;
use crate::output;

/// How often the bar is drawn.
const BAR_PACE: Duration = Duration::from_millis(120);
/// How often a line is printed where there is no bar.
const LINE_PACE: Duration = Duration::from_millis(2500);
/// The rate is that of so long ago till now.
const RATE_SPAN: Duration = Duration::from_secs(5);
/// The length of the bar, in steps.
const BAR_STEPS: u64 = 1000;

/// Shows how far one transfer is.
#[derive(Debug)]
pub(crate) struct Display {
    way: Way,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Debug)]
enum Way {
    Bar(ProgressBar),
    Lines,
    Silent,
}

impl Display {
    /// A bar on a terminal that shows no logs, else lines; nothing at all if quiet.
    pub(crate) fn new(talk: TalkArgs) -> Self {
        let way = match talk {
            TalkArgs { quiet: true, .. } => Way::Silent,
            TalkArgs { verbose: 0, .. } if io::stderr().is_terminal() => Way::Bar(bar()),
            _ => Way::Lines,
        };
        Self { way, state: Arc::new(Mutex::new(State::new(Instant::now()))) }
    }

    /// Watches a transfer, prints its warnings and what becomes of its connection.
    pub(crate) fn attach<O: Operation>(&self, transfer: Transfer<O>) -> Transfer<O> {
        if let Some(bytes) = transfer.resumed_from() {
            lock(&self.state).resume(bytes);
        }
        let (state, noted) = (Arc::clone(&self.state), Arc::clone(&self.state));
        let way = self.way.clone();
        transfer
            .on_progress(move |status| lock(&state).update(status.progress, status.bytes))
            .on_event(move |event| way.tell(event, &mut lock(&noted)))
    }

    /// Where it went on with what an earlier run had left, in bytes, unless it started over.
    pub(crate) fn resumed_from(&self) -> Option<u64> {
        lock(&self.state).resumed_from
    }

    /// Whether the server keeps the operation beyond its connection.
    pub(crate) fn is_kept(&self) -> bool {
        lock(&self.state).is_kept
    }

    /// Takes the bar away, for what is to stand in its place.
    pub(crate) fn clear(&self) {
        if let Way::Bar(bar) = &self.way {
            bar.finish_and_clear();
        }
    }

    /// Shows the state while `work` goes on, also when the server says nothing.
    pub(crate) async fn show_while<T>(&self, work: impl Future<Output = T>) -> T {
        let pace = match self.way {
            Way::Bar(_) => BAR_PACE,
            Way::Lines => LINE_PACE,
            Way::Silent => return work.await,
        };
        let mut work = std::pin::pin!(work);
        let start = tokio::time::Instant::now() + pace;
        let mut ticks = tokio::time::interval_at(start, pace);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = ticks.tick() => self.show(),
            }
        }
    }

    fn show(&self) {
        let mut state = lock(&self.state);
        let line = state.describe(Instant::now());
        match &self.way {
            Way::Bar(bar) => {
                bar.set_position(state.steps());
                bar.set_message(clean(&line).into_owned());
                bar.tick();
            }
            Way::Lines => output::note(line),
            Way::Silent => {}
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Way {
    fn tell(&self, event: &Event, state: &mut State) {
        match event {
            Event::Warning(warning) => self.warn(&describe_warning(warning)),
            Event::Interrupted { cause, pause } => {
                state.is_cut = true;
                self.note(&format!(
                    "connection lost ({}), trying again in {:.1} s",
                    chain(&**cause),
                    pause.as_secs_f64()
                ));
            }
            Event::Restarted { cause } => {
                state.resumed_from = None;
                (state.is_kept, state.is_cut) = (false, false);
                self.warn(&format!("starting over from the beginning: {}", why(cause)));
            }
            Event::Busy { pause } => self
                .note(&format!("the server is busy, asking again in {:.1} s", pause.as_secs_f64())),
            Event::Accepted(_) => {
                state.is_kept = true;
                if state.resumed_from.is_some() || std::mem::take(&mut state.is_cut) {
                    self.note(&format!("resuming at {} bytes", state.bytes));
                }
            }
            _ => {}
        }
    }

    fn warn(&self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    fn note(&self, text: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| output::note(text)),
            Self::Lines => output::note(text),
            Self::Silent => {}
        }
    }
}

/// Why a transfer has to start over.
fn why(cause: &Error) -> String {
    match cause {
        Error::Server { source, .. } if source.is_resume_refusal() => {
            format!("the server has nothing of it any more ({})", source.code)
        }
        cause => chain(cause),
    }
}

/// What is known of a transfer.
#[derive(Debug)]
struct State {
    begun: Instant,
    progress: Option<Progress>,
    bytes: u64,
    resumed_from: Option<u64>,
    is_kept: bool,
    /// Whether the connection was lost and nothing has come since.
    is_cut: bool,
    /// Bytes at times not longer ago than [`RATE_SPAN`], oldest first.
    samples: VecDeque<(Instant, u64)>,
}

impl State {
    fn new(begun: Instant) -> Self {
        let samples = VecDeque::from([(begun, 0)]);
        Self {
            begun,
            progress: None,
            bytes: 0,
            resumed_from: None,
            is_kept: false,
            is_cut: false,
            samples,
        }
    }

    /// It goes on with so many bytes, which say nothing of the rate.
    fn resume(&mut self, bytes: u64) {
        (self.resumed_from, self.is_kept) = (Some(bytes), true);
        self.bytes = bytes;
        self.samples = VecDeque::from([(self.begun, bytes)]);
    }

    fn update(&mut self, progress: Option<&Progress>, bytes: u64) {
        if self.progress.as_ref() != progress {
            self.progress = progress.cloned();
        }
        if bytes < self.bytes {
            // It starts again, and what came before says nothing of the rate.
            self.samples.clear();
        }
        self.bytes = bytes;
    }

    /// Where the bar stands.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    #[expect(clippy::cast_precision_loss, reason = "1000 is exact")]
    fn steps(&self) -> u64 {
        (self.fraction().unwrap_or(0.0).clamp(0.0, 1.0) * BAR_STEPS as f64) as u64
    }

    fn fraction(&self) -> Option<f64> {
        self.progress.as_ref().and_then(Progress::fraction)
    }

    /// One line: objects, bytes, rate, time left, and what the server is at.
    fn describe(&mut self, now: Instant) -> String {
        let mut parts = Vec::new();
        match self.progress.as_ref().map(|progress| (progress.done, progress.total)) {
            Some((Some(done), Some(total))) => parts.push(format!("{done}/{total} objects")),
            Some((Some(percent), None)) => parts.push(format!("{percent}%")),
            _ => {}
        }
        parts.push(ByteSize(self.bytes).to_string());
        parts.push(match self.rate(now) {
            Some(rate) => format!("{}/s", ByteSize(rate)),
            None => format!("{} s", now.duration_since(self.begun).as_secs()),
        });
        if let Some(left) = self.time_left(now) {
            parts.push(format!("ETA {}", humantime::format_duration(left)));
        }
        if let Some(message) =
            self.progress.as_ref().and_then(|progress| progress.message.as_deref())
        {
            parts.push(message.to_owned());
        }
        parts.join(", ")
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
        let done = self.fraction().filter(|done| *done > 0.0 && *done < 1.0)?;
        let spent = now.duration_since(self.begun).as_secs_f64();
        let left = Duration::try_from_secs_f64(spent * (1.0 - done) / done).ok()?;
        Some(Duration::from_secs(left.as_secs().max(1)))
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::stderr());
    // The template is a constant that parses; a bar of the default style is as good.
    if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:20}] {wide_msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn describe_warning(warning: &Warning) -> String {
    let parts = [warning.item.as_deref(), warning.code.as_deref(), Some(warning.message.as_str())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// A watcher that panicked has left plain numbers behind, which are as good as before.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
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
        state.update(Some(&progress(r#""done":10,"total":40,"message":"CLAS ZCL_A""#)), 4096);
        let line = state.describe(at(4));
        assert_eq!(line, "10/40 objects, 4.0 KiB, 1.0 KiB/s, ETA 12s, CLAS ZCL_A");
        assert_eq!(state.steps(), 250);
        state.update(Some(&progress(r#""done":50"#)), 4096);
        assert!(state.describe(at(5)).starts_with("50%, 4.0 KiB"));
    }

    #[test]
    fn the_rate_forgets() {
        let begun = Instant::now();
        let mut state = State::new(begun);
        let at = |seconds| begun + Duration::from_secs(seconds);
        state.update(None, 1 << 20);
        assert!(state.rate(at(1)).is_some());
        for second in 2..7 {
            state.rate(at(second));
        }
        assert_eq!(state.rate(at(7)), None, "nothing came for longer than the span");
    }

    #[test]
    fn nothing_is_left_when_all_is_done() {
        let mut state = State::new(Instant::now());
        state.update(Some(&progress(r#""done":4,"total":4"#)), 1);
        assert_eq!(state.time_left(Instant::now() + RATE_SPAN), None);
        assert_eq!(state.steps(), BAR_STEPS);
    }
}
