//! What is said of a connection before it is made.

use std::time::Duration;

use super::connect::{ConnectError, Logon, connect};
use super::endpoint::Endpoint;
use super::options::TransferOptions;
use super::{Client, Secret};
use crate::proto::limits::MAX_MESSAGE_BYTES;

/// How long connecting may take: 15 s.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a transfer that is not read may hold up its connection: 30 s.
const HOLD_LIMIT: Duration = Duration::from_secs(30);

/// Describes a connection; [`connect`](Self::connect) makes it.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect` is called"]
pub struct ClientBuilder {
    url: String,
    path: Option<String>,
    sap_client: Option<String>,
    language: Option<String>,
    pub(crate) logon: Logon,
    pub(crate) connect_timeout: Duration,
    pub(crate) hold_limit: Duration,
    pub(crate) max_message_bytes: usize,
    options: TransferOptions,
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            path: None,
            sap_client: None,
            language: None,
            logon: Logon::None,
            connect_timeout: CONNECT_TIMEOUT,
            hold_limit: HOLD_LIMIT,
            max_message_bytes: MAX_MESSAGE_BYTES,
            options: TransferOptions::default(),
        }
    }

    /// Logs on with user and password (HTTP Basic on the upgrade).
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.logon = Logon::Basic { user: user.into(), password: password.into() };
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

    /// How long a transfer that is not read may hold up everything else on the connection,
    /// before it fails with [`Error::SlowConsumer`](super::Error::SlowConsumer). Default 30 s.
    pub fn hold_limit(mut self, limit: Duration) -> Self {
        self.hold_limit = limit;
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
        let endpoint = Endpoint::new(
            &self.url,
            self.path.as_deref(),
            self.sap_client.as_deref(),
            self.language.as_deref(),
        )?;
        let connection = connect(&endpoint, &self).await?;
        Ok(Client::new(connection, self.options))
    }
}
