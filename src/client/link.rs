//! The way to the server beyond the life of one connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::watch;
use tracing::Instrument;

use super::ConnectError;
use super::builder::ClientBuilder;
use super::connect::{Endpoint, connect};
use super::connection::{Common, Connection, Ended};
use super::credentials::Credentials;
use super::error::{CloseCause, Error};
use super::transport::{Line, Transport};
use crate::proto::stats::count;
use crate::proto::{Control, Counters, Stats, Welcome};

/// The least that a message may have of several sessions, in bytes: chunks of the usual size.
const LEAST_MESSAGE_BYTES: usize = 4 << 20;

/// Opens connections, one at a time, and gives the one that is open.
///
/// A connection that is gone is opened again when a request needs one, not before, by a task of its
/// own: whoever asked for it may stop waiting, and nobody else has to wait for that. Credentials
/// are asked for each time.
#[derive(Debug)]
pub(crate) struct Link(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    way: Way,
    common: Common,
    current: Mutex<Current>,
    states: watch::Sender<Numbered>,
}

#[derive(Debug)]
struct Current {
    /// The connection that is open, or the last that was.
    connection: Arc<Connection>,
    /// What comes of the attempt to open another, if there is one.
    opening: Option<watch::Receiver<Option<Opened>>>,
    /// Those before that may still have something to do or to tell.
    earlier: Vec<Ended>,
}

/// What came of opening a connection.
type Opened = Result<Arc<Connection>, ConnectError>;

/// A state and the number of the connection it is about.
#[derive(Clone, Debug)]
struct Numbered {
    number: u64,
    state: ConnectionState,
}

/// Where to connect, and how.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) settings: ClientBuilder,
}

impl Way {
    /// The same way for one of the others beside the first of so many sessions: what the first may
    /// take as a message is shared among them.
    pub(crate) fn for_another_of(&self, sessions: usize) -> Self {
        let mut way = self.clone();
        let others = sessions.saturating_sub(1).max(1);
        let share = way.settings.max_message_bytes.checked_div(others).unwrap_or_default();
        let least = LEAST_MESSAGE_BYTES.min(way.settings.max_message_bytes);
        way.settings.max_message_bytes = share.max(least);
        way
    }
}

/// How it stands with a client's connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionState {
    /// It is open.
    Open,
    /// It is gone; the next request opens it again, as does one that goes on after the loss.
    Closed {
        /// What ended it.
        cause: Arc<CloseCause>,
    },
    /// It is being opened again.
    Opening,
}

/// The states of a connection as they change; made by [`Client::states`](super::Client::states).
#[derive(Clone, Debug)]
pub struct ConnectionStates(watch::Receiver<Numbered>);

impl ConnectionStates {
    /// The state as it is now.
    pub fn current(&mut self) -> ConnectionState {
        self.0.borrow_and_update().state.clone()
    }

    /// Waits until the state is another than when it was last looked at; `None` once the client is
    /// gone. States that pass quickly may be missed.
    ///
    /// # Cancellation
    /// Nothing is lost if the future is dropped.
    pub async fn changed(&mut self) -> Option<ConnectionState> {
        self.0.changed().await.ok()?;
        Some(self.current())
    }
}

impl Link {
    /// Connects for the first time.
    pub(crate) async fn open(way: Way) -> Result<Self, ConnectError> {
        let common = Common::default();
        let states = watch::Sender::new(Numbered { number: 0, state: ConnectionState::Opening });
        let connection = dial(&way, &common, &states).await?;
        let current = Mutex::new(Current { connection, opening: None, earlier: Vec::new() });
        Ok(Self(Arc::new(Shared { way, common, current, states })))
    }

    /// Where it goes, and how.
    pub(crate) fn way(&self) -> &Way {
        &self.0.way
    }

    /// Whether the connection takes requests as it stands.
    pub(crate) fn is_open(&self) -> bool {
        self.0.current().connection.is_open()
    }

