//! What the WebSocket and HTTP have in common: a logon, and a stream to the server.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::HeaderMap;

use super::dial::{BoxedStream, Dialer};
use super::endpoint::Endpoint;
use super::error::{ConnectError, Stage};
use super::proxy;
use super::sent::Sent;
use crate::client::builder::ClientBuilder;
use crate::client::credentials::{Attempt, Credentials, Logon};

/// How far connecting has come, for whoever gives up waiting.
pub(super) struct StageNote(Mutex<Stage>);

impl StageNote {
    pub(super) fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    fn get(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to a server as far as a stream and a logon, by the settings of a client.
pub(crate) struct Approach<'a> {
    pub(crate) endpoint: &'a Endpoint,
    credentials: &'a dyn Credentials,
    dialer: Dialer,
    limit: Duration,
    pub(super) stage: StageNote,
    /// By all requests so far: a page may say what another one brought.
    sent: Mutex<Sent>,
}

impl<'a> Approach<'a> {
    pub(crate) fn new(
        endpoint: &'a Endpoint,
        credentials: &'a dyn Credentials,
        settings: &ClientBuilder,
    ) -> Self {
        Self {
            endpoint,
            credentials,
            dialer: Dialer::new(settings.proxies.clone(), settings.tls.clone()),
            limit: settings.connect_timeout,
            stage: StageNote(Mutex::new(Stage::Credentials)),
            sent: Mutex::default(),
        }
    }

    /// What was sent that nobody may read, once a request with these headers has been.
    pub(crate) fn sent_with(&self, headers: &HeaderMap) -> Sent {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.add(headers);
        sent.clone()
    }

    /// Waits for `work`, but not longer than connecting may take.
    pub(crate) async fn within_limit<T>(
        &self,
        work: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let limit = self.limit;
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_) => Err(ConnectError::Timeout { limit, stage: self.stage.get() }),
        }
    }

    /// Asks for the logon.
    pub(crate) async fn logon(&self, attempt: Attempt) -> Result<Logon, ConnectError> {
        self.stage.set(Stage::Credentials);
        let logon = self.credentials.logon(attempt).await;
        let logon = logon.map_err(|error| ConnectError::Credentials(Arc::from(error)))?;
        let host = self.endpoint.address().0;
        if logon != Logon::Anonymous && !self.endpoint.is_secure() && !proxy::is_loopback(host) {
            tracing::warn!(host, "the logon is sent without encryption");
        }
        Ok(logon)
    }

    /// A stream to the server.
    pub(crate) async fn dial(&self) -> Result<BoxedStream, ConnectError> {
        let (host, port) = self.endpoint.address();
        self.dialer.dial(host, port, self.endpoint.is_secure(), &self.stage).await
    }
}
