//! Carries heavyweight operations over one WebSocket: typed requests, progress while they run,
//! results in ordered chunks, and nothing handed out that has not verified.
//!
//! ```no_run
//! use longhaul::Client;
//! use longhaul::ops::git;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), longhaul::Error> {
//!     let client = Client::builder("http://127.0.0.1:8000").basic("me", "secret").connect().await?;
//!     let saved = client
//!         .start(git::Export::packages(["$ZRAY"]))
//!         .await?
//!         .on_progress(|status| println!("{} bytes", status.bytes))
//!         .save("zray.zip")
//!         .await?;
//!     println!("{} files", saved.output.files.len());
//!     Ok(())
//! }
//! ```
//!
//! # The rooms of the house
//!
//! | module | what is in it | needs |
//! |---|---|---|
//! | [`proto`] | the protocol: frames, assembling, demultiplexing; no I/O | nothing |
//! | [`ops`] | the operations, one typed request a file; no I/O | nothing |
//! | `client` | the async client, re-exported here | feature `client` (default) |
//! | `check` | a server held against `PROTOCOL.md` | feature `check` |
//! | `server` | the reference server | feature `server` |
//!
//! `Client::list` says which objects packages hold. Where the server cannot, ADT is asked over HTTP;
//! what that takes, without the I/O, is in the private module `adt`.
//!
//! Dependencies go one way: the command `longhaul` uses the client and the server, the client
//! uses `proto`, and so do the operations and the server. The client knows those operations that it
//! carries out in more than one request: listing packages, and exports in shards. The wire is specified in `PROTOCOL.md`,
//! whose sections the documentation cites as "PROTOCOL 4.3".

#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "client")]
mod adt;
#[cfg(feature = "check")]
pub mod check;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod ops;
pub mod proto;
#[cfg(feature = "server")]
pub mod server;

#[cfg(feature = "client")]
pub use client::{
    AdtAnswerError, Attempt, CancelOutcome, Client, ClientBuilder, CloseCause, Completed,
    ConnectError, ConnectionState, ConnectionStates, CookieFileError, Credentials, Error,
    ErrorKind, Event, LeftoverInfo, ListError, ListedBy, Listing, Logon, OperationHandle, Receipt,
    Recorded, Records, RequestBuilder, Retries, Saved, Secret, Sessions, Stage, Staged, StagedFile,
    Status, Stopper, TlsProblem, Transfer, TransferOptions, Untyped, Unverified,
};
#[cfg(feature = "client")]
pub use proto::ChunkSize;

/// The programs in the README are compiled with the tests.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
