//! Whoever watches a transfer that somebody else takes.

use super::Transfer;
use super::outlet::Output;
use crate::client::event::{Event, Status};
use crate::proto::{Operation, Warning};

type ProgressWatcher = Box<dyn FnMut(&Status<'_>) + Send>;
type WarningWatcher = Box<dyn FnMut(&Warning) + Send>;
type EventWatcher = Box<dyn FnMut(&Event) + Send>;

#[derive(Default)]
pub(super) struct Watchers {
    progress: Option<ProgressWatcher>,
    warning: Option<WarningWatcher>,
    event: Option<EventWatcher>,
}

impl<O: Operation> Transfer<O> {
    /// Calls `watch` for each progress frame and each chunk.
    ///
    /// It runs between two messages, so it must not take long.
    pub fn on_progress(mut self, watch: impl FnMut(&Status<'_>) + Send + 'static) -> Self {
        self.watchers.progress = Some(Box::new(watch));
        self
    }

    /// Calls `watch` for each warning.
    pub fn on_warning(mut self, watch: impl FnMut(&Warning) + Send + 'static) -> Self {
        self.watchers.warning = Some(Box::new(watch));
        self
    }

    /// Calls `watch` for each event but [`Event::Data`], for whoever has the transfer saved and
    /// still wants to know, say, that its connection broke.
    ///
    /// It runs between two messages, so it must not take long.
    ///
    /// ```no_run
    /// # use longhaul::ops::git;
    /// use longhaul::Event;
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::Error> {
    /// let transfer = client.start(git::Export::packages(["$ZRAY"])).await?.on_event(|event| {
    ///     if let Event::Interrupted { cause, pause } = event {
    ///         eprintln!("connection lost ({cause}), trying again in {pause:?}");
    ///     }
    /// });
    /// transfer.save("zray.zip").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_event(mut self, watch: impl FnMut(&Event) + Send + 'static) -> Self {
        self.watchers.event = Some(Box::new(watch));
        self
    }

    /// Tells the watchers of what came; `None` is the end.
    pub(super) fn note(&mut self, output: Option<&Output>) {
        if let (Some(Output::Event(event)), Some(watch)) = (output, &mut self.watchers.event) {
            watch(event);
        }
        match output {
            Some(Output::Data { bytes, .. }) => {
                self.bytes = self.bytes.saturating_add(bytes.len() as u64);
            }
            Some(Output::Event(Event::Progress(progress))) => {
                self.progress = Some(progress.clone());
            }
            Some(Output::Event(Event::Sessions(sessions))) => self.sessions = Some(*sessions),
            Some(Output::Event(Event::Restarted { .. })) => {
                self.bytes = 0;
                self.progress = None;
                self.has_restarted = true;
            }
            Some(Output::Event(Event::Warning(warning))) => {
                if let Some(watch) = &mut self.watchers.warning {
                    watch(warning);
                }
                return;
            }
            Some(_) => return,
            None => {}
        }
        if let Some(watch) = &mut self.watchers.progress {
            let (progress, bytes) = (self.progress.as_ref(), self.bytes);
            watch(&Status { progress, bytes, sessions: self.sessions });
        }
    }
}
