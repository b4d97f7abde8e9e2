//! Messages and interruptions that a script puts into a stream.

use bytes::Bytes;

/// A message sent as it is, or the end of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawMessage {
    /// A text message; `{id}` in it becomes the id of the request.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// A Close frame without code; nothing is sent after it.
    Close,
    /// The end of the TCP connection without a Close frame.
    Cut,
}

impl From<&str> for RawMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for RawMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// What happens instead of the next message of a stream.
#[derive(Clone, Debug)]
pub(in crate::server) enum Interruption {
    Stall,
    Cut,
    Error { code: String, message: String },
}
