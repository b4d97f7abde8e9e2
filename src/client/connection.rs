//! One WebSocket as the transfers see it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::{Semaphore, mpsc, watch};
use tracing::Instrument;

use super::asking::Asking;
use super::command::Command;
use super::driver::Driver;
use super::error::{CloseCause, Error};
use super::hold::HoldClock;
use super::inbox::{Window, inbox};
use super::limits::{MAX_PING_INTERVAL, MAX_REQUEST_BYTES, MAX_REQUESTS};
use super::outbox::WireText;
use super::transport::{Line, Started, Turn};
use super::websocket::Socket;
use crate::proto::chunk_size::{LineSeen, RequestTiming};
use crate::proto::limits::{MAX_PARKED_BYTES, SERVER_CHUNK_BYTES};
use crate::proto::request::Mode;
use crate::proto::{
    ChunkSize, Control, Counters, Feature, Features, IdMint, MessageId, OperationKey, Request,
    Unwritable, Welcome,
};

/// The transfers' side of a connection; the driver's task has the other.
#[derive(Debug)]
pub(crate) struct Connection {
    welcome: Arc<Welcome>,
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
}

/// What both sides look at.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) common: Common,
    pub(crate) hold: Arc<HoldClock>,
    pub(crate) pace: Pace,
    /// Whether the server takes one request after the other.
    pub(crate) is_serial: bool,
    /// What its requests have told of it.
    seen: Mutex<LineSeen>,
    /// Turns for streams, and for everything where a server is serial.
    turns: Arc<Semaphore>,
    /// Turns for what is answered once.
    others: Arc<Semaphore>,
    /// Whether it takes no new request and ends with those it has.
    is_retired: AtomicBool,
    /// Set once, when the connection ends, before the inboxes close.
    cause: OnceLock<Arc<CloseCause>>,
    /// Whether the last word has been said.
    ended: watch::Sender<bool>,
}

/// The end of a connection, for who waits for it.
#[derive(Clone, Debug)]
pub(crate) struct Ended(watch::Receiver<bool>);

impl Ended {
    pub(crate) fn is_over(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for it.
    pub(crate) async fn wait(&mut self) {
        // Where the other side is gone, so is the connection.
        let _ = self.0.wait_for(|ended| *ended).await;
    }
}

/// What all connections of a client have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Common {
    pub(crate) counters: Arc<Counters>,
    pub(crate) ids: Arc<Mutex<IdMint>>,
}

/// How patient a connection is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long a transfer that is not read may hold up the rest.
    pub(crate) hold_limit: Duration,
    /// How far apart pings are.
    pub(crate) ping_interval: Duration,
    /// Whether a request that is dropped, where the server cannot be told, is waited for on the
    /// same connection.
    pub(crate) waits_for_dropped: bool,
}

/// Told when a connection has ended, and why.
pub(crate) type EndWatcher = Box<dyn FnOnce(&Arc<CloseCause>) + Send>;

