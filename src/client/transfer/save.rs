//! A payload into a file, verified before the file appears.

use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::engine::Verdict;
use super::outlet::Output;
use super::{Transfer, now};
use crate::client::beside::{Beside, beside};
use crate::client::error::Error;
use crate::client::event::Event;
use crate::client::file::{Leftover, PartFile, Ticket};
use crate::client::options::JournalOption;
use crate::client::outcome::{Receipt, Saved, Staged};
use crate::client::transport::Transport;
use crate::proto::checksum::Sha256;
use crate::proto::{Operation, Retained, Seq};

/// How much is read at once while the operation checks the payload, in bytes.
const CHECK_BYTES: usize = 256 << 10;
/// How long what a journal says may be lost with the power, at most.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

impl<O: Operation> Transfer<O> {
    /// Reads the transfer to its end and puts the verified payload into a file.
    ///
    /// Memory stays constant. The payload is written as it comes, beside its target under a name of
    /// its own that ends in `.part`, checked there, synced, and renamed; a file of the target's name
    /// is replaced and keeps its permissions, a link is followed, a device or pipe is written into
    /// once everything has verified. The `.part` is made before anything is read, so a place that
    /// cannot be written fails at once. On any failure the target is as it was.
    ///
    /// The `.part` is removed on failure. With a journal
    /// ([`TransferOptions::journal_for`](crate::TransferOptions::journal_for)) both stay where they
    /// are worth something: if the connection was lost, the server was too busy to go on, a limit
    /// of time ran out, the disk was full, or the transfer was detached. What other journaled
    /// transfers have left beside the target is removed once the file stands.
    ///
    /// The deadline ends with the last frame: checking and renaming are not part of it.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::File`] if the file cannot be written.
    ///
    /// # Cancellation
    /// Dropping the future stops the transfer, leaves the target as it was and removes the `.part`;
    /// only the rename itself cannot be stopped. [`stopper`](Self::stopper) detaches instead.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<Saved<O::Output>, Error> {
        let path = path.as_ref().to_owned();
        let Staged { output, receipt, file } = self.stage(&path).await?;
        beside(|| file.commit()).await??;
        Ok(Saved { output, path, receipt })
    }

    /// Does what [`save`](Self::save) does, up to the rename: for callers with something else to
    /// do before the file appears that may fail as well.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    ///
    /// # Cancellation
    /// As [`save`](Self::save).
    pub async fn stage(mut self, path: impl AsRef<Path>) -> Result<Staged<O::Output>, Error> {
        self.claim_payload(self.begun_elsewhere())?;
        let was_there = self.leftover.is_some();
        let mut sink = self.open_sink(path.as_ref()).await?;
        match self.fill(&mut sink).await {
            Ok(verdict) => self.check(sink, verdict).await,
            Err(error) => {
                let keeps = sink.is_journaled && is_worth_keeping(&error, was_there);
                if keeps {
                    self.outlet.leave_behind();
                }
                sink.give_up(keeps).await;
                Err(error)
            }
        }
    }

    /// Opens what the payload is written into: what an earlier process has left, or a new part.
    ///
    /// The caller may have read events before, so it is brought to where the transfer is now.
    async fn open_sink(&mut self, path: &Path) -> Result<Sink, Error> {
        let is_journaled =
            self.options.journal.as_ref().is_some_and(|at| is_same(&at.target, path));
        let (part, is_void) = match self.leftover.take() {
            Some(leftover) if is_journaled => {
                let mut part = leftover.into_part();
                part.take_over();
                (part, self.has_restarted)
            }
            Some(_) => {
                let source = std::io::ErrorKind::InvalidInput.into();
                let path = path.to_owned();
                return Err(Error::File {
                    action: "going on with another file's payload in",
                    path,
                    source,
                });
            }
            // Opening a pipe waits for whoever reads it.
            None => {
                let target = path.to_owned();
                let composed = self.composed.as_ref();
                let store = composed.and_then(|composed| composed.store.clone());
                let store = store.filter(|store| is_same(&store.target, path));
                let open =
                    move || PartFile::open(&target, store.as_ref().map(|store| &*store.folder));
                (beside(open).await??, false)
            }
        };
        let mut sink = Sink::new(part, is_journaled);
        if is_void {
            sink.restart().await?;
        }
        let handle = self.outlet.handle().filter(|_| is_journaled);
        if let Some(ticket) = handle.and_then(|handle| self.ticket(handle.retained())) {
            sink.begin_journal(ticket).await?;
        }
        Ok(sink)
    }

    /// Reads the transfer to its end into `sink`.
    async fn fill(&mut self, sink: &mut Sink) -> Result<Verdict, Error> {
        while let Some(output) = self.next_output().await {
            match output {
                Output::Data { bytes, next } => sink.write(bytes, next).await?,
                Output::Event(Event::Restarted { .. }) => sink.restart().await?,
                Output::Event(Event::Accepted(retained)) if sink.is_journaled => {
                    if let Some(ticket) = self.ticket(&retained) {
                        sink.begin_journal(ticket).await?;
                    }
                }
                _ => {}
            }
        }
        let verdict = self.settle()?;
        sink.settle().await?;
        Ok(verdict)
    }

    /// Has the operation check and interpret what is in the part.
    async fn check(self, sink: Sink, verdict: Verdict) -> Result<Staged<O::Output>, Error> {
        let Verdict { id, reply, kept } = verdict;
        // A server that keeps nothing has no journal; what was left before is overtaken all the same.
        let overtakes = sink.is_journaled;
        let part = sink.into_part().await?;
        let (operation, limits) = (Arc::clone(&self.operation), self.options.limits.clone());
        let (begun, name) = (self.begun, self.name.to_string());
        beside(move || {
            let reader = part.reader().map_err(|source| part.unreadable(source))?;
            let mut reader = BufReader::with_capacity(CHECK_BYTES, reader);
            let output = operation
                .conclude(&reply, &mut reader, &limits)
                .map_err(|source| Error::Operation { id, operation: name, source })?;
            let receipt = Receipt::new(&reply, begun, now());
            Ok(Staged { output, receipt, file: part.seal()?.holding(kept).overtaking(overtakes) })
        })
        .await?
    }

    fn ticket(&self, retained: &Retained) -> Option<Ticket> {
        Some(Ticket {
            operation: self.name.to_string(),
            request: request_digest(self.transport.as_ref(), self.operation.as_ref()),
            key: self.outlet.handle()?.operation,
            epoch: retained.epoch.clone(),
            ttl_ms: u64::try_from(retained.ttl.as_millis()).unwrap_or(u64::MAX),
            chunk_bytes: retained.chunk_bytes,
        })
    }
}

