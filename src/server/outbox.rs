//! What waits to be sent on one connection, bounded.

use bytes::Bytes;
use tokio::sync::mpsc::{self, Permit};
use tokio_tungstenite::tungstenite::Message;

use super::script::RawMessage;

/// How many messages may wait beside the one that is being written.
const PLACES: usize = 2;

/// The way to a connection's socket, shared by everything that answers on it.
///
/// Whoever sends takes a place first and makes the message then: a peer that reads slowly holds
/// its producers back, and never more than a few messages exist. Places are given in the order
/// they were asked for, which is what interleaves several streams chunk by chunk.
#[derive(Clone, Debug)]
pub(super) struct Outbox(mpsc::Sender<Outgoing>);

/// Something for the socket.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(Message),
    /// Drop the connection as it is.
    Cut,
}

/// A place for one message.
pub(super) struct Place<'a>(Permit<'a, Outgoing>);

/// The connection is gone; nobody waits for an answer any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

impl Outbox {
    pub(super) fn new() -> (Self, mpsc::Receiver<Outgoing>) {
        let (sender, receiver) = mpsc::channel(PLACES);
        (Self(sender), receiver)
    }

    /// Waits for a place.
    pub(super) async fn place(&self) -> Result<Place<'_>, Gone> {
        self.0.reserve().await.map(Place).map_err(|_| Gone)
    }

    /// Sends what `frame` makes once there is a place for it.
    pub(super) async fn send(&self, frame: impl FnOnce() -> String) -> Result<(), Gone> {
        self.place().await?.fill(Outgoing::text(frame()));
        Ok(())
    }

    /// Sends messages as they are, but for `{id}`.
    pub(super) async fn send_raw(&self, messages: &[RawMessage], id: &str) -> Result<(), Gone> {
        for message in messages {
            let outgoing = match message {
                RawMessage::Text(text) => Outgoing::text(text.replace("{id}", id)),
                RawMessage::Binary(bytes) => Outgoing::binary(bytes.clone()),
                RawMessage::Close => Outgoing::Message(Message::Close(None)),
                RawMessage::Cut => Outgoing::Cut,
            };
            self.place().await?.fill(outgoing);
        }
        Ok(())
    }
}

impl Place<'_> {
    pub(super) fn fill(self, outgoing: Outgoing) {
        self.0.send(outgoing);
    }
}

impl Outgoing {
    pub(super) fn text(text: String) -> Self {
        Self::Message(Message::text(text))
    }

    pub(super) fn binary(bytes: Bytes) -> Self {
        Self::Message(Message::Binary(bytes))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn whoever_sends_waits_for_a_slow_reader() {
        let (outbox, mut queue) = Outbox::new();
        for _ in 0..PLACES {
            assert!(outbox.send(String::new).now_or_never().is_some());
        }
        let mut made = false;
        let frame = || {
            made = true;
            String::new()
        };
        assert!(outbox.send(frame).now_or_never().is_none());
        assert!(!made, "no frame is made before there is a place for it");
        queue.try_recv().unwrap();
        assert!(outbox.send(String::new).now_or_never().is_some());
    }

    #[test]
    fn nothing_is_sent_once_the_connection_is_gone() {
        let (outbox, queue) = Outbox::new();
        drop(queue);
        assert!(matches!(outbox.send(String::new).now_or_never(), Some(Err(Gone))));
    }
}
