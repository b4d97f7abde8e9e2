//! How far a transfer is, on stderr: a bar for a person, a line every few seconds elsewhere.

mod state;

use std::future::Future;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use longhaul::client::Sessions;
use longhaul::proto::{Operation, Warning};
use longhaul::{Error, Event, Transfer};

use crate::args::TalkArgs;
use crate::clean::clean;
use crate::failure::chain;
use crate::output;
use state::State;
pub(crate) use state::Work;

/// How often the bar is drawn.
const BAR_PACE: Duration = Duration::from_millis(120);
/// How often a line is printed where there is no bar.
const LINE_PACE: Duration = Duration::from_millis(2500);
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
        // What came before says nothing of how fast this is.
        *lock(&self.state) = State::new(Instant::now());
        if let Some(bytes) = transfer.resumed_from() {
            lock(&self.state).resume(bytes);
        }
        let (state, noted) = (Arc::clone(&self.state), Arc::clone(&self.state));
        let way = self.way.clone();
        transfer
            .on_progress(move |status| {
                lock(&state).update(status.progress, status.bytes, status.sessions);
            })
            .on_event(move |event| way.tell(event, &mut lock(&noted)))
    }

    /// Watches how far a transfer is, and nothing else that happens to it.
    pub(crate) fn watch<O: Operation>(&self, transfer: Transfer<O>) -> Transfer<O> {
        *lock(&self.state) = State::new(Instant::now());
        let state = Arc::clone(&self.state);
        transfer.on_progress(move |status| {
            lock(&state).update(status.progress, status.bytes, status.sessions);
        })
    }

    /// Where it went on with what an earlier run had left, in bytes, unless it started over.
    pub(crate) fn resumed_from(&self) -> Option<u64> {
        lock(&self.state).resumed_from
    }

    /// Whether the server keeps the operation beyond its connection.
    pub(crate) fn is_kept(&self) -> bool {
        lock(&self.state).is_kept
    }

    /// How it was done, if it was done in shards.
    pub(crate) fn work(&self) -> Option<Work> {
        lock(&self.state).work()
    }

    /// Shows that it is being found out what there is to transfer.
    pub(crate) async fn show_listing<T>(&self, listing: impl Future<Output = T>) -> T {
        lock(&self.state).is_listing = true;
        let listed = self.show_while(listing).await;
        lock(&self.state).is_listing = false;
        listed
    }

    /// Prints a note beside what is shown, unless nothing is to be.
    pub(crate) fn note(&self, text: &str) {
        self.way.note(text);
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
            Event::Sessions(sessions) => self.tell_sessions(*sessions, state),
            _ => {}
        }
    }

    fn tell_sessions(&self, sessions: Sessions, state: &mut State) {
        let are_fewer = state.note_sessions(sessions);
        if are_fewer {
            self.note(&format!(
                "the server does not take {} sessions at the moment, going on with fewer",
                state.most_allowed()
            ));
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