/// What an earlier process has left of the same request, taken over if that is wanted.
pub(super) async fn find_leftover<O: Operation>(
    journal: Option<&JournalOption>,
    transport: &dyn Transport,
    operation: &O,
) -> Result<Option<Leftover>, Error> {
    let Some(journal) = journal.filter(|journal| journal.goes_on) else { return Ok(None) };
    let (target, request) = (journal.target.clone(), request_digest(transport, operation));
    beside(move || Leftover::find(&target, &request)).await?
}

/// Whether two paths name the same file, however they are written.
fn is_same(one: &Path, other: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute(one) == absolute(other)
}

/// What tells a request from any other: where it goes, what it asks, and with which params.
pub(crate) fn request_digest<O: Operation>(transport: &dyn Transport, operation: &O) -> Sha256 {
    let params = operation.params().to_json();
    Sha256::of(format!("{}\n{}\n{params}", transport.address(), operation.name()).as_bytes())
}

/// Whether an earlier part is of use after such an end.
///
/// What `was_there` before this process is not lost to a chunk that stays damaged, or to a limit of
/// this side; what this process alone has received is.
fn is_worth_keeping(error: &Error, was_there: bool) -> bool {
    match error {
        Error::Lost { cause, .. } => was_there || cause.is_transient(),
        Error::Transfer { source, .. } => was_there && (source.is_damage() || source.is_limit()),
        Error::Server { source, .. } => source.is_busy(),
        Error::NotReopened { .. }
        | Error::NotResumable { .. }
        | Error::Connect(_)
        | Error::Detached { .. }
        | Error::Deadline { .. }
        | Error::Idle { .. }
        | Error::File { .. }
        | Error::Shutdown => true,
        _ => false,
    }
}

/// A part that is written beside the runtime's threads.
#[derive(Debug)]
struct Sink {
    part: Beside<Written>,
    is_journaled: bool,
}

/// A part, and what went wrong with it.
#[derive(Debug)]
struct Written {
    part: PartFile,
    failure: Option<Error>,
    synced: Instant,
}

impl Sink {
    fn new(part: PartFile, is_journaled: bool) -> Self {
        let written = Written { part, failure: None, synced: Instant::now() };
        Self { part: Beside::new(written), is_journaled }
    }

    /// Starts to write, once what came before is written.
    async fn write(&mut self, bytes: Bytes, next: Seq) -> Result<(), Error> {
        self.settle().await?;
        let is_journaled = self.is_journaled;
        self.part.start(move |written| written.write(&bytes, next, is_journaled)).await
    }

    async fn restart(&mut self) -> Result<(), Error> {
        self.settle().await?;
        self.part
            .run(|written| match written.part.restart() {
                // The part may be good where its journal is not.
                Err(error) => {
                    written.abandon_journal(&error);
                    written.part.restart()
                }
                Ok(()) => Ok(()),
            })
            .await?
    }

    /// Begins the journal. A save without one is better than none.
    async fn begin_journal(&mut self, ticket: Ticket) -> Result<(), Error> {
        self.settle().await?;
        let begun = self.part.run(move |written| written.part.journal(ticket)).await?;
        if let Err(error) = begun {
            tracing::warn!(%error, "no journal, the transfer cannot be resumed by another process");
            self.is_journaled = false;
        }
        Ok(())
    }

    /// Waits until all is written, and gives what went wrong.
    async fn settle(&mut self) -> Result<(), Error> {
        match self.part.settle().await?.failure.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn into_part(self) -> Result<PartFile, Error> {
        Ok(self.part.into_inner().await?.part)
    }

    /// Ends without a file: the part is left for another try, or removed.
    async fn give_up(self, keeps: bool) {
        // The transfer has failed already; what fails now is only worth a note.
        let Ok(part) = self.into_part().await else { return };
        if keeps && let Ok(Err(error)) = beside(move || part.keep()).await {
            tracing::warn!(%error, "what was received may not outlast a loss of power");
        }
    }
}

impl Written {
    /// A save without a journal is better than none.
    fn abandon_journal(&mut self, error: &Error) {
        tracing::warn!(%error, "no journal, another process cannot go on with the transfer");
        self.part.abandon_journal();
    }

    fn write(&mut self, bytes: &[u8], next: Seq, is_journaled: bool) {
        if let Err(error) = self.part.write(bytes) {
            self.failure = Some(error);
            return;
        }
        if !is_journaled {
            return;
        }
        if let Err(error) = self.part.mark(next) {
            self.abandon_journal(&error);
            return;
        }
        if self.synced.elapsed() >= SYNC_INTERVAL {
            if let Err(error) = self.part.sync() {
                self.failure = Some(error);
            }
            self.synced = Instant::now();
        }
    }
}
