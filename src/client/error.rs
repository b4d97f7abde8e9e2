//! Why a request did not give a result.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use super::close_cause::CloseCause;
use super::connect::ConnectError;
use super::listing::ListError;
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
    /// It is not known which objects there are, so none could be asked for one by one.
    #[error("the objects of the packages could not be listed")]
    List(#[source] Box<ListError>),
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

impl From<ListError> for Error {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Server(error) => error,
            error => Self::List(Box::new(error)),
        }
    }
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
                OperationError::InvalidPayload { beyond_limit: true, .. }
                | OperationError::TooManyValues { .. } => ErrorKind::Limit,
                _ => ErrorKind::Broken,
            },
            Self::Idle { .. } | Self::Deadline { .. } => ErrorKind::Timeout,
            Self::List(error) => error.kind(),
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
