//! What a transfer needs of whatever carries it. Sealed: the traits are not public.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::asking::Asking;
use super::error::{CloseCause, Error};
use super::inbox::Inbox;
use crate::proto::chunk_size::RequestTiming;
use crate::proto::request::Mode;
use crate::proto::{ChunkSize, Control, Counters, Features, MessageId, OperationKey, Request};

/// Carries requests beyond the life of one connection; the WebSocket is one way.
pub(crate) trait Transport: Send + Sync + fmt::Debug {
    /// The connection as it stands, or a new one where that is gone.
    fn line(&self) -> BoxFuture<'_, Result<Arc<dyn Line>, Error>>;

    /// Sends a control on the connection that is open; without one there is nobody to tell.
    fn control(&self, control: Control);

    /// Where it goes: a URL without any secret.
    fn address(&self) -> &str;

    /// Counts over all connections.
    fn counters(&self) -> &Arc<Counters>;
}

/// One connection.
pub(crate) trait Line: Send + Sync + fmt::Debug {
    /// What the server would agree to for such a request.
    fn agreed(&self, request: &Request) -> Features;

    /// The chunk size to ask for in such a request, in decoded bytes, by what was seen so far.
    fn chunk_bytes(&self, wish: ChunkSize, request: &Request) -> u64;

    /// Takes what a request has told of the connection.
    fn note_timing(&self, timing: &RequestTiming);

    /// Whether the server would read this request as it is meant; asked before it waits.
    fn check(&self, request: &Request) -> Result<(), Error>;

    /// Waits for a turn for such a request. Fails if the connection is gone.
    fn turn(&self, request: &Request) -> BoxFuture<'static, Result<Turn, Error>>;

    /// Sends a request under a new id; its turn ends with its last frame. With `is_patient` set, a
    /// transfer that is slow to read may hold up the connection for as long as it takes.
    fn start(
        &self,
        request: &Request,
        turn: Turn,
        is_patient: Arc<AtomicBool>,
    ) -> Result<Started, Error>;

    /// Stops a request, and frees what the server keeps of it.
    fn cancel(&self, id: &MessageId, operation: Option<OperationKey>, asking: Option<Asking>);

    /// Leaves a request to the server.
    fn detach(&self, id: &MessageId);

    /// Sends a control, if the server knows such ones; gives it back where the connection is gone.
    fn control(&self, control: Control) -> Result<(), Control>;

    /// What ended the connection, once it has ended.
    fn close_cause(&self) -> Arc<CloseCause>;

    /// All the time so far in which nothing was read because a caller was slow.
    fn held(&self, now: Instant) -> Duration;
}

/// The right to have one request under way; the next one's when dropped.
#[derive(Debug)]
pub(crate) struct Turn(
    #[expect(dead_code, reason = "held for its drop")] pub(crate) OwnedSemaphorePermit,
);

/// A request that is on its way.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) id: MessageId,
    pub(crate) mode: Mode,
    pub(crate) features: Features,
    /// How many chunks were granted with it, where `credit` was agreed on.
    pub(crate) window: u64,
    pub(crate) inbox: Inbox,
}
