//! What waits to be written.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures::Sink;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use crate::proto::request::STREAM_DOMAIN;
use crate::proto::{Control, IdMint, MessageId};

/// Messages in the order they are to be written, and whether something is not flushed yet.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<Outgoing>,
    ids: Arc<Mutex<IdMint>>,
    unflushed: bool,
    /// Requests that the sink has taken since the last flush.
    unflushed_ids: Vec<MessageId>,
}

/// A request as it goes out; not printed, since it may hold the key of an operation.
pub(crate) struct WireText(pub(crate) String);

impl fmt::Debug for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[derive(Debug)]
enum Outgoing {
    Request(MessageId, WireText),
    Control(Control),
    Ping,
    Pong(Bytes),
}

impl Outbox {
    /// Nothing yet. `ids` are for controls.
    pub(crate) fn new(ids: Arc<Mutex<IdMint>>) -> Self {
        Self { queue: VecDeque::new(), ids, unflushed: false, unflushed_ids: Vec::new() }
    }

    /// Queues a control. A grant takes the place of an earlier one that still waits.
    pub(crate) fn control(&mut self, control: Control) {
        if let Control::Credit { target, .. } = &control {
            self.queue.retain(|waiting| {
                !matches!(waiting, Outgoing::Control(Control::Credit { target: at, .. }) if at == target)
            });
        }
        self.queue.push_back(Outgoing::Control(control));
    }

    pub(crate) fn request(&mut self, id: MessageId, text: WireText) {
        self.queue.push_back(Outgoing::Request(id, text));
    }

    pub(crate) fn ping(&mut self) {
        if !self.queue.iter().any(|waiting| matches!(waiting, Outgoing::Ping)) {
            self.queue.push_back(Outgoing::Ping);
        }
    }

    /// Queues the answer to a ping. One that still waits is not sent any more: the last ping is the
    /// one that has to be answered.
    pub(crate) fn pong(&mut self, bytes: Bytes) {
        // Nothing else is put in front, so that it is there or nowhere.
        match self.queue.front_mut() {
            Some(Outgoing::Pong(waiting)) => *waiting = bytes,
            _ => self.queue.push_front(Outgoing::Pong(bytes)),
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

    /// Writes and flushes all there is, and gives the ids of the requests that are out.
    ///
    /// Cancel-safe: a message leaves the queue only when the sink has taken it, and an id is given
    /// once, when the bytes have left.
    pub(crate) async fn write<S>(&mut self, sink: &mut S) -> Result<Vec<MessageId>, S::Error>
    where
        S: Sink<Message, Error = tungstenite::Error> + Unpin,
    {
        poll_fn(|cx| self.poll_write(sink, cx)).await
    }

    fn poll_write<S>(
        &mut self,
        sink: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Vec<MessageId>, S::Error>>
    where
        S: Sink<Message, Error = tungstenite::Error> + Unpin,
    {
        let mut sink = Pin::new(sink);
        while !self.queue.is_empty() {
            ready!(sink.as_mut().poll_ready(cx))?;
            let message = match self.queue.pop_front() {
                Some(Outgoing::Request(id, text)) => {
                    self.unflushed_ids.push(id);
                    Message::text(text.0)
                }
                Some(Outgoing::Control(control)) => {
                    let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
                    let id = ids.mint(STREAM_DOMAIN);
                    drop(ids);
                    Message::text(control.write(&id))
                }
                Some(Outgoing::Ping) => Message::Ping(Bytes::new()),
                Some(Outgoing::Pong(bytes)) => Message::Pong(bytes),
                None => break,
            };
            sink.as_mut().start_send(message)?;
            self.unflushed = true;
        }
        ready!(sink.poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(std::mem::take(&mut self.unflushed_ids)))
    }
}
