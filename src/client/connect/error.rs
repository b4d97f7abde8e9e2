//! Why there is no connection.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::EndpointError;
use crate::client::error::CloseCause;
use crate::client::websocket::HeadError;
use crate::proto::welcome::WelcomeError;

/// No connection could be made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL does not say where the server is.
    #[error("the server's url is not usable")]
    Endpoint(#[from] EndpointError),
    /// A user name has a colon or a control character, which Basic logon cannot carry.
    #[error("user name {user:?} has a colon or a control character")]
    User {
        /// The name.
        user: String,
    },
    /// A cookie or a token has a character that an HTTP header cannot carry.
    #[error("the logon's {what} has a character that http cannot carry")]
    UnsendableLogon {
        /// What it is, such as `cookie`.
        what: &'static str,
    },
    /// The credentials could not be had; providers are an open set, so the source is the
    /// provider's own error.
    #[error("no credentials")]
    Credentials(#[source] Arc<dyn StdError + Send + Sync>),
    /// A certificate or key file cannot be used.
    #[error("{} is not usable as {role}: {reason}", path.display())]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// What it was given as, such as `certificate authority`.
        role: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings for encryption do not go together, or the platform has no trusted roots.
    #[error("encryption cannot be set up: {reason}")]
    TlsSettings {
        /// What is wrong.
        reason: String,
    },
    /// The encrypted connection was refused, by either side.
    #[error("no encrypted connection to {host}")]
    Tls {
        /// The host.
        host: String,
        /// What was wrong.
        #[source]
        problem: TlsProblem,
    },
    /// The proxy's URL is not usable; `http` and `https` proxies are.
    #[error("{proxy:?} is not usable as a proxy")]
    ProxyUrl {
        /// What was given, without user and password.
        proxy: String,
    },
    /// The proxy itself cannot be reached.
    #[error("cannot reach the proxy {proxy}")]
    ProxyUnreachable {
        /// The proxy, host and port.
        proxy: String,
        /// What was wrong on the way to it.
        #[source]
        source: Arc<ConnectError>,
    },
    /// The proxy did not let the connection through.
    #[error("proxy {proxy} answered {status} to a connection to {target}")]
    Proxy {
        /// The proxy, host and port.
        proxy: String,
        /// What was asked for, host and port.
        target: String,
        /// The HTTP status; 407 asks for user and password.
        status: u16,
    },
    /// The proxy does not speak HTTP as it should.
    #[error("proxy {proxy} did not answer as a proxy does")]
    ProxyBroken {
        /// The proxy, host and port.
        proxy: String,
        /// What was wrong.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
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
    /// 401: the server does not take this logon, neither on the upgrade nor over HTTP.
    #[error("the server does not take the logon (401){}", colon(explanation))]
    Unauthorized {
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// 403: logged on, but not allowed.
    #[error("the server forbids it (403){}", colon(explanation))]
    Forbidden {
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// 404: the service is not installed, or not active.
    #[error("there is no service at {path} (404){}", colon(explanation))]
    NotFound {
        /// The path.
        path: String,
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// 500: the server failed before the WebSocket was open.
    #[error("the server failed (500){}", colon(explanation))]
    ServerFailed {
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// 503: the server, or what stands before it, is not ready.
    #[error("the server is not available (503){}", colon(explanation))]
    Unavailable {
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// Any other status than 101.
    #[error("the server answered {status} instead of opening a websocket{}", colon(explanation))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of what the server's page says, without markup.
        explanation: String,
    },
    /// The server does not speak HTTP as it should.
    #[error("the server did not answer as http does")]
    Http(#[source] Arc<dyn StdError + Send + Sync>),
    /// The answer to the upgrade begins with more than any server's does, or as no HTTP does.
    #[error("the server did not answer the upgrade as servers do")]
    AnswerHead(#[source] HeadError),
    /// The server does not speak WebSocket as it should.
    #[error("the websocket could not be opened")]
    Upgrade(#[source] Arc<CloseCause>),
    /// The server chose a subprotocol or an extension, though none was offered.
    #[error("the server answered with {header}, which nobody offered")]
    NotOffered {
        /// The header of its answer that says so, such as `Sec-WebSocket-Extensions`.
        header: &'static str,
    },
    /// The connection ended before the server's welcome.
    #[error("the connection ended before the server's welcome")]
    NoWelcome(#[source] Arc<CloseCause>),
    /// What came first is no welcome.
    #[error("the server did not greet as it should")]
    Welcome(#[from] WelcomeError),
    /// It took too long.
    #[error("not connected after {limit:?}, {stage}")]
    Timeout {
        /// [`ClientBuilder::connect_timeout`](crate::ClientBuilder::connect_timeout).
        limit: Duration,
        /// How far it came.
        stage: Stage,
    },
}

impl ConnectError {
    /// Whether another try may fare better, with the same address and logon.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Lookup { .. }
            | Self::Dial { .. }
            | Self::ServerFailed { .. }
            | Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::Http(_)
            | Self::ProxyBroken { .. } => true,
            Self::ProxyUnreachable { source, .. } => source.is_transient(),
            Self::Proxy { status, .. } | Self::Status { status, .. } => {
                matches!(status, 429 | 502..=504)
            }
            Self::Upgrade(cause) | Self::NoWelcome(cause) => cause.is_transient(),
            Self::Welcome(WelcomeError::Refused(error)) => error.is_busy(),
            _ => false,
        }
    }
}

/// How far connecting came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Asking for credentials.
    Credentials,
    /// Looking up the host's address.
    Lookup,
    /// Dialing.
    Dial,
    /// Asking the proxy for a connection.
    Proxy,
    /// Agreeing on encryption.
    Tls,
    /// Logging on over HTTP.
    Logon,
    /// Opening the WebSocket.
    Upgrade,
    /// Waiting for the server's welcome.
    Welcome,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Credentials => "asking for credentials",
            Self::Lookup => "looking up the address",
            Self::Dial => "dialing",
            Self::Proxy => "asking the proxy",
            Self::Tls => "agreeing on encryption",
            Self::Logon => "logging on over http",
            Self::Upgrade => "opening the websocket",
            Self::Welcome => "waiting for the welcome",
        })
    }
}

/// What was wrong with an encrypted connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The certificate's issuer is not trusted here: give the authority's certificate.
    #[error("the certificate's issuer is not trusted: {0}")]
    UnknownIssuer(String),
    /// The certificate is for another name.
    #[error("the certificate is for another name: {0}")]
    WrongName(String),
    /// The certificate is not valid now; the clock may be wrong as well.
    #[error("the certificate is not valid now: {0}")]
    NotValidNow(String),
    /// The certificate has another defect.
    #[error("the certificate is not acceptable: {0}")]
    BadCertificate(String),
    /// The server wants a certificate of the client's, or another one.
    #[error("the server does not accept the client's certificate, or wants one: {0}")]
    ClientCertificate(String),
    /// What answers there does not speak TLS.
    #[error("what answers there does not speak tls: {0}")]
    NotTls(String),
    /// Something else.
    #[error("the handshake failed: {0}")]
    Handshake(String),
}

fn colon(explanation: &str) -> String {
    if explanation.is_empty() { String::new() } else { format!(": {explanation}") }
}
