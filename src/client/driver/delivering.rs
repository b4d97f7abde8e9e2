//! What becomes of messages that came: to whom each goes, and what waits for room.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Driver, Stage, Waiter};
use crate::client::error::CloseCause;
use crate::client::inbox::{Content, InboxSender};
use crate::proto::frame::Kind;
use crate::proto::stats::count;
use crate::proto::websocket::{Message, MessageText};
use crate::proto::{Control, MessageId, Route};

/// How many messages that came together are handed on before anything else is looked at.
const MESSAGES_AT_ONCE: usize = 256;

#[derive(Debug)]
pub(super) struct HeldMessage {
    id: MessageId,
    inbox: Arc<InboxSender>,
    content: Content,
    since: Instant,
}

impl Driver {
    /// Hands on a message and those that came with it, up to a bound, as long as there is room.
    pub(super) fn handle_messages(&mut self, first: Message) -> Option<CloseCause> {
        let mut message = first;
        for _ in 0..MESSAGES_AT_ONCE {
            if let Some(cause) = self.handle_message(message) {
                return Some(cause);
            }
            if self.held.is_some() {
                return None;
            }
            message = match self.incoming.next_read()? {
                Ok(message) => message,
                Err(error) => return Some(self.cause(error)),
            };
        }
        self.handle_message(message)
    }

    /// Hands a message to whom it belongs; gives the cause if it was the last of the connection.
    fn handle_message(&mut self, message: Message) -> Option<CloseCause> {
        match message {
            Message::Chunk(message) => {
                let whose = whose(&self.demux.route_chunk(&message));
                self.deliver_chunk(whose, Content::Chunk(message.chunk));
                None
            }
            Message::Text(text) => {
                self.handle_text(text);
                None
            }
            Message::Binary(bytes) => {
                let whose = whose(&self.demux.route_binary(&bytes));
                self.deliver_chunk(whose, Content::Binary(bytes));
                None
            }
            Message::Close(goodbye) => Some(CloseCause::from_goodbye(goodbye)),
            Message::Ping(bytes) => {
                self.outbox.pong(bytes);
                None
            }
            Message::Pong => None,
        }
    }

    fn deliver_chunk(&mut self, whose: Whose, content: Content) {
        match whose {
            Whose::Wanted(id, inbox) => self.deliver(id, inbox, content, Kind::Chunk),
            Whose::Left => count(&self.counters().unknown_ids),
            Whose::Nobody => {}
        }
    }

    fn handle_text(&mut self, text: MessageText) {
        match self.demux.route(&text) {
            Route::Broken(Waiter { id, stage: Stage::Wanted(inbox), .. }, error) => {
                let (id, inbox) = (id.clone(), Arc::clone(inbox));
                self.cancel(&id, None, None);
                inbox.spoil(error);
            }
            Route::To(Waiter { id, stage: Stage::Wanted(inbox), .. }, kind) => {
                let (id, inbox) = (id.clone(), Arc::clone(inbox));
                self.deliver(id, inbox, Content::Text(text), kind);
            }
            Route::Last(Waiter { id, stage: Stage::Wanted(inbox), .. }, _) => {
                if inbox.has_credit() {
                    inbox.deliver_last(Content::Text(text));
                } else {
                    self.deliver(id, inbox, Content::Text(text), Kind::Complete);
                }
            }
            Route::To(..) | Route::Broken(..) => count(&self.counters().unknown_ids),
            Route::Last(Waiter { mode, stage: Stage::Left(left), .. }, _) => {
                count(&self.counters().unknown_ids);
                if let Some(operation) = left.settle(&text, mode) {
                    self.outbox.control(Control::Release { operation });
                }
            }
            Route::Nobody => {}
        }
    }

    /// Puts a message into its inbox. Where there is no room, the socket is held; with `credit`
    /// never: a chunk beyond the grant is the server's fault, and all else can be done without.
    fn deliver(&mut self, id: MessageId, inbox: Arc<InboxSender>, content: Content, kind: Kind) {
        if kind == Kind::Chunk {
            self.delivered = self.delivered.saturating_add(content.len());
        }
        let Err(content) = inbox.deliver(content, kind) else { return };
        if !inbox.has_credit() {
            let since = Instant::now();
            self.shared.hold.hold(since.into_std());
            self.held = Some(HeldMessage { id, inbox, content, since });
        } else if kind == Kind::Progress {
            count(&self.counters().dropped_progress);
        } else if kind != Kind::Chunk {
            count(&self.counters().dropped_warnings);
        } else {
            tracing::warn!(%id, "the server sent more than it was granted");
            self.cancel(&id, None, None);
            inbox.overrun();
        }
    }

    /// When a transfer is put out that holds up the connection; a sink of our own never is.
    pub(super) fn evict_at(&self, held: &HeldMessage) -> Option<Instant> {
        if held.inbox.is_patient() {
            return None;
        }
        held.since.checked_add(self.shared.pace.hold_limit)
    }

    /// Puts the transfer out that has held up the connection for too long.
    pub(super) fn evict_held(&mut self) {
        let now = Instant::now();
        // A sink of our own may have taken it over since the limit was set.
        if let Some(held) = self.held.take_if(|held| !held.inbox.is_patient()) {
            tracing::warn!(id = %held.id, "transfer was not read and held up the connection");
            self.cancel(&held.id, None, None);
            held.inbox.evict(now.duration_since(held.since));
            self.shared.hold.release(now.into_std());
        }
    }

    pub(super) fn drop_held(&mut self, id: &MessageId) {
        if self.held.as_ref().is_some_and(|held| held.id == *id) {
            self.held = None;
            self.shared.hold.release(Instant::now().into_std());
        }
    }
}

/// Whose a chunk is.
enum Whose {
    Wanted(MessageId, Arc<InboxSender>),
    /// Of a request that nobody wants any more.
    Left,
    Nobody,
}

fn whose(route: &Route<'_, Waiter>) -> Whose {
    match route {
        Route::To(Waiter { id, stage: Stage::Wanted(inbox), .. }, _) => {
            Whose::Wanted(id.clone(), Arc::clone(inbox))
        }
        Route::To(..) => Whose::Left,
        _ => Whose::Nobody,
    }
}

/// Waits for room for the held message and delivers it.
///
/// Cancel-safe: the message stays where it is until there is room.
pub(super) async fn deliver_held(held: &mut Option<HeldMessage>) {
    let Some(HeldMessage { inbox, content, .. }) = held else { return };
    let room = inbox.room_for(content).await;
    if let (Some(HeldMessage { inbox, content, .. }), Some(room)) = (held.take(), room) {
        inbox.deliver_into(content, room);
    }
}
