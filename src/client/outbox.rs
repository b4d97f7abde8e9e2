//! What waits to be written.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Sink;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use crate::proto::MessageId;

/// Messages in the order they are to be written, and whether something is not flushed yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Outgoing>,
    unflushed: bool,
}

#[derive(Debug)]
enum Outgoing {
    Request(MessageId, String),
    Ping,
}

impl Outbox {
    pub(crate) fn request(&mut self, id: MessageId, text: String) {
        self.queue.push_back(Outgoing::Request(id, text));
    }

    pub(crate) fn ping(&mut self) {
        if !self.queue.iter().any(|waiting| matches!(waiting, Outgoing::Ping)) {
            self.queue.push_back(Outgoing::Ping);
        }
    }

    /// Takes a request back that has not been written; false if it has.
    pub(crate) fn take_back(&mut self, id: &MessageId) -> bool {
        let before = self.queue.len();
        self.queue.retain(|waiting| !matches!(waiting, Outgoing::Request(at, _) if at == id));
        self.queue.len() < before
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.unflushed
    }

    /// Writes until one request is out, whose id it gives, or all is flushed.
    ///
    /// Cancel-safe: a message leaves the queue only when the sink has taken it.
    pub(crate) async fn write<S>(&mut self, sink: &mut S) -> Result<Option<MessageId>, S::Error>
    where
        S: Sink<Message, Error = tungstenite::Error> + Unpin,
    {
        poll_fn(|cx| self.poll_write(sink, cx)).await
    }

    fn poll_write<S>(
        &mut self,
        sink: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<MessageId>, S::Error>>
    where
        S: Sink<Message, Error = tungstenite::Error> + Unpin,
    {
        let mut sink = Pin::new(sink);
        while !self.queue.is_empty() {
            ready!(sink.as_mut().poll_ready(cx))?;
            let (message, id) = match self.queue.pop_front() {
                Some(Outgoing::Request(id, text)) => (Message::text(text), Some(id)),
                Some(Outgoing::Ping) => (Message::Ping(Bytes::new()), None),
                None => break,
            };
            sink.as_mut().start_send(message)?;
            self.unflushed = true;
            if id.is_some() {
                return Poll::Ready(Ok(id));
            }
        }
        ready!(sink.poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(None))
    }
}
