//! The way to the server beyond the life of one connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::watch;

use super::ConnectError;
use super::builder::ClientBuilder;
use super::connect::{Endpoint, connect};
use super::connection::{Common, Connection};
use super::credentials::Credentials;
use super::error::{CloseCause, Error};
use super::transport::{Line, Transport};
use crate::proto::stats::count;
use crate::proto::{Counters, Stats, Welcome};

/// Opens connections, one at a time, and gives the one that is open.
///
/// A connection that is gone is opened again when a request needs one, not before. Credentials are
/// asked for each time.
#[derive(Debug)]
pub(crate) struct Link {
    way: Way,
    common: Common,
    /// Held while a connection is opened, so that all who wait share what comes of it.
    current: tokio::sync::Mutex<Current>,
    /// How many attempts to open one have ended.
    attempts: AtomicU64,
    welcome: Mutex<Arc<Welcome>>,
    states: watch::Sender<Numbered>,
}

#[derive(Debug)]
struct Current {
    /// The connection that is open, or the last that was.
    connection: Arc<Connection>,
    /// Why the last attempt to open one failed.
    failed: Option<ConnectError>,
}

/// A state and the number of the connection it is about.
#[derive(Clone, Debug)]
struct Numbered {
    number: u64,
    state: ConnectionState,
}

/// Where to connect, and how.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) settings: ClientBuilder,
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
        let welcome = Mutex::new(Arc::new(connection.welcome().clone()));
        let current = tokio::sync::Mutex::new(Current { connection, failed: None });
        Ok(Self { way, common, current, attempts: AtomicU64::new(0), welcome, states })
    }

    pub(crate) fn welcome(&self) -> Arc<Welcome> {
        Arc::clone(&self.welcome.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn stats(&self) -> Stats {
        self.common.counters.snapshot()
    }

    pub(crate) fn states(&self) -> ConnectionStates {
        ConnectionStates(self.states.subscribe())
    }

    /// Ends the connection once nothing runs on it, and waits for that.
    pub(crate) async fn close(&self) {
        let connection = Arc::clone(&self.current.lock().await.connection);
        connection.close().await;
    }

    async fn connection(&self) -> Result<Arc<Connection>, Error> {
        let seen = self.attempts.load(Ordering::Acquire);
        let mut current = self.current.lock().await;
        if current.connection.is_open() {
            return Ok(Arc::clone(&current.connection));
        }
        // An attempt that failed while this one waited speaks for it too.
        if let Some(error) = &current.failed
            && self.attempts.load(Ordering::Acquire) != seen
        {
            return Err(error.clone().into());
        }
        self.note(ConnectionState::Opening);
        let dialed = dial(&self.way, &self.common, &self.states).await;
        self.attempts.fetch_add(1, Ordering::AcqRel);
        let connection = match dialed {
            Ok(connection) => connection,
            Err(error) => {
                self.note(ConnectionState::Closed { cause: current.connection.close_cause() });
                current.failed = Some(error.clone());
                return Err(error.into());
            }
        };
        count(&self.common.counters.reconnects);
        let welcome = Arc::new(connection.welcome().clone());
        *self.welcome.lock().unwrap_or_else(PoisonError::into_inner) = welcome;
        *current = Current { connection: Arc::clone(&connection), failed: None };
        Ok(connection)
    }

    fn note(&self, state: ConnectionState) {
        self.states.send_modify(|noted| noted.state = state);
    }
}

impl Transport for Link {
    fn line(&self) -> BoxFuture<'_, Result<Arc<dyn Line>, Error>> {
        self.connection().map(|connection| Ok(connection? as Arc<dyn Line>)).boxed()
    }

    fn address(&self) -> &str {
        self.way.endpoint.url()
    }

    fn counters(&self) -> &Arc<Counters> {
        &self.common.counters
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
