//! Work whose payload is sent while it is made.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::core::{GrowingBytes, OperationId, Outcome, Payload, Source};
use super::disk::StoredFile;
use super::domain::Check;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::work::{Halt, Packing, Report, Workplace, given_up, written};

/// The payload of an operation, for whoever makes it.
#[derive(Clone)]
pub(super) struct Growth {
    keeper: Arc<Keeper>,
    operation: OperationId,
    payload: Arc<Payload>,
    /// What is sent instead.
    forced: Option<Bytes>,
}

impl Growth {
    /// Adds bytes; they may leave at once. May wait for a disk.
    pub(super) fn push(&self, bytes: &[u8]) -> io::Result<()> {
        if self.forced.is_none() { self.grow(bytes) } else { Ok(()) }
    }

    /// Adds what is sent instead.
    fn end(&self) -> io::Result<()> {
        self.forced.as_ref().map_or(Ok(()), |bytes| self.grow(bytes))
    }

    fn grow(&self, bytes: &[u8]) -> io::Result<()> {
        if !bytes.is_empty() {
            self.payload.grow(bytes)?;
            self.keeper.report_growth(self.operation, &self.payload);
        }
        Ok(())
    }
}

/// Runs a check to its outcome, and tells the keeper of all that comes before.
pub(super) async fn grow(
    check: &Check,
    operation: OperationId,
    packing: Packing,
    at: &Workplace<'_>,
) -> Result<Outcome, Refusal> {
    let keeper = &at.state.keeper;
    let build = move || {
        let source: Box<dyn Source> = match packing.disk {
            Some(folder) => Box::new(StoredFile::empty(&folder)?),
            None => Box::new(GrowingBytes::default()),
        };
        Ok::<_, io::Error>(Payload::new(source, packing.chunk_bytes, None, packing.is_hashed))
    };
    let payload = spawn_blocking(build).await.map_err(given_up)?.map_err(given_up)?;
    let growth = Growth {
        keeper: Arc::clone(keeper),
        operation,
        payload: Arc::new(payload),
        forced: at.script.forced_payload(),
    };
    let report = Report::Keeper { keeper: Arc::clone(keeper), operation };
    let at = Workplace { report: &report, ..*at };
    let data = match check.run(&at, Some(&growth)).await {
        Ok(checked) => written(&checked),
        Err(Halt::Refused(refusal)) => return Err(refusal),
        Err(Halt::Gone | Halt::Crashed) => return Err(given_up("nobody is told")),
    };
    let payload = Arc::clone(&growth.payload);
    spawn_blocking(move || growth.end()).await.map_err(given_up)?.map_err(given_up)?;
    Ok(Outcome { payload, data })
}
