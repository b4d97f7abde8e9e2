//! From an endpoint to a connection that has been welcomed.
//!
//! ```text
//! credentials ─▶ dial (address, proxy, tls) ─▶ upgrade ─▶ welcome
//!      ▲               │                          │ 401
//!      │ refused       └─▶ http logon ◀── Basic ──┤
//!      └──────────────────────────────────────────┘
//! ```

mod dial;
mod endpoint;
mod error;
mod http_logon;
mod proxy;
mod tls;
mod upgrade;

use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

pub(crate) use dial::BoxedStream;
use dial::Dialer;
pub(crate) use endpoint::Endpoint;
pub use endpoint::EndpointError;
pub use error::{ConnectError, Stage, TlsProblem};
pub(crate) use proxy::{GivenUrl, ProxyChoice};
pub(crate) use tls::TlsOptions;

use super::builder::ClientBuilder;
use super::credentials::{Attempt, Credentials, Logon};
use super::driver::Socket;
use super::error::CloseCause;
use crate::proto::Welcome;
use crate::proto::welcome::WelcomeError;

/// How far connecting has come, for whoever gives up waiting.
struct StageNote(Mutex<Stage>);

impl StageNote {
    fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    fn get(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects and waits for the welcome, all within the time the builder allows.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    credentials: &dyn Credentials,
    settings: &ClientBuilder,
) -> Result<(WebSocketStream<Socket>, Welcome), ConnectError> {
    let stage = StageNote(Mutex::new(Stage::Credentials));
    let dialer = Dialer::new(settings.proxies.clone(), settings.tls.clone());
    let max_message_bytes = settings.max_message_bytes;
    let attempt = Connecting { endpoint, credentials, dialer, max_message_bytes, stage: &stage };
    let limit = settings.connect_timeout;
    let connected = tokio::time::timeout(limit, attempt.connect()).await;
    let (socket, welcome) = match connected {
        Ok(connected) => connected?,
        Err(_) => return Err(ConnectError::Timeout { limit, stage: stage.get() }),
    };
    tracing::debug!(
        url = endpoint.url(),
        version = welcome.version,
        features = ?welcome.features,
        "connected"
    );
    Ok((socket, welcome))
}

struct Connecting<'a> {
    endpoint: &'a Endpoint,
    credentials: &'a dyn Credentials,
    dialer: Dialer,
    max_message_bytes: usize,
    stage: &'a StageNote,
}

impl Connecting<'_> {
    async fn connect(&self) -> Result<(WebSocketStream<Socket>, Welcome), ConnectError> {
        let logon = self.logon(Attempt::default()).await?;
        let mut socket = match self.open(&logon).await {
            Err(refused @ ConnectError::Unauthorized { .. }) => {
                let again = self.logon(Attempt { refused: true }).await?;
                if again == logon {
                    return Err(refused);
                }
                self.open(&again).await?
            }
            opened => opened?,
        };
        self.stage.set(Stage::Welcome);
        let welcome = greet(&mut socket, self.endpoint, self.max_message_bytes).await?;
        Ok((socket, welcome))
    }

    async fn logon(&self, attempt: Attempt) -> Result<Logon, ConnectError> {
        self.stage.set(Stage::Credentials);
        let logon = self.credentials.logon(attempt).await;
        let logon = logon.map_err(|error| ConnectError::Credentials(Arc::from(error)))?;
        let host = self.endpoint.address().0;
        if logon != Logon::Anonymous && !self.endpoint.is_secure() && !proxy::is_loopback(host) {
            tracing::warn!(host, "the logon is sent without encryption");
        }
        Ok(logon)
    }

    /// Opens the WebSocket with a logon. Where Basic is refused on the upgrade, it is taken over
    /// HTTP, and the upgrade is made with the cookies of that session.
    async fn open(&self, logon: &Logon) -> Result<WebSocketStream<Socket>, ConnectError> {
        let refused = match self.upgrade(logon).await {
            Err(refused @ ConnectError::Unauthorized { .. }) => refused,
            opened => return opened,
        };
        if !matches!(logon, Logon::Basic { .. }) {
            return Err(refused);
        }
        tracing::debug!("basic was refused on the upgrade, logging on over http");
        let stream = self.dial().await?;
        self.stage.set(Stage::Logon);
        match http_logon::fetch_cookies(stream, self.endpoint, logon).await {
            Ok(Some(cookies)) => self.upgrade(&Logon::Cookies(cookies)).await,
            // There too the logon was looked at and found wanting.
            Err(error @ (ConnectError::Unauthorized { .. } | ConnectError::Forbidden { .. })) => {
                Err(error)
            }
            // No logon to be had that way: what the upgrade said stands.
            Ok(None) | Err(_) => Err(refused),
        }
    }

    async fn upgrade(&self, logon: &Logon) -> Result<WebSocketStream<Socket>, ConnectError> {
        let stream = self.dial().await?;
        self.stage.set(Stage::Upgrade);
        upgrade::upgrade(stream, self.endpoint, logon, self.max_message_bytes).await
    }

    async fn dial(&self) -> Result<BoxedStream, ConnectError> {
        let (host, port) = self.endpoint.address();
        self.dialer.dial(host, port, self.endpoint.is_secure(), self.stage).await
    }
}

async fn greet(
    socket: &mut WebSocketStream<Socket>,
    endpoint: &Endpoint,
    max_message_bytes: usize,
) -> Result<Welcome, ConnectError> {
    let no_welcome = |cause| ConnectError::NoWelcome(Arc::new(cause));
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Welcome::read(&text)?),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                return Err(no_welcome(CloseCause::from_frame(frame)));
            }
            Some(Ok(_)) => return Err(WelcomeError::NotWelcome.into()),
            Some(Err(tungstenite::Error::Io(error))) => {
                return Err(match tls::problem_of(&error) {
                    Some(problem) => upgrade::tls_problem(endpoint, problem),
                    None => no_welcome(CloseCause::from_socket(
                        tungstenite::Error::Io(error),
                        max_message_bytes,
                    )),
                });
            }
            Some(Err(error)) => {
                return Err(no_welcome(CloseCause::from_socket(error, max_message_bytes)));
            }
            None => return Err(no_welcome(CloseCause::Cut)),
        }
    }
}
