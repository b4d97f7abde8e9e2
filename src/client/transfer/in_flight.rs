//! What must be done about a request, or what the server keeps of it, however its wait ends.

use std::sync::Arc;

use super::outlet::{Outlet, Stop};
use crate::client::transport::Line;
use crate::proto::{Control, MessageId, OperationKey};

/// A request that is under way. Dropped, it is stopped, or left to the server if that is wished.
#[derive(Debug)]
pub(super) struct InFlight {
    line: Arc<dyn Line>,
    id: MessageId,
    /// What the server keeps of it beyond its last frame.
    operation: Option<OperationKey>,
    outlet: Arc<Outlet>,
    is_over: bool,
}

impl InFlight {
    pub(super) fn new(line: Arc<dyn Line>, id: MessageId, outlet: Arc<Outlet>) -> Self {
        Self { line, id, operation: None, outlet, is_over: false }
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
            Some(Stop::Cancel(outcome)) => {
                self.line.cancel(&self.id, self.operation.take(), outcome);
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
