//! Why a probe comes to an end before its time.

use std::time::Duration;

use crate::client::ConnectError;

/// Why a probe cannot go on.
#[derive(Debug)]
pub(in crate::check) enum Trouble {
    /// Nothing came for so long: no pong either, or no more of a stream that had begun.
    Silent(Duration),
    /// Nothing but a pong came for so long, which is right while a server computes (PROTOCOL 1.3).
    Computing(Duration),
    /// It goes on for longer than a group of checks may take.
    TooLong(Duration),
    /// The connection is gone, and how.
    Gone(String),
    /// A further connection could not be opened.
    Connect(ConnectError),
    /// The payload is larger than what is taken.
    TooLarge(u64),
    /// More is told of a small payload on the way than there can be to tell.
    Endless(u64),
    /// What was to be looked at is not there, and why.
    Skip(String),
}
