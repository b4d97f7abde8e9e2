//! From an endpoint to a connection that has been welcomed.
//!
//! ```text
//! credentials ─▶ dial (address, proxy, tls) ─▶ upgrade ─▶ welcome
//!      ▲               │                          │ 401
//!      │ refused       └─▶ http logon ◀── Basic ──┤
//!      └──────────────────────────────────────────┘
//! ```

mod approach;
mod dial;
mod endpoint;
mod error;
mod http_logon;
mod proxy;
mod refusal;
mod sent;
mod tls;
mod upgrade;
mod written;

use std::sync::Arc;

pub(crate) use approach::Approach;
pub(crate) use dial::BoxedStream;
pub(crate) use endpoint::Endpoint;
pub use endpoint::EndpointError;
pub use error::{ConnectError, Stage, TlsProblem};
pub(crate) use proxy::{GivenUrl, ProxyChoice, authority};
pub(crate) use refusal::{explanation, refusal};
pub(crate) use sent::Sent;
pub(crate) use tls::TlsOptions;
pub(crate) use upgrade::logon_header;

use super::builder::ClientBuilder;
use super::credentials::{Attempt, Credentials, Logon};
use super::error::CloseCause;
use super::websocket::{ReadError, Socket};
use crate::proto::Welcome;
use crate::proto::websocket::{FrameError, Message};
use crate::proto::welcome::{MAX_WELCOME_BYTES, WelcomeError};

/// Connects and waits for the welcome, all within the time the builder allows.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    credentials: &dyn Credentials,
    settings: &ClientBuilder,
) -> Result<(Socket, Welcome), ConnectError> {
    let approach = Approach::new(endpoint, credentials, settings);
    let attempt = Connecting { approach: &approach, max_message_bytes: settings.max_message_bytes };
    let (socket, welcome) = approach.within_limit(Box::pin(attempt.connect())).await?;
    tracing::debug!(
        url = endpoint.url(),
        version = welcome.version,
        features = ?welcome.features,
        "connected"
    );
    Ok((socket, welcome))
}

/// Connects and logs on; nothing has been read of what the server sends then.
#[cfg(feature = "check")]
pub(crate) async fn open(
    endpoint: &Endpoint,
    credentials: &dyn Credentials,
    settings: &ClientBuilder,
) -> Result<Socket, ConnectError> {
    let approach = Approach::new(endpoint, credentials, settings);
    let attempt = Connecting { approach: &approach, max_message_bytes: settings.max_message_bytes };
    let mut socket = approach.within_limit(Box::pin(attempt.open_logged_on())).await?;
    socket.allow(settings.max_message_bytes);
    Ok(socket)
}

struct Connecting<'a> {
    approach: &'a Approach<'a>,
    max_message_bytes: usize,
}

impl Connecting<'_> {
    async fn connect(&self) -> Result<(Socket, Welcome), ConnectError> {
        let mut socket = self.open_logged_on().await?;
        self.approach.stage.set(Stage::Welcome);
        let welcome = greet(&mut socket, self.approach.endpoint).await?;
        socket.allow(self.max_message_bytes);
        Ok((socket, welcome))
    }

    /// Opens the WebSocket, with another logon if the first is refused and there is one.
    async fn open_logged_on(&self) -> Result<Socket, ConnectError> {
        let logon = self.approach.logon(Attempt::default()).await?;
        match self.open(&logon).await {
            Err(refused @ ConnectError::Unauthorized { .. }) => {
                let again = self.approach.logon(Attempt { refused: true }).await?;
                if again == logon {
                    return Err(refused);
                }
                self.open(&again).await
            }
            opened => opened,
        }
    }

    /// Opens the WebSocket with a logon. Where Basic is refused on the upgrade, it is taken over
    /// HTTP, and the upgrade is made with the cookies of that session.
    async fn open(&self, logon: &Logon) -> Result<Socket, ConnectError> {
        let refused = match self.upgrade(logon).await {
            Err(refused @ ConnectError::Unauthorized { .. }) => refused,
            opened => return opened,
        };
        if !matches!(logon, Logon::Basic { .. }) {
            return Err(refused);
        }
        tracing::debug!("basic was refused on the upgrade, logging on over http");
        let stream = self.approach.dial().await?;
        self.approach.stage.set(Stage::Logon);
        match http_logon::fetch_cookies(stream, self.approach, logon).await {
            Ok(Some(cookies)) => self.upgrade(&Logon::Cookies(cookies)).await,
            // There too the logon was looked at and found wanting.
            Err(error @ (ConnectError::Unauthorized { .. } | ConnectError::Forbidden { .. })) => {
                Err(error)
            }
            // No logon to be had that way: what the upgrade said stands.
            Ok(None) | Err(_) => Err(refused),
        }
    }

    async fn upgrade(&self, logon: &Logon) -> Result<Socket, ConnectError> {
        let stream = self.approach.dial().await?;
        self.approach.stage.set(Stage::Upgrade);
        // More only once it is known who is there.
        let first_bytes = self.max_message_bytes.min(MAX_WELCOME_BYTES);
        upgrade::upgrade(stream, self.approach, logon, first_bytes).await
    }
}

/// The first message, which has to be the welcome.
async fn greet(socket: &mut Socket, endpoint: &Endpoint) -> Result<Welcome, ConnectError> {
    let no_welcome = |cause| ConnectError::NoWelcome(Arc::new(cause));
    match socket.next().await {
        Ok(Message::Text(text)) => Ok(Welcome::read(&text)?),
        Ok(Message::Close(goodbye)) => Err(no_welcome(CloseCause::from_goodbye(goodbye))),
        Ok(_) => Err(WelcomeError::NotWelcome.into()),
        Err(ReadError::Frame(FrameError::MessageTooLarge { got, limit: MAX_WELCOME_BYTES })) => {
            Err(WelcomeError::TooLarge { got, limit: MAX_WELCOME_BYTES }.into())
        }
        Err(error) => {
            let problem = match &error {
                ReadError::Io(error) => tls::problem_of(error),
                _ => None,
            };
            Err(match problem {
                Some(problem) => upgrade::tls_problem(endpoint, problem),
                None => no_welcome(CloseCause::from_read(error)),
            })
        }
    }
}
