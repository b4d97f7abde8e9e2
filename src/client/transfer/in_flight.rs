//! What must be done about a request, or what the server keeps of it, however its wait ends.

use std::sync::Arc;

use super::outlet::{Outlet, Stop};
use crate::client::asking::Asking;
use crate::client::file::Store;
use crate::client::inbox::{Delivery, Inbox};
use crate::client::transport::{Line, Started, Transport};
use crate::proto::{Control, Feature, MessageId, Mode, OperationKey};

/// A request that is under way. Dropped, it is stopped, or left to the server if that is wished.
#[derive(Debug)]
pub(super) struct InFlight {
    line: Arc<dyn Line>,
    id: MessageId,
    /// What it asked the server to keep, which the server may do before anybody has read of it.
    asked: Option<OperationKey>,
    /// What the server keeps of it beyond its last frame.
    operation: Option<OperationKey>,
    transport: Arc<dyn Transport>,
    outlet: Arc<Outlet>,
    /// What has come for it.
    inbox: Option<Inbox>,
    mode: Mode,
    is_over: bool,
}

impl InFlight {
    /// `key` is what the request names its operation by, if it does.
    pub(super) fn new(
        transport: Arc<dyn Transport>,
        line: Arc<dyn Line>,
        started: Started,
        key: Option<OperationKey>,
        outlet: Arc<Outlet>,
    ) -> Self {
        let Started { id, mode, inbox, features, .. } = started;
        let asked = key.filter(|_| features.contains(Feature::Resume));
        let (operation, inbox) = (None, Some(inbox));
        Self { line, id, asked, operation, transport, outlet, inbox, mode, is_over: false }
    }

    /// What comes next for it; `None` once there is nothing to come.
    ///
    /// Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        match &mut self.inbox {
            Some(inbox) => inbox.next().await,
            None => None,
        }
    }

    pub(super) fn id(&self) -> &MessageId {
        &self.id
    }

    /// The server keeps the operation.
    pub(super) fn note_operation(&mut self, operation: OperationKey) {
        self.operation = Some(operation);
    }

    /// Its last frame has come, or the connection is gone: nothing is to be stopped any more. Gives
    /// what the server may keep.
    pub(super) fn end(mut self) -> Option<Retention> {
        self.is_over = true;
        let operation = self.operation.take()?;
        let line = Some(Arc::clone(&self.line));
        Some(Retention { transport: Arc::clone(&self.transport), line, operation: Some(operation) })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let operation = self.operation.take().or_else(|| self.asked.take());
        match self.outlet.take_stop() {
            Some(Stop::Detach) => self.line.detach(&self.id),
            Some(Stop::Cancel(answer)) => {
                let asking = answer.zip(self.inbox.take());
                let asking = asking.map(|(answer, inbox)| Asking::new(answer, inbox, self.mode));
                self.line.cancel(&self.id, operation, asking);
            }
            None => self.line.cancel(&self.id, operation, None),
        }
    }
}

/// What a server keeps of an operation. Dropped, it is freed, on whatever connection is open.
#[derive(Debug)]
pub(crate) struct Retention {
    transport: Arc<dyn Transport>,
    /// The connection that it came by, if that may still be there.
    line: Option<Arc<dyn Line>>,
    operation: Option<OperationKey>,
}

impl Retention {
    /// What a server keeps of an operation whose connection is gone.
    pub(super) fn of(transport: Arc<dyn Transport>, operation: OperationKey) -> Self {
        Self { transport, line: None, operation: Some(operation) }
    }

    /// Leaves it to the server.
    pub(crate) fn keep(mut self) {
        self.operation = None;
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        let Some(operation) = self.operation.take() else { return };
        let control = Control::Release { operation };
        let unsent = match &self.line {
            Some(line) => line.control(control).err(),
            None => Some(control),
        };
        if let Some(control) = unsent {
            self.transport.control(control);
        }
    }
}

/// What is kept elsewhere until a result stands.
#[derive(Debug)]
pub(crate) enum Kept {
    /// By the server, which frees it when told so, or when this is dropped.
    Payload(Retention),
    /// On disk, which stays for another try unless it is freed.
    Shards(Box<Store>),
}

impl Kept {
    /// It is not needed any more.
    pub(crate) fn free(self) {
        match self {
            Self::Payload(retention) => drop(retention),
            Self::Shards(store) => store.discard(),
        }
    }

    /// Somebody may come back for it.
    pub(crate) fn keep(self) {
        match self {
            Self::Payload(retention) => retention.keep(),
            Self::Shards(store) => drop(store),
        }
    }
}

/// An operation that a transfer is going to go on with, while nothing is under way for it. Dropped,
/// it is freed, unless it is left to the server.
#[derive(Debug)]
pub(super) struct BetweenTries {
    retention: Option<Retention>,
    outlet: Arc<Outlet>,
    /// Whether somebody may come back for it.
    is_journaled: bool,
}

impl BetweenTries {
    pub(super) fn new(retention: Retention, outlet: Arc<Outlet>, is_journaled: bool) -> Self {
        Self { retention: Some(retention), outlet, is_journaled }
    }

    /// The operation is under way again.
    pub(super) fn end(mut self) {
        if let Some(retention) = self.retention.take() {
            retention.keep();
        }
    }
}

impl Drop for BetweenTries {
    fn drop(&mut self) {
        if let Some(retention) = self.retention.take()
            && (self.is_journaled || self.outlet.is_detaching())
        {
            retention.keep();
        }
    }
}
