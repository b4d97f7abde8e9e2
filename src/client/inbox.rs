//! What is on its way from the driver to one transfer, bounded in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::limits::{BESIDE_CHUNKS_BYTES, INBOX_BYTES, MAX_INBOX_BYTES};
use crate::proto::frame::{DecodedChunk, FrameError, Kind};
use crate::proto::limits::CHUNK_OVERHEAD_BYTES;
use crate::proto::websocket::MessageText;

/// What is written in a chunk beside its data, at most, in bytes.
const CHUNK_TEXT_OVERHEAD_BYTES: u64 = 1 << 10;
/// What line breaks and escapes add to base64, at most: one part in so many.
const BASE64_PADDING_SHARE: u64 = 8;

/// What the driver has for a transfer.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The request is on its way.
    Sent,
    /// The request was not sent and never will be on this connection, which takes nothing new.
    Refused,
    /// A message of this id.
    Message(Content, Room),
    /// A frame is not what it has to be, and the transfer was put out for it.
    Broken(FrameError),
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

/// What a message holds for the request it belongs to.
#[derive(Debug)]
pub(crate) enum Content {
    /// A frame, as it stands.
    Text(MessageText),
    /// A chunk that was decoded while it came.
    Chunk(DecodedChunk),
    /// A chunk with its header.
    Binary(Bytes),
}

/// A place in an inbox; free again when dropped.
#[derive(Debug)]
pub(crate) struct Room(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// The driver's end.
#[derive(Clone, Debug)]
pub(crate) struct InboxSender {
    deliveries: mpsc::UnboundedSender<Box<Delivery>>,
    room: Allowance,
    /// With `credit`, for all but chunks: these are granted, so nothing else may take their room.
    beside: Option<Allowance>,
    is_patient: Arc<AtomicBool>,
}

/// How many bytes may wait, and how many more still may.
#[derive(Clone, Debug)]
struct Allowance {
    limit: u32,
    left: Arc<Semaphore>,
}

/// The transfer's end. The channel closes when the driver is done with the id, or is gone.
///
/// Each delivery is in a box of its own: the channel holds places for 32 from the start, and most
/// requests get two.
#[derive(Debug)]
pub(crate) struct Inbox(mpsc::UnboundedReceiver<Box<Delivery>>);

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
    let limit = window.map_or(INBOX_BYTES, Window::room_bytes);
    let beside = window.map(|_| Allowance::new(BESIDE_CHUNKS_BYTES));
    let room = Allowance::new(limit);
    (InboxSender { deliveries, room, beside, is_patient }, Inbox(receiver))
}

impl Window {
    /// How many bytes of messages may wait: what the window takes as text.
    pub(crate) fn room_bytes(self) -> u32 {
        let base64 = self.chunk_bytes.div_ceil(3).saturating_mul(4);
        let chunk = base64
            .saturating_add(base64.div_ceil(BASE64_PADDING_SHARE))
            .saturating_add(CHUNK_TEXT_OVERHEAD_BYTES);
        let bytes = self.chunks.saturating_mul(chunk);
        u32::try_from(bytes).unwrap_or(MAX_INBOX_BYTES).min(MAX_INBOX_BYTES)
    }
}

impl Content {
    /// The memory it takes, in bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Chunk(chunk) => chunk.bytes().len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl InboxSender {
    /// Says that the request was sent.
    pub(crate) fn sent(&self) {
        self.send(Delivery::Sent);
    }

    /// Says that the request is not sent on this connection.
    pub(crate) fn refuse(&self) {
        self.send(Delivery::Refused);
    }

    /// Puts the transfer out.
    pub(crate) fn evict(&self, held: Duration) {
        self.send(Delivery::Evicted { held });
    }

    /// Puts the transfer out because the server sent too much.
    pub(crate) fn overrun(&self) {
        self.send(Delivery::Overrun { limit: self.room.limit.into() });
    }

    /// Puts the transfer out because of a frame that is not what it has to be.
    pub(crate) fn spoil(&self, error: FrameError) {
        self.send(Delivery::Broken(error));
    }

    /// Whether the server sends only what was granted, so that the socket is never held.
    pub(crate) fn has_credit(&self) -> bool {
        self.beside.is_some()
    }

    /// Whether whoever reads is a sink of our own, which is never too slow.
    pub(crate) fn is_patient(&self) -> bool {
        self.is_patient.load(Ordering::Relaxed)
    }

    /// Delivers a message if there is room, else gives it back.
    pub(crate) fn deliver(&self, content: Content, kind: Kind) -> Result<(), Content> {
        let allowance = match &self.beside {
            Some(beside) if kind != Kind::Chunk => beside,
            _ => &self.room,
        };
        match allowance.take(&content) {
            Some(room) => {
                self.deliver_into(content, room);
                Ok(())
            }
            None => Err(content),
        }
    }

    /// Waits for room for `content`; `None` if the transfer is gone.
    ///
    /// Cancel-safe: nothing is taken until it returns.
    pub(crate) async fn room_for(&self, content: &Content) -> Option<Room> {
        let Allowance { left, .. } = &self.room;
        tokio::select! {
            permit = Arc::clone(left).acquire_many_owned(self.room.cost(content)) => {
                permit.ok().map(Room)
            }
            () = self.deliveries.closed() => None,
        }
    }

    /// Delivers a message into room that was waited for.
    pub(crate) fn deliver_into(&self, content: Content, room: Room) {
        self.send(Delivery::Message(content, room));
    }

    /// Delivers the last message of a request, of which there is one, whether there is room or not.
    pub(crate) fn deliver_last(&self, content: Content) {
        if let Some(room) = self.room.take_what_is_left(&content) {
            self.deliver_into(content, room);
        }
    }

    fn send(&self, delivery: Delivery) {
        // A transfer that is gone needs no telling; its id is forgotten by its own command.
        let _ = self.deliveries.send(Box::new(delivery));
    }
}

impl Allowance {
    fn new(limit: u32) -> Self {
        Self { limit, left: Arc::new(Semaphore::new(limit as usize)) }
    }

    /// What a message takes; one message may take all there is.
    fn cost(&self, content: &Content) -> u32 {
        let bytes = content.len().saturating_add(CHUNK_OVERHEAD_BYTES);
        u32::try_from(bytes).unwrap_or(self.limit).min(self.limit)
    }

    fn take(&self, content: &Content) -> Option<Room> {
        Arc::clone(&self.left).try_acquire_many_owned(self.cost(content)).ok().map(Room)
    }

    fn take_what_is_left(&self, content: &Content) -> Option<Room> {
        let most = u32::try_from(self.left.available_permits()).unwrap_or(self.limit);
        let cost = self.cost(content).min(most);
        Arc::clone(&self.left).try_acquire_many_owned(cost).ok().map(Room)
    }
}

impl Inbox {
    /// The next delivery; `None` once the driver is done with the id and all was taken.
    ///
    /// Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.0.recv().await.map(|delivery| *delivery)
    }

    /// What has come and was not taken, oldest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Delivery> {
        std::iter::from_fn(|| self.0.try_recv().ok().map(|delivery| *delivery))
    }
}
