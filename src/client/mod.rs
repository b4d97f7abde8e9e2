//! The async client: typed operations over one WebSocket.
//!
//! ```text
//! Client ── start ──▶ Transfer ── reads its frames, decodes, verifies
//!    │                   ▲
//!    │ commands          │ inbox (bounded in bytes)
//!    ▼                   │
//!  driver: one task per connection, moves messages and nothing else ── socket
//! ```
//!
//! A [`Transfer`] knows nothing of the WebSocket: it starts and cancels through the sealed
//! traits of `transport`, gets messages from its inbox and runs the core's
//! [`Exchange`](crate::proto::Exchange) on them. A connection that breaks is opened again by the
//! `link` when a request needs one, and the transfer goes on, or starts again, or fails.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod asking;
#[cfg(feature = "check")]
mod bare;
mod beside;
mod builder;
mod close_cause;
mod command;
mod connect;
mod connection;
mod cookie_file;
mod credentials;
mod digest;
mod driver;
mod error;
mod event;
pub mod extract;
mod file;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod hold;
mod http;
mod inbox;
pub mod limits;
mod link;
mod listing;
mod liveness;
mod meter;
mod options;
mod outbox;
mod outcome;
mod request;
mod retry;
mod secret;
mod sharded;
#[cfg(any(feature = "cli", feature = "fuzzing"))]
#[doc(hidden)]
pub mod systems;
mod transfer;
mod transport;
mod websocket;

use std::sync::Arc;

pub use crate::adt::{AdtAnswerError, ListedBy};
#[cfg(feature = "check")]
pub(crate) use bare::{BareConnection, BareError, Came};
pub use builder::ClientBuilder;
pub use connect::{ConnectError, EndpointError, Stage, TlsProblem};
pub use cookie_file::CookieFileError;
pub use credentials::{Attempt, Credentials, Logon};
pub use error::{CloseCause, Error, ErrorKind};
pub use event::{Event, Sessions, Status, Unverified};
pub use file::{LeftoverInfo, StagedFile};
#[cfg(all(test, feature = "server"))]
pub(crate) use inbox::Window;
#[cfg(feature = "check")]
pub(crate) use link::Way;
pub use link::{ConnectionState, ConnectionStates};
pub use listing::{ListError, Listing};
pub use options::TransferOptions;
pub use outcome::{CancelOutcome, Completed, Receipt, Recorded, Saved, Staged};
pub use request::{RequestBuilder, Untyped};
pub use retry::Retries;
#[cfg(all(test, feature = "server"))]
pub(crate) use retry::RetryBudget;
pub use secret::Secret;
pub use transfer::{OperationHandle, Records, Stopper, Transfer};
pub use websocket::HeadError;

use crate::ops::system::{Ping, Pong};
use crate::proto::{Operation, Stats, Welcome};
use link::Link;

/// A connection to a server, ready for requests.
///
/// Cheap to clone; all clones share one WebSocket, which is opened again when it breaks. As many
/// requests run on it at once as the server allows; with today's servers, which name no `features`
/// and take one request after the other, that is one, and the others wait, pings too. A transfer that
/// is not read keeps its place among those until it has ended. The connection ends when the last
/// clone and the last transfer are dropped.
///
/// ```no_run
/// use longhaul::Client;
/// use longhaul::ops::git;
///
/// # async fn example() -> Result<(), longhaul::Error> {
/// let client = Client::builder("http://127.0.0.1:8000").basic("me", "secret").connect().await?;
/// let export = client.run(git::Export::packages(["$ZRAY"])).await?;
/// println!("{} files, {} bytes", export.output.files.len(), export.payload.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    link: Arc<Link>,
    options: TransferOptions,
}

impl Client {
    /// Starts to describe a connection to `url`, such as `http://host:8000`.
    ///
    /// `http`, `https`, `ws` and `wss` are taken; a path under `/sap/bc/apc/` is kept, any other
    /// is replaced by that of ZADT_VSP. What is wrong with it is said by
    /// [`connect`](ClientBuilder::connect).
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    fn new(link: Link, options: TransferOptions) -> Self {
        Self { link: Arc::new(link), options }
    }

    /// What the server said when it greeted, on the last connection.
    pub fn welcome(&self) -> Arc<Welcome> {
        self.link.welcome()
    }

