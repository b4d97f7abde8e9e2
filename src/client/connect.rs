//! From an endpoint to a connection that has been welcomed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::net::{TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request as UpgradeRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::builder::ClientBuilder;
use super::connection::{Connection, MAX_REQUEST_BYTES};
use super::driver::Socket;
use super::endpoint::{Endpoint, EndpointError};
use super::error::CloseCause;
use super::meter::Metered;
use super::secret::Secret;
use crate::proto::Welcome;
use crate::proto::base64;
use crate::proto::welcome::WelcomeError;

/// How much is read from the socket at a time, in bytes. Larger ones are slower, since the
/// library zeroes the buffer before each read.
const READ_BUFFER_BYTES: usize = 64 << 10;
/// How much is gathered before it is written, in bytes; flushing writes at once.
const WRITE_BUFFER_BYTES: usize = 64 << 10;
/// How much of a refusing server's page is kept as evidence, in characters.
const MOST_EXPLANATION: usize = 200;

/// Who logs on, and how.
#[derive(Clone, Debug)]
pub(crate) enum Logon {
    None,
    Basic { user: String, password: Secret },
}

/// No connection could be made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL does not say where the server is.
    #[error("the server's url is not usable")]
    Endpoint(#[from] EndpointError),
    /// The URL asks for encryption, which this version cannot do yet.
    #[error("{url} needs tls, which is not built yet")]
    TlsNotBuilt {
        /// The URL.
        url: String,
    },
    /// A user name has a colon, which Basic logon cannot carry.
    #[error("user name {user:?} has a colon or a control character")]
    User {
        /// The name.
        user: String,
    },
    /// The host has no address.
    #[error("no address for host {host:?}")]
    Lookup {
        /// The host.
        host: String,
        /// What the resolver said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Nothing listens there, or the way is blocked.
    #[error("cannot reach {host}:{port}")]
    Dial {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The server answered the upgrade with another status than 101.
    #[error("the server answered {status} instead of opening a websocket")]
    Status {
        /// The HTTP status, such as 401.
        status: u16,
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// The server does not speak WebSocket as it should.
    #[error("the websocket could not be opened")]
    Upgrade(#[source] Arc<CloseCause>),
    /// The connection ended before the server's welcome.
    #[error("the connection ended before the server's welcome")]
    NoWelcome(#[source] Arc<CloseCause>),
    /// What came first is no welcome.
    #[error("the server did not greet as it should")]
    Welcome(#[from] WelcomeError),
    /// It took too long.
    #[error("not connected after {limit:?}, {stage}")]
    Timeout {
        /// [`ClientBuilder::connect_timeout`].
        limit: Duration,
        /// How far it came, such as `waiting for the welcome`.
        stage: &'static str,
    },
}

/// Connects and waits for the welcome, all within the time the builder allows.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    settings: &ClientBuilder,
) -> Result<Connection, ConnectError> {
    let mut stage = "looking up the address";
    let connecting = async {
        if endpoint.is_secure() {
            return Err(ConnectError::TlsNotBuilt { url: endpoint.url().to_owned() });
        }
        let upgrade = upgrade_request(endpoint, &settings.logon)?;
        let stream = dial(endpoint, &mut stage).await?;
        stage = "opening the websocket";
        let mut socket = open(upgrade, stream, settings.max_message_bytes).await?;
        stage = "waiting for the welcome";
        let welcome = greet(&mut socket, settings.max_message_bytes).await?;
        Ok((socket, welcome))
    };
    let limit = settings.connect_timeout;
    let connected = tokio::time::timeout(limit, connecting).await;
    let (socket, welcome) = match connected {
        Ok(connected) => connected?,
        Err(_) => return Err(ConnectError::Timeout { limit, stage }),
    };
    tracing::debug!(
        url = endpoint.url(),
        version = welcome.version,
        features = ?welcome.features,
        "connected"
    );
    Ok(Connection::spawn(socket, welcome, settings.hold_limit))
}

async fn dial(endpoint: &Endpoint, stage: &mut &'static str) -> Result<TcpStream, ConnectError> {
    let (host, port) = endpoint.address();
    let lookup = |source| ConnectError::Lookup { host: host.to_owned(), source: Arc::new(source) };
    let addresses: Vec<_> = lookup_host((host, port)).await.map_err(lookup)?.collect();
    if addresses.is_empty() {
        return Err(lookup(io::Error::from(io::ErrorKind::NotFound)));
    }
    *stage = "dialing";
    let stream = TcpStream::connect(&addresses[..]).await.map_err(|source| ConnectError::Dial {
        host: host.to_owned(),
        port,
        source: Arc::new(source),
    })?;
    // Requests are small and someone waits for each; not all systems allow it, none need it.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn upgrade_request(endpoint: &Endpoint, logon: &Logon) -> Result<UpgradeRequest, ConnectError> {
    let mut request = endpoint.url().into_client_request().map_err(|error| {
        EndpointError::NotUrl { url: endpoint.url().to_owned(), reason: error.to_string() }
    })?;
    if let Logon::Basic { user, password } = logon {
        if user.contains(|c: char| c == ':' || c.is_control()) {
            return Err(ConnectError::User { user: user.clone() });
        }
        let token = base64::encode(format!("{user}:{}", password.expose()).as_bytes());
        // Base64 is always a legal header value.
        if let Ok(mut value) = HeaderValue::try_from(format!("Basic {token}")) {
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
    }
    Ok(request)
}

async fn open(
    request: UpgradeRequest,
    stream: TcpStream,
    max_message_bytes: usize,
) -> Result<WebSocketStream<Socket>, ConnectError> {
    // All limits are set, so that none is the library's choice. A frame may be as long as a
    // message, since servers send messages unfragmented.
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_REQUEST_BYTES.saturating_add(2 * WRITE_BUFFER_BYTES))
        .max_message_size(Some(max_message_bytes))
        .max_frame_size(Some(max_message_bytes))
        .accept_unmasked_frames(false);
    match client_async_with_config(request, Metered::new(stream), Some(config)).await {
        Ok((socket, _response)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let status = response.status().as_u16();
            let page = response.body().as_deref().unwrap_or_default();
            Err(ConnectError::Status { status, explanation: explanation(page) })
        }
        Err(error) => {
            Err(ConnectError::Upgrade(Arc::new(CloseCause::from_socket(error, max_message_bytes))))
        }
    }
}

/// The start of a page's text, without tags and control characters.
fn explanation(page: &[u8]) -> String {
    let page = String::from_utf8_lossy(page);
    let mut text = String::new();
    let mut in_tag = false;
    for c in page.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => {}
            c if c.is_whitespace() || c.is_control() => {
                if !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            c => text.push(c),
        }
        if text.chars().count() >= MOST_EXPLANATION {
            break;
        }
    }
    text.trim_end().to_owned()
}

async fn greet(
    socket: &mut WebSocketStream<Socket>,
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
            Some(Err(error)) => {
                return Err(no_welcome(CloseCause::from_socket(error, max_message_bytes)));
            }
            None => return Err(no_welcome(CloseCause::Cut)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_down_to_its_words() {
        let page =
            b"<html><head><title>Logon\r\n failed</title></head>\n\n<p>Ask your\x1b[31m admin</p>";
        assert_eq!(explanation(page), "Logon failed Ask your [31m admin");
        assert_eq!(explanation(&b"x".repeat(10_000)).len(), MOST_EXPLANATION);
        assert_eq!(explanation(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_user_name_with_a_colon_cannot_log_on() {
        let endpoint = Endpoint::new("http://h", None, None, None).unwrap();
        let logon = Logon::Basic { user: "a:b".into(), password: "x".into() };
        assert!(matches!(upgrade_request(&endpoint, &logon), Err(ConnectError::User { .. })));
        let logon = Logon::Basic { user: "ab".into(), password: "x:y".into() };
        let request = upgrade_request(&endpoint, &logon).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Basic YWI6eDp5");
        assert!(!format!("{request:?}").contains("YWI6eDp5"));
    }
}
