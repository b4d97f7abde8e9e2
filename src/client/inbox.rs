//! What is on its way from the driver to one transfer, bounded in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::proto::limits::CHUNK_OVERHEAD_BYTES;

/// How many bytes of messages may wait for one transfer where the server knows no `credit`. One
/// message may exceed it, so that any legal message fits.
const INBOX_BYTES: u32 = 4 << 20;
/// How many bytes beside chunks may wait for one transfer with `credit`.
const BESIDE_CHUNKS_BYTES: u64 = 1 << 20;
/// What is written in a chunk beside its data, at most, in bytes.
const CHUNK_TEXT_OVERHEAD_BYTES: u64 = 1 << 10;

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
    /// The transfer was put out because the server sent more than it was granted.
    Overrun {
        /// How many bytes could have come.
        limit: u64,
    },
}

/// A place in an inbox; free again when dropped.
#[derive(Debug)]
pub(crate) struct Room(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// The driver's end.
#[derive(Clone, Debug)]
pub(crate) struct InboxSender {
    deliveries: mpsc::UnboundedSender<Delivery>,
    room: Arc<Semaphore>,
    /// How many bytes may wait.
    limit: u32,
    /// Whether the server sends only what was granted.
    has_credit: bool,
    is_patient: Arc<AtomicBool>,
}

/// The transfer's end. The channel closes when the driver is done with the id, or is gone.
#[derive(Debug)]
pub(crate) struct Inbox(mpsc::UnboundedReceiver<Delivery>);

/// How much the server may send ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Chunks granted at a time.
    pub(crate) chunks: u64,
    /// The size of a chunk, in decoded bytes.
    pub(crate) chunk_bytes: u64,
}

/// An inbox that holds what `window` allows, or the usual where there is none.
pub(crate) fn inbox(window: Option<Window>, is_patient: Arc<AtomicBool>) -> (InboxSender, Inbox) {
    let (deliveries, receiver) = mpsc::unbounded_channel();
    let limit = window.map_or(INBOX_BYTES, |window| {
        let chunk = (window.chunk_bytes.div_ceil(3).saturating_mul(4))
            .saturating_add(CHUNK_TEXT_OVERHEAD_BYTES);
        let bytes = window.chunks.saturating_mul(chunk).saturating_add(BESIDE_CHUNKS_BYTES);
        // The semaphore holds a quarter of what a pointer can count.
        u32::try_from(bytes).unwrap_or(u32::MAX >> 3).min(u32::MAX >> 3)
    });
    let room = Arc::new(Semaphore::new(limit as usize));
    let has_credit = window.is_some();
    (InboxSender { deliveries, room, limit, has_credit, is_patient }, Inbox(receiver))
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

    /// Puts the transfer out because the server sent too much.
    pub(crate) fn overrun(&self) {
        let _ = self.deliveries.send(Delivery::Overrun { limit: self.limit.into() });
    }

    /// Whether the server sends only what was granted, so that the socket is never held.
    pub(crate) fn has_credit(&self) -> bool {
        self.has_credit
    }

    /// Whether whoever reads is a sink of our own, which is never too slow.
    pub(crate) fn is_patient(&self) -> bool {
        self.is_patient.load(Ordering::Relaxed)
    }

    /// Delivers a message if there is room, else gives it back.
    pub(crate) fn deliver(&self, text: Utf8Bytes) -> Result<(), Utf8Bytes> {
        match Arc::clone(&self.room).try_acquire_many_owned(self.cost(&text)) {
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
            permit = Arc::clone(&self.room).acquire_many_owned(self.cost(text)) => {
                permit.ok().map(Room)
            }
            () = self.deliveries.closed() => None,
        }
    }

    /// Delivers a message into room that was waited for.
    pub(crate) fn deliver_into(&self, text: Utf8Bytes, room: Room) {
        let _ = self.deliveries.send(Delivery::Text(text, room));
    }

    /// What a message takes of the room; one message may take all of it.
    fn cost(&self, text: &Utf8Bytes) -> u32 {
        let bytes = text.len().saturating_add(CHUNK_OVERHEAD_BYTES);
        u32::try_from(bytes).unwrap_or(self.limit).min(self.limit)
    }

    /// Delivers the last message of a request, of which there is one, whether there is room or not.
    pub(crate) fn deliver_last(&self, text: Utf8Bytes) {
        let most = u32::try_from(self.room.available_permits()).unwrap_or(self.limit);
        let cost = self.cost(&text).min(most);
        if let Ok(permit) = Arc::clone(&self.room).try_acquire_many_owned(cost) {
            let _ = self.deliveries.send(Delivery::Text(text, Room(permit)));
        }
    }
}

impl Inbox {
    /// The next delivery; `None` once the driver is done with the id and all was taken.
    ///
    /// Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.0.recv().await
    }
}