    pub(crate) fn welcome(&self) -> Arc<Welcome> {
        Arc::clone(self.0.current().connection.welcome())
    }

    pub(crate) fn stats(&self) -> Stats {
        self.0.common.counters.snapshot()
    }

    pub(crate) fn states(&self) -> ConnectionStates {
        ConnectionStates(self.0.states.subscribe())
    }

    /// Ends the connection once nothing runs on it, and waits for that, and for those before it.
    pub(crate) async fn close(&self) {
        let (connection, earlier) = {
            let current = self.0.current();
            (Arc::clone(&current.connection), current.earlier.clone())
        };
        connection.retire();
        for mut ended in earlier.into_iter().chain([connection.ended()]) {
            ended.wait().await;
        }
    }

    async fn connection(&self) -> Result<Arc<Connection>, Error> {
        let mut opening = {
            let mut current = self.0.current();
            if current.connection.is_open() {
                return Ok(Arc::clone(&current.connection));
            }
            current.opening.get_or_insert_with(|| Shared::start_opening(&self.0)).clone()
        };
        let opened = opening.wait_for(Option::is_some).await.map_err(|_| Error::Shutdown)?;
        match &*opened {
            Some(opened) => Ok(opened.clone()?),
            None => Err(Error::Shutdown),
        }
    }
}

impl Shared {
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, state: ConnectionState) {
        self.states.send_modify(|noted| noted.state = state);
    }

    fn start_opening(shared: &Arc<Self>) -> watch::Receiver<Option<Opened>> {
        let (outcome, waiting) = watch::channel(None);
        let shared = Arc::clone(shared);
        shared.note(ConnectionState::Opening);
        let task = async move {
            let opened = shared.open_again().await;
            // Nobody waits any more if all have given up.
            let _ = outcome.send(Some(opened));
        };
        tokio::spawn(task.in_current_span());
        waiting
    }

    async fn open_again(&self) -> Opened {
        let opened = dial(&self.way, &self.common, &self.states).await;
        let mut current = self.current();
        current.opening = None;
        match &opened {
            Ok(connection) => {
                count(&self.common.counters.reconnects);
                let before = std::mem::replace(&mut current.connection, Arc::clone(connection));
                current.earlier.retain(|ended| !ended.is_over());
                current.earlier.push(before.ended());
            }
            Err(_) => {
                self.note(ConnectionState::Closed { cause: current.connection.close_cause() });
            }
        }
        opened
    }
}

impl Transport for Link {
    fn line(&self) -> BoxFuture<'_, Result<Arc<dyn Line>, Error>> {
        self.connection().map(|connection| Ok(connection? as Arc<dyn Line>)).boxed()
    }

    fn control(&self, control: Control) {
        let current = self.0.current();
        if current.connection.is_open() {
            // If it has just ended there is no other way.
            let _ = current.connection.control(control);
        }
    }

    fn address(&self) -> &str {
        self.0.way.endpoint.url()
    }

    fn counters(&self) -> &Arc<Counters> {
        &self.0.common.counters
    }
}

async fn dial(
    way: &Way,
    common: &Common,
    states: &watch::Sender<Numbered>,
) -> Result<Arc<Connection>, ConnectError> {
    let (socket, welcome) = connect(&way.endpoint, way.credentials.as_ref(), &way.settings).await?;
    let number = states.borrow().number.wrapping_add(1);
    states.send_replace(Numbered { number, state: ConnectionState::Open });
    let told = states.clone();
    let on_end = Box::new(move |cause: &Arc<CloseCause>| {
        told.send_if_modified(|noted| {
            // One that another has taken the place of is nobody's concern.
            let is_current = noted.number == number;
            if is_current {
                noted.state = ConnectionState::Closed { cause: Arc::clone(cause) };
            }
            is_current
        });
    });
    let connection = Connection::spawn(socket, welcome, way.settings.pace, common.clone(), on_end);
    Ok(Arc::new(connection))
}
