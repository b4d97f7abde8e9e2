//! Server frames of a WebSocket (RFC 6455), read without a socket.
//!
//! ```text
//! bytes ─▶ header ─┬─ data ────▶ room of the message ─▶ last fragment: Text or Binary
//!                  └─ control ─▶ Ping, Pong, Close, also between the fragments of a message
//! ```
//!
//! [`MessageReader`] gives whole messages. What is large goes from the socket straight into the
//! memory that the message is handed on in, which comes from a [`BufferPool`](super::BufferPool).
//! *Source*: PROTOCOL 8 for the limits.

mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod header;
mod message;
#[cfg(any(test, feature = "fuzzing"))]
mod pieces;
mod reader;

pub use error::FrameError;
pub use message::{Goodbye, Message, MessageText};
pub use reader::{MAX_EMPTY_FRAGMENTS, MAX_FRAGMENTS, MessageReader};

#[cfg(test)]
mod tests;
