//! One WebSocket as the transfers see it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::WebSocketStream;
use tracing::Instrument;

use super::command::Command;
use super::driver::{Driver, Socket};
use super::error::{CloseCause, Error};
use super::hold::HoldClock;
use super::inbox::inbox;
use super::transport::{Started, Transport, Turn};
use crate::proto::welcome::ServerLimits;
use crate::proto::{Counters, IdMint, MessageId, Request, Stats, Unwritable, Welcome};

/// The largest request that is sent, in bytes of text: 16 MiB, some 300,000 object names.
pub(crate) const MAX_REQUEST_BYTES: usize = 16 << 20;
/// How many requests may be under way at once where the server sets no limit.
pub(crate) const MAX_REQUESTS: usize = 65_536;
/// How far apart pings are unless the server asks for more.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(30);

/// The transfers' side of a connection; the driver's task has the other.
#[derive(Debug)]
pub(crate) struct Connection {
    welcome: Welcome,
    ids: Mutex<IdMint>,
    commands: mpsc::UnboundedSender<Command>,
    turns: Arc<Semaphore>,
    shared: Arc<Shared>,
}

/// What both sides look at.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) counters: Arc<Counters>,
    pub(crate) hold: Arc<HoldClock>,
    /// How long the socket is held for a transfer that does not read.
    pub(crate) hold_limit: Duration,
    /// Whether the server takes one request after the other.
    pub(crate) is_serial: bool,
    pub(crate) ping_interval: Duration,
    /// Set once, when the connection ends, before the inboxes close.
    cause: OnceLock<Arc<CloseCause>>,
}

impl Connection {
    /// Starts the driver of a socket whose welcome has been read.
    pub(crate) fn spawn(
        socket: WebSocketStream<Socket>,
        welcome: Welcome,
        hold_limit: Duration,
    ) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            counters: Arc::default(),
            hold: Arc::default(),
            hold_limit,
            is_serial: welcome.features.is_none(),
            ping_interval: PING_INTERVAL.max(welcome.limits.min_ping_interval.unwrap_or_default()),
            cause: OnceLock::new(),
        });
        let limit = match welcome.features {
            // Such a server takes one message after the other, and discards what piles up.
            None => Some(1),
            Some(_) => welcome.limits.max_transfers.and_then(|most| usize::try_from(most).ok()),
        };
        let turns = Arc::new(Semaphore::new(limit.unwrap_or(MAX_REQUESTS).clamp(1, MAX_REQUESTS)));
        let driver = Driver::new(socket, receiver, &shared);
        let (of_driver, turns_of_driver) = (Arc::clone(&shared), Arc::clone(&turns));
        let span = tracing::info_span!("connection", session = welcome.session);
        let task = async move {
            let cause = driver.run(&of_driver).await;
            turns_of_driver.close();
            tracing::debug!(%cause, "connection ended");
        };
        tokio::spawn(task.instrument(span));
        Self { welcome, ids: Mutex::default(), commands, turns, shared }
    }

    pub(crate) fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    pub(crate) fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    fn lost(&self) -> Error {
        self.shared.lost()
    }
}

impl Shared {
    /// Notes why the connection ended; only the first cause counts.
    pub(crate) fn end(&self, cause: CloseCause) -> Arc<CloseCause> {
        Arc::clone(self.cause.get_or_init(|| Arc::new(cause)))
    }

    fn close_cause(&self) -> Arc<CloseCause> {
        self.cause.get().cloned().unwrap_or_else(|| Arc::new(CloseCause::Cut))
    }

    fn lost(&self) -> Error {
        Error::Lost { id: None, cause: self.close_cause() }
    }
}

impl Transport for Connection {
    fn turn(&self) -> BoxFuture<'static, Result<Turn, Error>> {
        let (turn, shared) = (Arc::clone(&self.turns).acquire_owned(), Arc::clone(&self.shared));
        async move { turn.await.map(Turn).map_err(|_| shared.lost()) }.boxed()
    }

    fn limits(&self) -> &ServerLimits {
        &self.welcome.limits
    }

    fn check(&self, request: &Request) -> Result<(), Error> {
        request.check(self.welcome.features).map_err(|source| unwritable(request, source))
    }

    fn start(&self, request: &Request, turn: Turn) -> Result<Started, Error> {
        let server = self.welcome.features;
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let id = ids.mint(request.name.domain());
        drop(ids);
        let text = request.write(&id, server).map_err(|source| unwritable(request, source))?;
        if text.len() > MAX_REQUEST_BYTES {
            let (operation, got) = (request.name.to_string(), text.len());
            return Err(Error::RequestTooLarge { operation, got, limit: MAX_REQUEST_BYTES });
        }
        let (mode, features) = (request.mode(server), request.agreed(server));
        let (sender, receiver) = inbox();
        let command = Command::Start { id: id.clone(), mode, text, inbox: sender, turn };
        self.commands.send(command).map_err(|_| self.lost())?;
        Ok(Started { id, mode, features, inbox: receiver })
    }

    fn cancel(&self, id: &MessageId) {
        // Without a driver there is no table to leave.
        let _ = self.commands.send(Command::Forget { id: id.clone() });
    }

    fn close_cause(&self) -> Arc<CloseCause> {
        self.shared.close_cause()
    }

    fn held(&self, now: Instant) -> Duration {
        self.shared.hold.total(now)
    }

    fn counters(&self) -> &Arc<Counters> {
        &self.shared.counters
    }
}

fn unwritable(request: &Request, source: Unwritable) -> Error {
    Error::Unwritable { operation: request.name.to_string(), source }
}
