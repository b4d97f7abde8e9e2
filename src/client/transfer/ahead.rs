//! What comes out of an engine, in order, also where it was looked at before it was asked for.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use super::Transfer;
use super::outlet::Output;
use crate::client::event::Event;
use crate::proto::Operation;
use crate::proto::limits::{MAX_KEPT_WARNING_BYTES, MAX_KEPT_WARNINGS};

/// Outputs in the order they came: first those that the watchers have been told of.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    seen: VecDeque<Output>,
    unseen: VecDeque<Output>,
    /// The length of the texts of all warnings that were looked at.
    warning_bytes: usize,
}

impl Ahead {
    fn pop_seen(&mut self) -> Option<Output> {
        self.seen.pop_front()
    }

    fn pop_unseen(&mut self) -> Option<Output> {
        self.unseen.pop_front()
    }

    pub(super) fn push_unseen(&mut self, output: Output) {
        self.unseen.push_back(output);
    }

    fn push_seen(&mut self, output: Output) {
        // Of what only says how far it is, the last is all that counts.
        let is_progress = |output: &Output| matches!(output, Output::Event(Event::Progress(_)));
        if is_progress(&output) && self.seen.back().is_some_and(is_progress) {
            self.seen.pop_back();
        }
        if matches!(output, Output::Event(Event::Sessions(_))) {
            return;
        }
        if let Output::Event(Event::Warning(warning)) = &output {
            // The watchers have been told, and the reply has as many as are kept.
            let bytes = self.warning_bytes.saturating_add(warning.text_bytes());
            if self.seen.len() >= MAX_KEPT_WARNINGS || bytes > MAX_KEPT_WARNING_BYTES {
                return;
            }
            self.warning_bytes = bytes;
        }
        self.seen.push_back(output);
    }

    /// The payload's next bytes, if they have come.
    fn data(&self) -> Option<&[u8]> {
        self.seen.iter().find_map(|output| match output {
            Output::Data { bytes, .. } => Some(&bytes[..]),
            _ => None,
        })
    }
}

impl<O: Operation> Transfer<O> {
    /// Waits for the next bytes of the payload and shows them without taking them, for who decides
    /// by what it is how to take it; `None` if none come any more.
    ///
    /// There is at least one byte, and as many as came at once. They are **not verified**. What
    /// came until then is not lost to whoever reads the transfer afterwards, in whatever way; the
    /// watchers are told of it now.
    ///
    /// # Cancellation
    /// Nothing is lost if the future is dropped.
    ///
    /// ```no_run
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::Error> {
    /// let mut transfer = client.request("atc", "run").stream().start().await?;
    /// if transfer.peek().await.is_some_and(|bytes| bytes.starts_with(b"{")) {
    ///     let records = transfer.records();
    /// } else {
    ///     transfer.save("payload").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&mut self) -> Option<&[u8]> {
        while self.ahead.data().is_none() {
            let output = poll_fn(|cx| self.poll_unseen(cx)).await?;
            self.ahead.push_seen(output);
        }
        self.ahead.data()
    }

    pub(super) async fn next_output(&mut self) -> Option<Output> {
        poll_fn(|cx| self.poll_output(cx)).await
    }

    /// What comes next, whether it was taken from the engine before or not.
    pub(super) fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Option<Output>> {
        match self.ahead.pop_seen() {
            Some(output) => Poll::Ready(Some(output)),
            None => self.poll_unseen(cx),
        }
    }

    /// What the watchers have not been told of yet; they are told now.
    fn poll_unseen(&mut self, cx: &mut Context<'_>) -> Poll<Option<Output>> {
        let output = match self.ahead.pop_unseen() {
            Some(output) => Some(output),
            None if self.engine.is_none() => return Poll::Ready(None),
            None => std::task::ready!(self.poll_engine(cx)),
        };
        self.note(output.as_ref());
        Poll::Ready(output)
    }

    pub(super) async fn next_from_engine(&mut self) -> Option<Output> {
        poll_fn(|cx| self.poll_engine(cx)).await
    }

    fn poll_engine(&mut self, cx: &mut Context<'_>) -> Poll<Option<Output>> {
        let Some(engine) = &mut self.engine else { return Poll::Ready(None) };
        match engine.as_mut().poll(cx) {
            Poll::Ready(verdict) => {
                self.engine = None;
                if let Ok(verdict) = &verdict {
                    self.bytes = verdict.reply.payload_bytes;
                }
                self.verdict = Some(verdict);
                Poll::Ready(None)
            }
            // What it put out before it began to wait.
            Poll::Pending => self.outlet.take().map_or(Poll::Pending, |out| Poll::Ready(Some(out))),
        }
    }
}
