//! An operation as it can be left and come back to.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outlet::{Outlet, Stop};
use crate::proto::{OperationKey, Retained};

/// Names an operation that a server goes on with, so that it can be attached to later, also by
/// another process.
///
/// *Shape*: an object of JSON with `name` (such as `git.export`), `operation`, `epoch`, `ttl` (milliseconds) and `chunkSize`
/// (decoded bytes). Whoever has it, and logs on as the same user, can read the payload: keep it as
/// a password is kept. It is not printed. *Source*: PROTOCOL 6.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct OperationHandle {
    pub(crate) name: String,
    pub(crate) operation: OperationKey,
    pub(crate) retained: Retained,
}

impl OperationHandle {
    /// The name of the operation, such as `git.export`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the server keeps of it, and for how long.
    pub fn retained(&self) -> &Retained {
        &self.retained
    }
}

/// The handle as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    name: String,
    operation: String,
    epoch: String,
    ttl: u64,
    chunk_size: u64,
}

/// A stored handle has no operation key.
#[derive(Debug, thiserror::Error)]
#[error("the operation has no valid key")]
struct InvalidKey;

impl TryFrom<Stored> for OperationHandle {
    type Error = InvalidKey;

    fn try_from(stored: Stored) -> Result<Self, InvalidKey> {
        let operation = OperationKey::new(&stored.operation).ok_or(InvalidKey)?;
        let ttl = Duration::from_millis(stored.ttl);
        let retained = Retained::new(stored.epoch, ttl, stored.chunk_size);
        Ok(Self { name: stored.name, operation, retained })
    }
}

impl From<OperationHandle> for Stored {
    fn from(handle: OperationHandle) -> Self {
        let Retained { epoch, ttl, chunk_bytes } = handle.retained;
        Self {
            name: handle.name,
            operation: handle.operation.as_str().to_owned(),
            epoch,
            ttl: u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
            chunk_size: chunk_bytes,
        }
    }
}

/// Stops a transfer that somebody else is waiting for; made by
/// [`Transfer::stopper`](super::Transfer::stopper).
#[derive(Clone, Debug)]
pub struct Stopper(pub(super) Arc<Outlet>);

impl Stopper {
    /// Stops the transfer, here and on the server. Whoever waits for it gets
    /// [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn cancel(&self) {
        self.0.wish(Stop::Cancel(None));
    }

    /// Stops the transfer here and lets the server go on. Whoever waits for it gets
    /// [`Error::Detached`](crate::Error::Detached); a journal and its part stay.
    ///
    /// Where the server keeps nothing beyond the connection, this is [`cancel`](Self::cancel).
    pub fn detach(&self) {
        let stop = if self.0.handle().is_some() { Stop::Detach } else { Stop::Cancel(None) };
        self.0.wish(stop);
    }
}
