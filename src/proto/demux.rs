//! The pending table: which request a message belongs to.

use std::collections::HashMap;
use std::sync::Arc;

use super::frame::{Envelope, scan};
use super::id::MessageId;
use super::request::Mode;
use super::stats::{Counters, add, count};

/// Requests that wait for frames, by id, each with what its frames are handed to.
///
/// Looks at a message only as far as it takes to know whose it is and whether it is the last; the
/// message itself is read by whoever it is handed to. *Source*: PROTOCOL 3.
///
/// ```
/// use std::sync::Arc;
/// use longhaul::proto::request::Mode;
/// use longhaul::proto::{Counters, Demux, MessageId, Route};
///
/// let mut demux = Demux::new(Arc::new(Counters::default()));
/// demux.register(MessageId::new("git_1").unwrap(), Mode::Stream, "the waiter");
/// let progress = r#"{"id":"git_1","type":"progress","done":1,"total":2}"#;
/// assert_eq!(demux.route(progress), Route::To(&mut "the waiter"));
/// let complete = r#"{"id":"git_1","type":"complete","totalChunks":0}"#;
/// assert_eq!(demux.route(complete), Route::Last("the waiter"));
/// assert_eq!(demux.route(complete), Route::Nobody);
/// assert!(demux.is_empty());
/// ```
#[derive(Debug)]
pub struct Demux<T> {
    pending: HashMap<MessageId, Pending<T>>,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct Pending<T> {
    mode: Mode,
    waiter: T,
}

/// Whose a message is.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a, T> {
    /// It belongs to this waiter, and more may follow.
    To(&'a mut T),
    /// It is the last of this waiter, who has left the table.
    Last(T),
    /// Nobody waits for it; it has been counted.
    Nobody,
}

impl<T> Demux<T> {
    /// An empty table that counts into `counters`.
    pub fn new(counters: Arc<Counters>) -> Self {
        Self { pending: HashMap::new(), counters }
    }

    /// Adds a request; a request of the same id is put out and given back.
    pub fn register(&mut self, id: MessageId, mode: Mode, waiter: T) -> Option<T> {
        self.pending.insert(id, Pending { mode, waiter }).map(|old| old.waiter)
    }

    /// Takes a request out of the table; whatever still comes for it counts as unknown.
    pub fn forget(&mut self, id: &MessageId) -> Option<T> {
        let forgotten = self.pending.remove(id).map(|pending| pending.waiter);
        self.release();
        forgotten
    }

    /// Takes every request out, for when the connection is gone.
    pub fn drain(&mut self) -> impl Iterator<Item = (MessageId, T)> {
        std::mem::take(&mut self.pending).into_iter().map(|(id, pending)| (id, pending.waiter))
    }

    /// The waiter of a request.
    pub fn get(&self, id: &MessageId) -> Option<&T> {
        self.pending.get(id).map(|pending| &pending.waiter)
    }

    /// The waiter of a request, to be changed.
    pub fn get_mut(&mut self, id: &MessageId) -> Option<&mut T> {
        self.pending.get_mut(id).map(|pending| &mut pending.waiter)
    }

    /// How many requests wait.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Finds whose a text message is.
    pub fn route(&mut self, text: &str) -> Route<'_, T> {
        count(&self.counters.messages);
        add(&self.counters.message_bytes, u64::try_from(text.len()).unwrap_or(u64::MAX));
        if let Some(id) = scan::chunk_id(text) {
            return match self.pending.get_mut(id) {
                Some(pending) => Route::To(&mut pending.waiter),
                None => Self::nobody(&self.counters),
            };
        }
        let mut mended = String::new();
        let Ok(envelope) = Envelope::read(text, &mut mended) else {
            tracing::warn!(bytes = text.len(), "text message is no frame, ignored");
            count(&self.counters.unreadable);
            return Route::Nobody;
        };
        let Some(id) = self.owner(&envelope) else { return Self::nobody(&self.counters) };
        let mode = self.pending.get(&id).map_or(Mode::Single, |pending| pending.mode);
        let kind = envelope.kind(mode);
        drop(envelope);
        if !mended.is_empty() {
            count(&self.counters.repaired);
        }
        if kind == super::frame::Kind::Unknown {
            count(&self.counters.unknown_types);
            return Route::Nobody;
        }
        if kind.ends() {
            return self.forget(&id).map_or(Route::Nobody, Route::Last);
        }
        match self.pending.get_mut(&id) {
            Some(pending) => Route::To(&mut pending.waiter),
            None => Route::Nobody,
        }
    }

    /// Counts a binary message, which nobody has agreed on.
    pub fn route_binary(&mut self, bytes: &[u8]) {
        count(&self.counters.messages);
        add(&self.counters.message_bytes, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        count(&self.counters.unexpected_binary);
    }

    /// The pending id a frame belongs to. A server that could not read an id says so under
    /// `unknown`: with one request waiting, that is the one.
    fn owner(&self, envelope: &Envelope<'_>) -> Option<MessageId> {
        if let Some((id, _)) = self.pending.get_key_value(envelope.id()) {
            return Some(id.clone());
        }
        let mut ids = self.pending.keys();
        match (ids.next(), ids.next()) {
            (Some(only), None) if envelope.is_parse_error() => Some(only.clone()),
            _ => None,
        }
    }

    fn nobody<'a>(counters: &Counters) -> Route<'a, T> {
        count(&counters.unknown_ids);
        Route::Nobody
    }

    /// Gives memory back after a crowd has left.
    fn release(&mut self) {
        let (len, capacity) = (self.pending.len(), self.pending.capacity());
        if capacity > 1024 && len < capacity / 8 {
            self.pending.shrink_to(len.saturating_mul(2));
        }
    }
}

#[cfg(test)]
mod tests;
