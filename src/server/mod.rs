//! The reference server: folders on disk as packages, over a real WebSocket.
//!
//! It speaks all of the protocol that is built, can be an older server ([`Profile`]), and can be
//! told to misbehave ([`Script`]), so tests, examples and benchmarks need no other. It serves
//! `git.export`, `git.getTypes`, `git.list` and `system.ping`, payloads made from a number ([`TestPayload`]) in
//! the domain `test`, in the profile of systems in the field also their other domains.
//!
//! On the same port it says over HTTP which objects there are, as far as ADT does (`adt`).
//!
//! One task per connection moves messages (`session`); each heavy request of it runs in a task
//! of its own and hands its frames to an `outbox` that holds only a few, so that a slow reader
//! slows its own producers and nobody else. What outlives its connection runs in a task of the
//! `keeper`. Which frame comes next, what is kept and what is freed is decided in `core`, which
//! knows neither sockets nor clocks.
//!
//! Numbers such as "PROTOCOL 4.2" in this documentation are sections of `PROTOCOL.md`.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod admission;
mod adt;
mod archive;
mod builder;
mod census;
mod chunk;
mod core;
mod delivery;
mod deployed;
mod disk;
mod domain;
mod error;
mod growth;
mod handshake;
mod job;
mod keeper;
mod limits;
mod line;
mod listener;
mod logon;
mod opening;
mod outbox;
mod package;
mod process;
mod profile;
mod refusal;
mod requests;
mod script;
mod session;
mod state;
mod steering;
mod timestamp;
mod work;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use builder::ServerBuilder;
pub use domain::TestPayload;
pub use error::ServerError;
pub use profile::Profile;
pub use script::{HeaderFault, Order, RawMessage, Script};

use state::State;

/// Where the WebSocket stands if no other path is given.
pub const DEFAULT_PATH: &str = "/sap/bc/apc/sap/zadt_vsp";

/// A running server.
///
/// Dropping it stops it at once: connections end without a Close frame.
/// [`shutdown`](Self::shutdown) ends them properly.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use longhaul::server::Server;
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("zhello.prog.abap"), "REPORT zhello.")?;
/// let server = Server::builder().package("$DEMO", folder.path()).bind("127.0.0.1:0").await?;
/// println!("serving on {}", server.url());
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Server {
    addr: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

impl Server {
    /// A server with no packages yet.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// The address it listens on, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a client connects to: `http://ADDRESS:PORT`, without the path.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How often exports asked for an object of this type and name, by name or by a package, so far.
    ///
    /// Requests refused as busy do not count, nor do those that attach to a running one. 0 for an
    /// object that does not exist.
    pub fn times_exported(&self, kind: &str, name: &str) -> u64 {
        let object = self.state.catalog.object(&kind.to_uppercase(), &name.to_uppercase());
        object.map_or(0, |object| object.times_exported())
    }

    /// How many WebSocket sessions are open.
    pub fn sessions(&self) -> usize {
        self.state.census.sessions()
    }

    /// The most WebSocket sessions that were open at once so far.
    pub fn most_sessions(&self) -> usize {
        self.state.census.most_sessions()
    }

    /// How many operations the server holds: those that run, those whose payload is being sent, and
    /// those that are kept for a client that may come back. 0 once all have ended or were released.
    pub fn retained(&self) -> usize {
        self.state.keeper.len()
    }

    /// The longest time that a heavy request took so far, from its turn to its last frame or to the
    /// end of its connection.
    pub fn longest_request(&self) -> Duration {
        self.state.census.longest()
    }

    /// Stops accepting, ends every connection with a Close frame and waits for that.
    ///
    /// Exports that run are given up, and nothing is kept of any operation. Takes at most a few seconds, also where a peer does not
    /// answer.
    pub async fn shutdown(mut self) {
        // Nobody listens for it if the task has ended already.
        let _ = self.stop.send(true);
        let _ = (&mut self.listening).await;
    }

    fn start(listener: TcpListener, addr: SocketAddr, state: Arc<State>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let listening = tokio::spawn(listener::listen(listener, Arc::clone(&state), stopping));
        Self { addr, state, stop, listening }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The listening task owns the connections' tasks, and those own their requests'.
        self.listening.abort();
    }
}
