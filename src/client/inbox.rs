//! What is on its way from the driver to one transfer, bounded in bytes.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::proto::limits::CHUNK_OVERHEAD_BYTES;

/// How many bytes of messages may wait for one transfer. One message may exceed it, so that any
/// legal message fits.
pub(crate) const INBOX_BYTES: u32 = 4 << 20;

/// What the driver has for a transfer.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The request is on its way.
    Sent,
    /// A text message of this id.
    Text(Utf8Bytes, Room),
    /// The transfer was put out because it held up the connection.
    Evicted {
        /// For how long.
        held: Duration,
    },
}

/// A place in an inbox; free again when dropped.
#[derive(Debug)]
pub(crate) struct Room(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// The driver's end.
#[derive(Debug)]
pub(crate) struct InboxSender {
    deliveries: mpsc::UnboundedSender<Delivery>,
    room: Arc<Semaphore>,
}

/// The transfer's end. The channel closes when the driver is done with the id, or is gone.
#[derive(Debug)]
pub(crate) struct Inbox(mpsc::UnboundedReceiver<Delivery>);

pub(crate) fn inbox() -> (InboxSender, Inbox) {
    let (deliveries, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(INBOX_BYTES as usize));
    (InboxSender { deliveries, room }, Inbox(receiver))
}

impl InboxSender {
    /// Says that the request was sent.
    pub(crate) fn sent(&self) {
        // A transfer that is gone needs no telling; its id is forgotten by its own command.
        let _ = self.deliveries.send(Delivery::Sent);
    }

    /// Puts the transfer out.
    pub(crate) fn evict(&self, held: Duration) {
        let _ = self.deliveries.send(Delivery::Evicted { held });
    }

    /// Delivers a message if there is room, else gives it back.
    pub(crate) fn deliver(&self, text: Utf8Bytes) -> Result<(), Utf8Bytes> {
        match Arc::clone(&self.room).try_acquire_many_owned(cost(&text)) {
            Ok(permit) => {
                let _ = self.deliveries.send(Delivery::Text(text, Room(permit)));
                Ok(())
            }
            Err(_) => Err(text),
        }
    }

    /// Waits for room for `text`; `None` if the transfer is gone.
    ///
    /// Cancel-safe: nothing is taken until it returns.
    pub(crate) async fn room_for(&self, text: &Utf8Bytes) -> Option<Room> {
        tokio::select! {
            permit = Arc::clone(&self.room).acquire_many_owned(cost(text)) => permit.ok().map(Room),
            () = self.deliveries.closed() => None,
        }
    }

    /// Delivers a message into room that was waited for.
    pub(crate) fn deliver_into(&self, text: Utf8Bytes, room: Room) {
        let _ = self.deliveries.send(Delivery::Text(text, room));
    }
}

impl Inbox {
    /// The next delivery; `None` once the driver is done with the id and all was taken.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.0.poll_recv(cx)
    }
}

fn cost(text: &Utf8Bytes) -> u32 {
    let bytes = text.len().saturating_add(CHUNK_OVERHEAD_BYTES);
    u32::try_from(bytes).unwrap_or(INBOX_BYTES).min(INBOX_BYTES)
}
