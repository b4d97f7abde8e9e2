//! What a transfer needs of whatever carries it. Sealed: the trait is not public.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::error::{CloseCause, Error};
use super::inbox::Inbox;
use crate::proto::request::Mode;
use crate::proto::welcome::ServerLimits;
use crate::proto::{Counters, Features, MessageId, Request};

/// Carries requests; the WebSocket is one way.
pub(crate) trait Transport: Send + Sync + fmt::Debug {
    /// Waits for a turn. Fails if the connection is gone.
    fn turn(&self) -> BoxFuture<'static, Result<Turn, Error>>;

    /// What the server asks its clients to keep to.
    fn limits(&self) -> &ServerLimits;

    /// Whether the server would read this request as it is meant; asked before it waits.
    fn check(&self, request: &Request) -> Result<(), Error>;

    /// Sends a request under a new id; its turn ends with its last frame.
    fn start(&self, request: &Request, turn: Turn) -> Result<Started, Error>;

    /// Stops caring for a request.
    fn cancel(&self, id: &MessageId);

    /// What ended the connection, once it has ended.
    fn close_cause(&self) -> Arc<CloseCause>;

    /// All the time so far in which nothing was read because a caller was slow.
    fn held(&self, now: Instant) -> Duration;

    /// Counts of this connection.
    fn counters(&self) -> &Arc<Counters>;
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
    pub(crate) inbox: Inbox,
}
