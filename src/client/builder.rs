//! What is said of a connection before it is made.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::connect::{ConnectError, Endpoint, GivenUrl, ProxyChoice, TlsOptions};
use super::connection::Pace;
use super::credentials::{CookieFile, Credentials, Logon, Reading};
use super::limits::{CONNECT_TIMEOUT, HOLD_LIMIT, HTTP_TIMEOUT, PING_INTERVAL};
use super::link::{Link, Way};
use super::options::TransferOptions;
use super::retry::Retries;
use super::{Client, Secret};
use crate::proto::limits::MAX_MESSAGE_BYTES;

/// Describes a connection; [`connect`](Self::connect) makes it.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect` is called"]
pub struct ClientBuilder {
    url: GivenUrl,
    path: Option<String>,
    sap_client: Option<String>,
    language: Option<String>,
    credentials: Arc<dyn Credentials>,
    cookie_file: Option<(PathBuf, Reading)>,
    pub(crate) tls: TlsOptions,
    pub(crate) proxies: ProxyChoice,
    pub(crate) connect_timeout: Duration,
    pub(crate) http_timeout: Duration,
    pub(crate) pace: Pace,
    pub(crate) max_message_bytes: usize,
    options: TransferOptions,
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url: GivenUrl(url),
            path: None,
            sap_client: None,
            language: None,
            credentials: Arc::new(Logon::Anonymous),
            cookie_file: None,
            tls: TlsOptions::default(),
            proxies: ProxyChoice::default(),
            connect_timeout: CONNECT_TIMEOUT,
            http_timeout: HTTP_TIMEOUT,
            pace: Pace {
                hold_limit: HOLD_LIMIT,
                ping_interval: PING_INTERVAL,
                waits_for_dropped: false,
            },
            max_message_bytes: MAX_MESSAGE_BYTES,
            options: TransferOptions::default(),
        }
    }

    /// Logs on with user and password.
    ///
    /// Neither is ever logged by this crate. The WebSocket library below logs whole requests at
    /// level trace through the crate `log`: leave its target `tungstenite` out of such logs.
    ///
    /// They go as HTTP Basic on the upgrade. Where a server refuses that, they go over HTTP, and
    /// the cookies of that session open the WebSocket.
    pub fn basic(self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials(Logon::Basic { user: user.into(), password: password.into() })
    }

    /// Logs on with cookies of a session that exists, as `name=value; name=value`.
    pub fn cookies(self, cookies: impl Into<Secret>) -> Self {
        self.credentials(Logon::Cookies(cookies.into()))
    }

    /// Logs on with the cookies of a file in Netscape's format that are for this server. It is
    /// read for each connection, and again when the server refuses what was in it.
    ///
    /// A pipe is waited for until somebody writes into it, but no longer than connecting may take.
    /// Then a thread goes on waiting, one for all connections of this builder and its clones, and
    /// whoever connects next gets what it reads.
    pub fn cookie_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.cookie_file = Some((path.into(), Reading::default()));
        self
    }

    /// Logs on with a bearer token.
    pub fn bearer(self, token: impl Into<Secret>) -> Self {
        self.credentials(Logon::Bearer(token.into()))
    }

    /// Logs on with whatever `credentials` give, asked for each connection.
    pub fn credentials(mut self, credentials: impl Credentials + 'static) -> Self {
        self.credentials = Arc::new(credentials);
        self.cookie_file = None;
        self
    }

    /// Trusts the authorities in this PEM file, beside those the platform trusts.
    pub fn authority(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.authorities.push(path.into());
        self
    }

    /// Shows this certificate to servers that ask for one: a chain and its key, both PEM files.
    /// The key must not be encrypted.
    pub fn identity(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Takes any certificate of the server's.
    ///
    /// Whoever stands between can then read and change everything, the password included. For
    /// test systems only; a warning is logged.
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.tls.insecure = true;
        self
    }

    /// Goes through this proxy, such as `http://user:password@proxy:3128`, whatever the
    /// environment says, also to hosts on this machine.
    ///
    /// By default `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are followed, and hosts
    /// on this machine are reached without a proxy.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxies = ProxyChoice::Explicit(GivenUrl(url.into()));
        self
    }

    /// Goes through no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxies = ProxyChoice::Direct;
        self
    }

    /// The SAP client to log on to, three digits such as `001`; sent as `sap-client`.
    pub fn sap_client(mut self, client: impl Into<String>) -> Self {
        self.sap_client = Some(client.into());
        self
    }

    /// The logon language, such as `EN`; sent as `sap-language`.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// The path of the handler, instead of what the URL or the default says.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// How long address lookup, dialing, upgrade and welcome may take together. Default 15 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long one request over HTTP may take, from its sending to the end of its answer, where
    /// objects are listed by ADT ([`Client::list`]). Default 30 s.
    pub fn http_timeout(mut self, limit: Duration) -> Self {
        self.http_timeout = limit;
        self
    }

    /// How long a transfer that is not read may hold up everything else on the connection,
    /// before it fails with [`Error::SlowConsumer`](super::Error::SlowConsumer). Default 30 s.
    pub fn hold_limit(mut self, limit: Duration) -> Self {
        self.pace.hold_limit = limit;
        self
    }

    /// How far apart pings are. Default 30 s, at least 1 ms; more if the server asks for more.
    ///
    /// A peer that sends nothing at all, or takes nothing of what waits for it, through three of
    /// them counts as gone.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.pace.ping_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// What to do with a request that is dropped where the server cannot be told to stop it (it
    /// offers no `cancel`). Default false: the connection is closed once nothing else runs on it,
    /// and the next request opens another. True, towards a server that takes one request after the
    /// other: the connection stays, and the next request waits for the last frame of the dropped
    /// one.
    pub fn wait_for_dropped(mut self, wait: bool) -> Self {
        self.pace.waits_for_dropped = wait;
        self
    }

    /// How to try again when the connection breaks or the server is busy. Default: at most 5 tries
    /// and 15 s without a new byte. The first connection is tried once.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.options = self.options.retries(retries);
        self
    }

    /// The largest message to take, in bytes of text. Default 64 MiB.
    ///
    /// A single answer comes as one message, and base64 takes 4 bytes for 3. The chunk size does
    /// not lower it, since servers choose their own.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes;
        self
    }

    /// What requests start with unless they say otherwise.
    pub fn options(mut self, options: TransferOptions) -> Self {
        self.options = options;
        self
    }

    /// Connects, logs on and waits for the server's welcome.
    ///
    /// # Errors
    /// [`ConnectError`], which says how far it came.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn connect(self) -> Result<Client, ConnectError> {
        let options = self.options.clone();
        let link = Link::open(self.into_way()?).await?;
        Ok(Client::new(link, options))
    }

    /// Where it goes, and how.
    pub(crate) fn into_way(self) -> Result<Way, ConnectError> {
        let endpoint = Endpoint::new(
            &self.url.0,
            self.path.as_deref(),
            self.sap_client.as_deref(),
            self.language.as_deref(),
        )?;
        let credentials: Arc<dyn Credentials> = match self.cookie_file.clone() {
            Some((path, reading)) => {
                let (host, is_secure) = (endpoint.address().0.to_owned(), endpoint.is_secure());
                Arc::new(CookieFile { path, host, is_secure, reading })
            }
            None => Arc::clone(&self.credentials),
        };
        if self.tls.insecure && endpoint.is_secure() {
            tracing::warn!(url = endpoint.url(), "the server's certificate is not checked");
        }
        Ok(Way { endpoint, credentials, settings: self })
    }
}