    /// Counts of what came and what was ignored, over all connections of this client.
    pub fn stats(&self) -> Stats {
        self.link.stats()
    }

    /// How it stands with the connection, and every change of it.
    ///
    /// ```no_run
    /// # async fn example(client: longhaul::Client) {
    /// let mut states = client.states();
    /// while let Some(state) = states.changed().await {
    ///     println!("{state:?}");
    /// }
    /// # }
    /// ```
    pub fn states(&self) -> ConnectionStates {
        self.link.states()
    }

    /// Ends the connection properly once nothing runs on it any more, and waits for that.
    ///
    /// What was dropped or saved just before has then been told to the server. Without it, that is
    /// done by a task of its own, which does not outlive the runtime. A request that is made later
    /// opens a new connection.
    ///
    /// # Cancellation
    /// Dropping the future changes nothing: the connection ends all the same.
    pub async fn close(&self) {
        self.link.close().await;
    }

    /// Runs an operation to its end and gives its verified result, payload in memory.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::kind`] says whose fault it is.
    ///
    /// # Cancellation
    /// Dropping the future drops the transfer, as [`Transfer`] says.
    pub async fn run<O: Operation>(&self, operation: O) -> Result<Completed<O::Output>, Error> {
        self.start(operation).await?.collect().await
    }

    /// Starts an operation and gives its [`Transfer`], to be watched while it runs.
    ///
    /// Waits for its turn if the server allows only so many requests at once: bounded by
    /// [`TransferOptions::deadline`] alone, since the idle limit starts when the request is sent.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the server would misread the request, [`Error::Lost`] if the
    /// connection is gone, [`Error::RequestTooLarge`], or [`Error::Deadline`] while it waits for
    /// its turn.
    pub async fn start<O: Operation>(&self, operation: O) -> Result<Transfer<O>, Error> {
        self.start_with(operation, self.options.clone()).await
    }

    /// As [`start`](Self::start), with options of its own.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with<O: Operation>(
        &self,
        operation: O,
        mut options: TransferOptions,
    ) -> Result<Transfer<O>, Error> {
        options.retries = options.retries.or_else(|| self.options.retries.clone());
        let transport: Arc<dyn transport::Transport> = self.link.clone();
        Transfer::start(transport, operation, options, None).await
    }

    /// Goes on with an operation that was detached, from its first chunk on.
    ///
    /// `operation` is what was started; it makes sense of the result. The operation is not run
    /// again: where the server has nothing of it any more, that is an error.
    ///
    /// # Errors
    /// As [`start`](Self::start), [`Error::NotResumable`] if the server offers no `resume`, and
    /// [`Error::OtherOperation`] if the handle is that of another operation.
    pub async fn attach<O: Operation>(
        &self,
        operation: O,
        handle: OperationHandle,
    ) -> Result<Transfer<O>, Error> {
        self.attach_with(operation, handle, self.options.clone()).await
    }

    /// As [`attach`](Self::attach), with options of its own.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub async fn attach_with<O: Operation>(
        &self,
        operation: O,
        handle: OperationHandle,
        mut options: TransferOptions,
    ) -> Result<Transfer<O>, Error> {
        let name = operation.name().to_string();
        if name != handle.name {
            return Err(Error::OtherOperation { operation: name, kept: handle.name });
        }
        options.retries = options.retries.or_else(|| self.options.retries.clone());
        let transport: Arc<dyn transport::Transport> = self.link.clone();
        Transfer::start(transport, operation, options, Some(handle)).await
    }

    /// The options that requests start with unless told otherwise.
    pub fn options(&self) -> &TransferOptions {
        &self.options
    }

    /// Asks for anything that has no type of its own.
    ///
    /// ```no_run
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Types { count: u64 }
    /// let types: Types = client.request("git", "getTypes").call().await?;
    /// println!("{} types", types.count);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(
        &self,
        domain: impl Into<String>,
        action: impl Into<String>,
    ) -> RequestBuilder<'_> {
        RequestBuilder::new(self, domain.into(), action.into())
    }

    /// Asks the server's handler for a sign of life.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn ping(&self) -> Result<Pong, Error> {
        Ok(self.run(Ping).await?.output)
    }
}