impl Connection {
    /// Starts the driver of a socket whose welcome has been read.
    pub(crate) fn spawn(
        socket: Socket,
        welcome: Welcome,
        mut pace: Pace,
        common: Common,
        on_end: EndWatcher,
    ) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let asked = welcome.limits.min_ping_interval.unwrap_or_default().min(MAX_PING_INTERVAL);
        pace.ping_interval = pace.ping_interval.max(asked);
        let limit = match welcome.features {
            // Such a server takes one message after the other, and discards what piles up.
            None => Some(1),
            Some(_) => welcome.limits.max_transfers.and_then(|most| usize::try_from(most).ok()),
        };
        let turns = limit.unwrap_or(MAX_REQUESTS).clamp(1, MAX_REQUESTS);
        let shared = Arc::new(Shared {
            common,
            hold: Arc::default(),
            pace,
            is_serial: welcome.features.is_none(),
            seen: Mutex::default(),
            turns: Arc::new(Semaphore::new(turns)),
            others: Arc::new(Semaphore::new(MAX_REQUESTS)),
            is_retired: AtomicBool::new(false),
            cause: OnceLock::new(),
            ended: watch::Sender::new(false),
        });
        let driver = Driver::new(socket, receiver, &shared);
        let end = EndOfDriver { shared: Arc::clone(&shared), on_end: Some(on_end) };
        let span = tracing::info_span!("connection", session = welcome.session);
        let task = async move {
            let cause = driver.run(&end.shared).await;
            tracing::debug!(%cause, "connection ended");
            drop(end);
        };
        tokio::spawn(task.instrument(span));
        Self { welcome: Arc::new(welcome), commands, shared }
    }

    pub(crate) fn welcome(&self) -> &Arc<Welcome> {
        &self.welcome
    }

    /// Whether new requests may be sent on it.
    pub(crate) fn is_open(&self) -> bool {
        self.shared.cause.get().is_none() && !self.shared.is_retired.load(Ordering::Relaxed)
    }

    /// Takes nothing new, and ends once nothing runs any more.
    pub(crate) fn retire(&self) {
        self.send(Command::Retire);
    }

    /// To wait for its end, the goodbye included.
    pub(crate) fn ended(&self) -> Ended {
        Ended(self.shared.ended.subscribe())
    }

    /// How much a server may send ahead of a stream in chunks of that size, at most.
    fn window(&self, asked: u64, chunk_bytes: u64) -> u64 {
        let parked = u64::try_from(MAX_PARKED_BYTES).unwrap_or(u64::MAX);
        let fitting = parked.checked_div(chunk_bytes).unwrap_or(parked);
        let most = self.welcome.limits.max_window.unwrap_or(u64::MAX);
        asked.min(fitting).min(most).max(1)
    }

    /// The request as this server is asked it.
    fn fitted(&self, request: &Request) -> Request {
        let mut request = request.clone();
        let most = self.welcome.limits.max_chunk_bytes.unwrap_or(u64::MAX).max(1);
        request.stream = request.stream.map(|bytes| bytes.min(most));
        let chunk_bytes = request.stream.unwrap_or(SERVER_CHUNK_BYTES);
        request.window = request.window.map(|asked| self.window(asked, chunk_bytes));
        request
    }

    /// Leaves a wish to the driver; without one there is nothing to wish for.
    fn send(&self, command: Command) {
        let _ = self.commands.send(command);
    }
}

/// Leaves a cause, and nobody waiting for a turn, however the driver ends.
struct EndOfDriver {
    shared: Arc<Shared>,
    on_end: Option<EndWatcher>,
}

impl Drop for EndOfDriver {
    fn drop(&mut self) {
        let cause = self.shared.end(CloseCause::Cut);
        self.shared.close_turns();
        if let Some(on_end) = self.on_end.take() {
            on_end(&cause);
        }
        self.shared.ended.send_replace(true);
    }
}

impl fmt::Debug for EndOfDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndOfDriver")
    }
}

impl Shared {
    /// Notes why the connection ended; only the first cause counts.
    pub(crate) fn end(&self, cause: CloseCause) -> Arc<CloseCause> {
        Arc::clone(self.cause.get_or_init(|| Arc::new(cause)))
    }

    /// Takes no new request; those that wait for their turn go to another connection.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
        self.close_turns();
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }

    fn seen(&self) -> MutexGuard<'_, LineSeen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_turns(&self) {
        self.turns.close();
        self.others.close();
    }

    fn close_cause(&self) -> Arc<CloseCause> {
        let retired =
            || Arc::new(if self.is_retired() { CloseCause::ByUs } else { CloseCause::Cut });
        self.cause.get().cloned().unwrap_or_else(retired)
    }
}

impl Line for Connection {
    fn agreed(&self, request: &Request) -> Features {
        request.agreed(self.welcome.features)
    }

