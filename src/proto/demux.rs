//! The pending table: which request a message belongs to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::frame::{
    Accepted, Answer, BinaryEnvelope, Body, ChunkMessage, Envelope, FrameError, Kind, scan,
};
use super::id::{Alias, MessageId};
use super::json::Key;
use super::request::{Mode, STREAM_DOMAIN};
use super::stats::{Counters, add, count};

/// Requests that wait for frames, by id, each with what its frames are handed to.
///
/// Looks at a message only as far as it takes to know whose it is and whether it is the last; the
/// message itself is read by whoever it is handed to. *Source*: PROTOCOL 3.
///
/// ```
/// use std::sync::Arc;
/// use longhaul::proto::frame::Kind;
/// use longhaul::proto::request::Mode;
/// use longhaul::proto::{Counters, Demux, MessageId, Route};
///
/// let mut demux = Demux::new(Arc::new(Counters::default()));
/// demux.register(MessageId::new("git_1").unwrap(), Mode::Stream, "the waiter");
/// let progress = r#"{"id":"git_1","type":"progress","done":1,"total":2}"#;
/// assert_eq!(demux.route(progress), Route::To(&mut "the waiter", Kind::Progress));
/// let complete = r#"{"id":"git_1","type":"complete","totalChunks":0}"#;
/// assert_eq!(demux.route(complete), Route::Last("the waiter", Kind::Complete));
/// assert_eq!(demux.route(complete), Route::Nobody);
/// assert!(demux.is_empty());
/// ```
#[derive(Debug)]
pub struct Demux<T> {
    pending: HashMap<MessageId, Pending<T>>,
    /// Whose binary chunks are, of those that wait.
    aliases: HashMap<Alias, MessageId>,
    /// Whether any request of the connection has agreed to binary chunks.
    has_binary: bool,
    counters: Arc<Counters>,
    /// How many of `pending` the counters know of.
    noted: u64,
}

#[derive(Debug)]
struct Pending<T> {
    mode: Mode,
    waiter: T,
    /// Whether an `accepted` that comes now may give an alias.
    awaits_alias: bool,
    alias: Option<Alias>,
}

impl<T> Pending<T> {
    fn new(mode: Mode, waiter: T) -> Self {
        Self { mode, waiter, awaits_alias: false, alias: None }
    }
}

