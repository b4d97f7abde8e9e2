//! Why a connection is gone.

use std::io;
use std::time::Duration;

use tokio_tungstenite::tungstenite;

use super::websocket::ReadError;
use crate::proto::MessageId;
use crate::proto::websocket::{FrameError, Goodbye};

/// What ended a connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseCause {
    /// The server said goodbye.
    #[error("the server closed the connection (code {code}{}{reason})", if reason.is_empty() { "" } else { ": " })]
    ByPeer {
        /// The close code, 1005 if there was none.
        code: u16,
        /// The server's words.
        reason: String,
    },
    /// The connection ended without a goodbye.
    #[error("the connection was cut")]
    Cut,
    /// Reading or writing failed.
    #[error("the socket failed")]
    Io(#[source] io::Error),
    /// A message is larger than the limit; it was not read.
    #[error("a message of {got} bytes exceeds the limit of {limit} bytes")]
    MessageTooLarge {
        /// Its length so far or as declared, in bytes.
        got: usize,
        /// [`ClientBuilder::max_message_bytes`](super::ClientBuilder::max_message_bytes).
        limit: usize,
    },
    /// The peer does not speak WebSocket as it should.
    #[error("the peer broke the websocket protocol: {0}")]
    Protocol(String),
    /// Something waits to be sent, and the peer takes nothing of it.
    #[error("the peer read nothing of what was sent for {stuck:?}")]
    NotReading {
        /// For how long.
        stuck: Duration,
    },
    /// Not a single byte came, not even an answer to a ping.
    #[error("the peer gave no sign for {silent:?}")]
    Unresponsive {
        /// For how long.
        silent: Duration,
    },
    /// A request was given up, and a server that takes one request after the other never ended it,
    /// so that no other could be sent.
    #[error("request {id} was given up and never ended, without a sign for {silent:?}")]
    NeverEnded {
        /// The request.
        id: MessageId,
        /// For how long nothing came of it.
        silent: Duration,
    },
    /// A chunk was spoilt on its way; what goes on goes on over another connection.
    #[error("a chunk was damaged on its way")]
    Damaged,
    /// The client was dropped.
    #[error("the client was closed")]
    ByUs,
}

impl CloseCause {
    /// Whether another connection may fare better.
    ///
    /// Not where a message was too large, or broke a rule: the next one would be the same.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::ByPeer { code, .. } => !matches!(code, 1002 | 1003 | 1007..=1009),
            Self::MessageTooLarge { .. } | Self::Protocol(_) | Self::ByUs => false,
            _ => true,
        }
    }

    /// The code of a close frame that has none.
    const NO_CODE: u16 = 1005;

    pub(crate) fn from_goodbye(goodbye: Option<Goodbye>) -> Self {
        let (code, reason) = goodbye
            .map_or((Self::NO_CODE, String::new()), |goodbye| (goodbye.code, goodbye.reason));
        Self::ByPeer { code, reason }
    }

    /// Why there was nothing more to read.
    pub(crate) fn from_read(error: ReadError) -> Self {
        match error {
            ReadError::Cut => Self::Cut,
            ReadError::Io(error) => Self::from_io(error),
            ReadError::Frame(FrameError::MessageTooLarge { got, limit }) => {
                Self::MessageTooLarge { got, limit }
            }
            ReadError::Frame(error) => Self::Protocol(error.to_string()),
            ReadError::Pong(error) => Self::from_library(error),
        }
    }

    /// What an error of the library means that upgrades and sends.
    pub(crate) fn from_library(error: tungstenite::Error) -> Self {
        use tungstenite::Error as E;
        use tungstenite::error::ProtocolError as P;
        match error {
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Protocol(P::ResetWithoutClosingHandshake | P::HandshakeIncomplete) => Self::Cut,
            E::Io(error) => Self::from_io(error),
            other => Self::Protocol(other.to_string()),
        }
    }

    fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Self::Cut,
            _ => Self::Io(error),
        }
    }
}
