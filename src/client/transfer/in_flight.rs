//! What must be done about a request, or what the server keeps of it, however its wait ends.

use std::sync::Arc;

use super::outlet::{Outlet, Stop};
use crate::client::asking::Asking;
use crate::client::inbox::{Delivery, Inbox};
use crate::client::transport::{Line, Started};
use crate::proto::{Control, MessageId, Mode, OperationKey};

/// A request that is under way. Dropped, it is stopped, or left to the server if that is wished.
#[derive(Debug)]
pub(super) struct InFlight {
    line: Arc<dyn Line>,
    id: MessageId,
    /// What the server keeps of it beyond its last frame.
    operation: Option<OperationKey>,
    outlet: Arc<Outlet>,
    /// What has come for it.
    inbox: Option<Inbox>,
    mode: Mode,
    is_over: bool,
}

impl InFlight {
    pub(super) fn new(line: Arc<dyn Line>, started: Started, outlet: Arc<Outlet>) -> Self {
        let Started { id, mode, inbox, .. } = started;
        Self { line, id, operation: None, outlet, inbox: Some(inbox), mode, is_over: false }
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
        Some(Retention { line: Arc::clone(&self.line), operation: Some(operation) })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        match self.outlet.take_stop() {
            Some(Stop::Detach) => self.line.detach(&self.id),
            Some(Stop::Cancel(answer)) => {
                let asking = answer.zip(self.inbox.take());
                let asking = asking.map(|(answer, inbox)| Asking::new(answer, inbox, self.mode));
                self.line.cancel(&self.id, self.operation.take(), asking);
            }
            None => self.line.cancel(&self.id, self.operation.take(), None),
        }
    }
}

/// What a server keeps of an operation that has ended. Dropped, it is freed.
#[derive(Debug)]
pub(crate) struct Retention {
    line: Arc<dyn Line>,
    operation: Option<OperationKey>,
}

impl Retention {
    /// Leaves it to the server.
    pub(crate) fn keep(mut self) {
        self.operation = None;
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        if let Some(operation) = self.operation.take() {
            self.line.control(Control::Release { operation });
        }
    }
}