/// Whose a message is.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a, T> {
    /// It is a frame of that kind for this waiter, and more may follow.
    To(&'a mut T, Kind),
    /// It is the last of this waiter, who has left the table.
    Last(T, Kind),
    /// It is not what it has to be: this waiter's request fails with that, and is to be
    /// [forgotten](Demux::forget).
    Broken(&'a mut T, FrameError),
    /// Nobody waits for it; it has been counted.
    Nobody,
}

impl<T> Demux<T> {
    /// An empty table that counts into `counters`.
    pub fn new(counters: Arc<Counters>) -> Self {
        let (pending, aliases) = (HashMap::new(), HashMap::new());
        Self { pending, aliases, has_binary: false, counters, noted: 0 }
    }

    /// Adds a request; a request of the same id is put out and given back.
    pub fn register(&mut self, id: MessageId, mode: Mode, waiter: T) -> Option<T> {
        let old = self.forget(&id);
        self.pending.insert(id, Pending::new(mode, waiter));
        self.note_pending();
        old
    }

    /// The chunks of this request may come as binary messages, since that was agreed on.
    pub fn expect_binary(&mut self, id: &MessageId) {
        self.has_binary = true;
        if let Some(pending) = self.pending.get_mut(id) {
            pending.awaits_alias = true;
        }
    }

    /// Takes a request out of the table; whatever still comes for it counts as unknown.
    pub fn forget(&mut self, id: &MessageId) -> Option<T> {
        let forgotten = self.pending.remove(id)?;
        if let Some(alias) = forgotten.alias {
            self.aliases.remove(&alias);
        }
        self.release();
        self.note_pending();
        Some(forgotten.waiter)
    }

    /// Takes every request out, for when the connection is gone.
    pub fn drain(&mut self) -> impl Iterator<Item = (MessageId, T)> {
        let pending = std::mem::take(&mut self.pending);
        self.aliases.clear();
        self.note_pending();
        pending.into_iter().map(|(id, pending)| (id, pending.waiter))
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

    /// How many aliases are known of those that wait.
    #[cfg(test)]
    pub(crate) fn alias_count(&self) -> usize {
        self.aliases.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Finds whose a chunk is.
    pub fn route_chunk(&mut self, message: &ChunkMessage) -> Route<'_, T> {
        self.count_message(message.text_bytes);
        self.chunk_of(&message.id)
    }

    /// Finds whose a text message is.
    pub fn route(&mut self, text: &str) -> Route<'_, T> {
        self.count_message(text.len());
        if let Some(id) = scan::chunk_id(text) {
            return self.chunk_of(id);
        }
        let mut mended = String::new();
        let Ok(envelope) = Envelope::read(text, &mut mended) else {
            tracing::warn!(bytes = text.len(), "text message is no frame, ignored");
            count(&self.counters.unreadable);
            return Route::Nobody;
        };
        let Some((id, mode)) = self.owner(&envelope) else {
            if is_control(envelope.id()) {
                return self.control_answer(envelope);
            }
            return Self::nobody(&self.counters);
        };
        let kind = envelope.kind(mode);
        if kind == Kind::Accepted
            && let Err(error) = self.note_alias(&id, envelope)
        {
            return match self.pending.get_mut(&id) {
                Some(pending) => Route::Broken(&mut pending.waiter, error),
                None => Route::Nobody,
            };
        }
        if !mended.is_empty() {
            count(&self.counters.repaired);
        }
        if kind == Kind::Unknown {
            count(&self.counters.unknown_types);
            return Route::Nobody;
        }
        if kind.ends() {
            return self.forget(&id).map_or(Route::Nobody, |waiter| Route::Last(waiter, kind));
        }
        match self.pending.get_mut(&id) {
            Some(pending) => {
                pending.awaits_alias &= kind != Kind::Chunk;
                Route::To(&mut pending.waiter, kind)
            }
            None => Route::Nobody,
        }
    }

    /// Finds whose a binary message is. *Source*: PROTOCOL 6.5.
    pub fn route_binary(&mut self, message: &[u8]) -> Route<'_, T> {
        self.count_message(message.len());
        if !self.has_binary {
            count(&self.counters.unexpected_binary);
            return Route::Nobody;
        }
        let Ok(envelope) = BinaryEnvelope::read(message) else {
            tracing::warn!(bytes = message.len(), "binary message is no chunk, ignored");
            count(&self.counters.unreadable);
            return Route::Nobody;
        };
        let id = self.aliases.get(&envelope.alias());
        match id.and_then(|id| self.pending.get_mut(id)) {
            Some(pending) => Route::To(&mut pending.waiter, Kind::Chunk),
            None => Self::nobody(&self.counters),
        }
    }

    /// Notes the alias that an `accepted` gives, unless another request has it.
    fn note_alias(&mut self, id: &MessageId, envelope: Envelope<'_>) -> Result<(), FrameError> {
        let pending = self.pending.get_mut(id).filter(|pending| pending.awaits_alias);
        let Some(pending) = pending else { return Ok(()) };
        // What is wrong with the frame is said by whoever reads it as a whole.
        // The first is the one that counts.
        pending.awaits_alias = false;
        let Ok(Body::Accepted(Accepted { alias: Some(alias), .. })) = envelope.body(pending.mode)
        else {
            return Ok(());
        };
        match self.aliases.entry(alias) {
            Entry::Occupied(_) => {
                Err(FrameError::Invalid { kind: Kind::Accepted, field: Key::Alias.name() })
            }
            Entry::Vacant(free) => {
                pending.alias = Some(alias);
                free.insert(id.clone());
                Ok(())
            }
        }
    }

    fn count_message(&self, bytes: usize) {
        count(&self.counters.messages);
        add(&self.counters.message_bytes, u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    fn chunk_of(&mut self, id: &str) -> Route<'_, T> {
        match self.pending.get_mut(id) {
            Some(pending) => {
                // Nothing is promised for what has begun.
                pending.awaits_alias = false;
                Route::To(&mut pending.waiter, Kind::Chunk)
            }
            None => Self::nobody(&self.counters),
        }
    }

    /// The pending id a frame belongs to. A server that could not read an id says so under
    /// `unknown`: with one request waiting, that is the one.
    fn owner(&self, envelope: &Envelope<'_>) -> Option<(MessageId, Mode)> {
        if let Some((id, pending)) = self.pending.get_key_value(envelope.id()) {
            return Some((id.clone(), pending.mode));
        }
        let mut all = self.pending.iter();
        match (all.next(), all.next()) {
            (Some((id, pending)), None) if envelope.is_parse_error() => {
                Some((id.clone(), pending.mode))
            }
            _ => None,
        }
    }

    fn nobody<'a>(counters: &Counters) -> Route<'a, T> {
        count(&counters.unknown_ids);
        Route::Nobody
    }

    /// Nobody waits for what a server says to a control; that one failed is worth a note.
    fn control_answer(&self, envelope: Envelope<'_>) -> Route<'_, T> {
        count(&self.counters.control_answers);
        let id = envelope.id().to_owned();
        if let Ok(Body::Answer(Answer { outcome: Err(error) })) = envelope.body(Mode::Single) {
            tracing::debug!(id, code = error.code, "a control failed");
        }
        Route::Nobody
    }

    /// Tells the shared figure how the table has grown or shrunk; other connections count there too.
    fn note_pending(&mut self) {
        let pending = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        let before = std::mem::replace(&mut self.noted, pending);
        let change = pending.wrapping_sub(before);
        self.counters.pending.fetch_add(change, Ordering::Relaxed);
    }

    /// Gives memory back after a crowd has left.
    fn release(&mut self) {
        let (len, capacity) = (self.pending.len(), self.pending.capacity());
        if capacity > 1024 && len < capacity / 8 {
            self.pending.shrink_to(len.saturating_mul(2));
            self.aliases.shrink_to(len.saturating_mul(2));
        }
    }
}

impl<T> Drop for Demux<T> {
    fn drop(&mut self) {
        self.pending.clear();
        self.note_pending();
    }
}

/// Whether a control has such an id: the mint's, with the domain of controls before it.
fn is_control(id: &str) -> bool {
    id.strip_prefix(STREAM_DOMAIN).is_some_and(|rest| rest.starts_with('_'))
}

#[cfg(test)]
mod tests;
