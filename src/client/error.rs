//! Why a request did not give a result.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::connect::ConnectError;
use super::transfer::OperationHandle;
use crate::proto::{
    ExchangeError, MessageId, OperationError, RecordError, ServerError, Unwritable,
};

/// A request failed, or could not be made.
///
/// [`kind`](Self::kind) sorts them by what the caller can do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection.
    #[error("no connection")]
    Connect(#[from] ConnectError),
    /// The connection ended; every request that waited on it gets the same cause.
    #[error("the connection was lost")]
    Lost {
        /// The request, if it had been sent.
        id: Option<MessageId>,
        /// What ended the connection.
        #[source]
        cause: Arc<CloseCause>,
    },
    /// The connection ended in the middle of a request, and could not be opened again.
    #[error("the connection was lost ({cause}) and could not be opened again")]
    NotReopened {
        /// The request.
        id: MessageId,
        /// What ended the connection.
        cause: Arc<CloseCause>,
        /// Why there is no other.
        #[source]
        source: ConnectError,
    },
    /// The server refused the request or failed at it.
    #[error("{operation} ({id}) was refused or failed on the server")]
    Server {
        /// The request.
        id: MessageId,
        /// The operation, such as `git.export`.
        operation: String,
        /// What the server says.
        #[source]
        source: ServerError,
    },
    /// What came was no whole, verified answer.
    #[error("{operation} ({id}) broke")]
    Transfer {
        /// The request.
        id: MessageId,
        /// The operation, such as `git.export`.
        operation: String,
        /// What was wrong.
        #[source]
        source: ExchangeError,
    },
    /// The answer is whole, but not what this operation's answer must be.
    #[error("{operation} ({id}) gave no usable result")]
    Operation {
        /// The request.
        id: MessageId,
        /// The operation, such as `git.export`.
        operation: String,
        /// What was wrong.
        #[source]
        source: OperationError,
    },
    /// Neither progress nor a new chunk came for too long.
    #[error("{operation} ({id}) gave no sign for {limit:?}")]
    Idle {
        /// The request.
        id: MessageId,
        /// The operation, such as `git.export`.
        operation: String,
        /// [`TransferOptions::idle_limit`](super::TransferOptions::idle_limit).
        limit: Duration,
    },
    /// The request took longer than it may.
    #[error("{operation} took longer than {limit:?}")]
    Deadline {
        /// The operation, such as `git.export`.
        operation: String,
        /// [`TransferOptions::deadline`](super::TransferOptions::deadline).
        limit: Duration,
    },
    /// The caller did not take what came, so that the whole connection had to wait.
    #[error("{operation} ({id}) was not read for {held:?} and held up the connection")]
    SlowConsumer {
        /// The request.
        id: MessageId,
        /// The operation, such as `git.export`.
        operation: String,
        /// How long the connection was held.
        held: Duration,
    },
    /// The server sent more than it was granted, though `credit` was agreed on.
    #[error("{operation} ({id}) sent more than the {limit} bytes that were granted")]
    Overrun {
        /// The request.
        id: MessageId,
        /// The operation, such as `git.export`.
        operation: String,
        /// How many bytes of messages the grants allow.
        limit: u64,
    },
    /// The transfer was cancelled while this waited for it.
    #[error("{operation} was cancelled")]
    Cancelled {
        /// The operation, such as `git.export`.
        operation: String,
    },
    /// The transfer was left to the server while this waited for it.
    #[error("{operation} was left to the server, which goes on with it")]
    Detached {
        /// The operation, such as `git.export`.
        operation: String,
        /// What it takes to come back to it.
        handle: OperationHandle,
    },
    /// There is something to go on with, and the server does not offer that.
    #[error("the server cannot go on with {operation}: it does not offer resume")]
    NotResumable {
        /// The operation, such as `git.export`.
        operation: String,
    },
    /// What was kept is another operation than the one that is to make sense of it.
    #[error("what was kept is {kept}, not {operation}")]
    OtherOperation {
        /// The operation that was given, such as `git.export`.
        operation: String,
        /// The operation that the handle is of.
        kept: String,
    },
    /// The payload is no list of the records that it should be.
    #[error("{operation} sent something that is no record")]
    Record {
        /// The operation, such as `atc.run`.
        operation: String,
        /// What was wrong, and with which record.
        #[source]
        source: RecordError,
    },
    /// What the payload was written to failed.
    #[error("writing the payload of {operation} failed")]
    Output {
        /// The operation, such as `git.export`.
        operation: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system has no random bytes for the key of an operation.
    #[error("the system gave no random bytes")]
    Random {
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The payload was asked for whole after a part of it had been read as events.
    #[error("{taken} bytes of {operation} were read as events, the rest is no payload")]
    PayloadTaken {
        /// The operation, such as `git.export`.
        operation: String,
        /// Bytes given out before.
        taken: u64,
    },
    /// The request is too large to be sent.
    #[error("{operation} has a request of {got} bytes, more than {limit}")]
    RequestTooLarge {
        /// The operation, such as `git.export`.
        operation: String,
        /// Its length, in bytes of text.
        got: usize,
        /// The largest that is sent.
        limit: usize,
    },
    /// The server reads requests with regular expressions and would misread this one; nothing was
    /// sent. Only another name or value helps, or a server whose welcome names `features`.
    #[error("{operation} was not sent: this server would misread it")]
    Unwritable {
        /// The operation, such as `git.export`.
        operation: String,
        /// What would be misread, and where it stands.
        #[source]
        source: Unwritable,
    },
    /// The result could not be written; the target is as it was.
    #[error("{action} {} failed", path.display())]
    File {
        /// What was tried, such as `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A part of the program that checks results was shut down before it was done.
    #[error("the runtime shut down while the result was being checked")]
    Shutdown,
}

/// What an [`Error`] means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection or no logon: check address and credentials.
    Connect,
    /// The server said no, or delivered nothing: ask for something else.
    Refused,
    /// What came did not verify, or the connection broke: try again.
    Broken,
    /// A limit on size was exceeded: raise it, if the peer is trusted.
    Limit,
    /// A limit on time ran out.
    Timeout,
    /// It was stopped on purpose, here.
    Stopped,
    /// Something on this side: a file, the runtime, a caller that does not read, or a request that
    /// the server would misread.
    Local,
}

impl Error {
    /// Sorts the error by what the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(ConnectError::NoWelcome(cause)) => match **cause {
                CloseCause::MessageTooLarge { .. } => ErrorKind::Limit,
                _ => ErrorKind::Connect,
            },
            Self::Connect(_) => ErrorKind::Connect,
            Self::Lost { cause, .. } => match **cause {
                CloseCause::MessageTooLarge { .. } => ErrorKind::Limit,
                _ => ErrorKind::Broken,
            },
            Self::Server { .. } => ErrorKind::Refused,
            Self::Transfer { source, .. } => match source {
                ExchangeError::Server(_) | ExchangeError::Unsuccessful(_) => ErrorKind::Refused,
                source if source.is_limit() => ErrorKind::Limit,
                ExchangeError::Idle { .. } => ErrorKind::Timeout,
                _ => ErrorKind::Broken,
            },
            Self::Operation { source, .. } => match source {
                OperationError::Empty
                | OperationError::Failed(_)
                | OperationError::Unsuccessful { .. } => ErrorKind::Refused,
                OperationError::InvalidPayload { beyond_limit: true, .. } => ErrorKind::Limit,
                _ => ErrorKind::Broken,
            },
            Self::Idle { .. } | Self::Deadline { .. } => ErrorKind::Timeout,
            Self::RequestTooLarge { .. } => ErrorKind::Limit,
            Self::Record { source, .. } if source.is_limit() => ErrorKind::Limit,
            Self::Record { .. }
            | Self::NotReopened { .. }
            | Self::Overrun { .. }
            | Self::NotResumable { .. } => ErrorKind::Broken,
            Self::Cancelled { .. } | Self::Detached { .. } => ErrorKind::Stopped,
            Self::OtherOperation { .. }
            | Self::Output { .. }
            | Self::Random { .. }
            | Self::SlowConsumer { .. }
            | Self::PayloadTaken { .. }
            | Self::Unwritable { .. }
            | Self::File { .. }
            | Self::Shutdown => ErrorKind::Local,
        }
    }

    /// Whether the same request may go through if it is made again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Server { source, .. } => source.is_busy(),
            Self::Lost { .. } | Self::NotReopened { .. } | Self::Transfer { .. } => {
                self.kind() == ErrorKind::Broken
            }
            _ => false,
        }
    }

    /// Whether the peer is at fault, or what lies between.
    pub fn is_remote(&self) -> bool {
        !matches!(self.kind(), ErrorKind::Local | ErrorKind::Stopped)
    }
}

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

    pub(crate) fn from_frame(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = frame.map_or((Self::NO_CODE, String::new()), |frame| {
            (frame.code.into(), frame.reason.to_string())
        });
        Self::ByPeer { code, reason }
    }

    /// What an error of the socket library means; `limit` is the largest message.
    pub(crate) fn from_socket(error: tungstenite::Error, limit: usize) -> Self {
        use tungstenite::Error as E;
        use tungstenite::error::ProtocolError as P;
        match error {
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Protocol(P::ResetWithoutClosingHandshake | P::HandshakeIncomplete) => Self::Cut,
            E::Io(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Self::Cut,
                _ => Self::Io(error),
            },
            E::Capacity(CapacityError::MessageTooLong { size, .. }) => {
                Self::MessageTooLarge { got: size, limit }
            }
            other => Self::Protocol(other.to_string()),
        }
    }
}