    fn chunk_bytes(&self, wish: ChunkSize, request: &Request) -> u64 {
        let limits = &self.welcome.limits;
        let window = request.window.filter(|_| self.agreed(request).contains(Feature::Credit));
        let window = window.map(|asked| asked.min(limits.max_window.unwrap_or(u64::MAX)));
        let seen = self.shared.seen();
        wish.bytes(&seen, window, limits.max_chunk_bytes.unwrap_or(u64::MAX))
    }

    fn note_timing(&self, timing: &RequestTiming) {
        self.shared.seen().note(timing);
    }

    fn check(&self, request: &Request) -> Result<(), Error> {
        request.check(self.welcome.features).map_err(|source| unwritable(request, source))
    }

    fn turn(&self, request: &Request) -> BoxFuture<'static, Result<Turn, Error>> {
        let shared = Arc::clone(&self.shared);
        let is_stream = request.mode(self.welcome.features) == Mode::Stream;
        let turns = if is_stream || shared.is_serial { &shared.turns } else { &shared.others };
        let turn = Arc::clone(turns).acquire_owned();
        async move {
            let lost = |_| Error::Lost { id: None, cause: shared.close_cause() };
            turn.await.map(Turn).map_err(lost)
        }
        .boxed()
    }

    fn start(
        &self,
        request: &Request,
        turn: Turn,
        is_patient: Arc<AtomicBool>,
    ) -> Result<Started, Error> {
        let server = self.welcome.features;
        let request = self.fitted(request);
        let mut ids = self.shared.common.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let id = ids.mint(request.name.domain());
        drop(ids);
        let text = request.write(&id, server).map_err(|source| unwritable(&request, source))?;
        if text.len() > MAX_REQUEST_BYTES {
            let (operation, got) = (request.name.to_string(), text.len());
            return Err(Error::RequestTooLarge { operation, got, limit: MAX_REQUEST_BYTES });
        }
        let (mode, features) = (request.mode(server), request.agreed(server));
        let chunks = request.window.unwrap_or(1);
        let chunk_bytes = request.stream.unwrap_or(SERVER_CHUNK_BYTES);
        let window = features.contains(Feature::Credit).then_some(Window { chunks, chunk_bytes });
        let (sender, receiver) = inbox(window, is_patient);
        let command = Command::Start {
            id: id.clone(),
            mode,
            text: WireText(text),
            inbox: sender,
            turn,
            can_cancel: features.contains(Feature::Cancel),
            takes_binary: features.contains(Feature::Binary),
        };
        self.commands
            .send(command)
            .map_err(|_| Error::Lost { id: None, cause: self.close_cause() })?;
        Ok(Started { id, mode, features, window: chunks, inbox: receiver })
    }

    fn cancel(&self, id: &MessageId, operation: Option<OperationKey>, asking: Option<Asking>) {
        self.send(Command::Cancel { id: id.clone(), operation, asking });
    }

    fn detach(&self, id: &MessageId) {
        self.send(Command::Detach { id: id.clone() });
    }

    fn control(&self, control: Control) -> Result<(), Control> {
        let feature = match control {
            Control::Cancel { .. } => Feature::Cancel,
            Control::Credit { .. } => Feature::Credit,
            Control::Release { .. } => Feature::Resume,
        };
        // A server that does not offer it would take it for a request.
        if !self.welcome.features.is_some_and(|offered| offered.contains(feature)) {
            return Ok(());
        }
        if self.commands.is_closed() {
            return Err(control);
        }
        self.send(Command::Control(control));
        Ok(())
    }

    fn close_cause(&self) -> Arc<CloseCause> {
        self.shared.close_cause()
    }

    fn held(&self, now: Instant) -> Duration {
        self.shared.hold.total(now)
    }
}

fn unwritable(request: &Request, source: Unwritable) -> Error {
    Error::Unwritable { operation: request.name.to_string(), source }
}
