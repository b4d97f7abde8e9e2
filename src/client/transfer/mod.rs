//! One operation under way.

mod advance;

use std::io::Cursor;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use futures::future::BoxFuture;
use futures::{Stream, StreamExt};
use tokio::time::{Sleep, sleep_until};

use super::busy::BusyBudget;
use super::error::Error;
use super::event::{Event, Status, Unverified};
use super::inbox::Inbox;
use super::options::TransferOptions;
use super::outcome::{Completed, Receipt, Saved};
use super::save::StagedFile;
use super::transport::{Transport, Turn};
use crate::proto::{Exchange, MessageId, Operation, Payload, Progress, Reply, Request, Warning};

/// An operation under way: a stream of [`Event`]s, and a verdict at its end.
///
/// Three ways to take it: [`collect`](Self::collect) it into memory, [`save`](Self::save) it to a
/// file, or read its events and ask [`finish`](Self::finish) for the verdict. The first two also
/// have the operation check and interpret the result.
///
/// # Cancellation
/// Dropping a transfer stops it: its id is forgotten, and what still comes for it is counted as
/// unknown and thrown away. The server is not told yet. One that takes a single request at a time
/// (no `features` in its welcome) goes on with it, and gets no other request on this connection
/// before the last frame of this one has come.
///
/// # Reading
/// A transfer that is not read holds up the connection once 4 MiB wait for it: everything else on
/// it stands still, for 30 s at most, then the transfer fails with [`Error::SlowConsumer`].
///
/// ```no_run
/// use futures::StreamExt;
/// use longhaul::{Client, Event};
/// use longhaul::ops::git;
///
/// # async fn example(client: Client) -> Result<(), longhaul::Error> {
/// let mut transfer = client.start(git::Export::packages(["$ZRAY"])).await?;
/// while let Some(event) = transfer.next().await {
///     match event {
///         Event::Progress(progress) => println!("{:?} of {:?}", progress.done, progress.total),
///         Event::Data(unverified) => println!("{} bytes, not verified yet", unverified.len()),
///         _ => {}
///     }
/// }
/// let receipt = transfer.finish().await?;
/// println!("verified: {} bytes in {} chunks", receipt.bytes, receipt.chunks);
/// # Ok(())
/// # }
/// ```
#[must_use = "a transfer that is dropped is cancelled"]
pub struct Transfer<O: Operation> {
    operation: Arc<O>,
    transport: Arc<dyn Transport>,
    request: Request,
    options: TransferOptions,
    busy: BusyBudget,
    /// Its next turn on the connection, while it waits to be sent again.
    turn: Option<BoxFuture<'static, Result<Turn, Error>>>,
    begun: Instant,
    state: State,
    timer: Pin<Box<Sleep>>,
    /// Room that each chunk is decoded into; used again where nobody keeps what was in it.
    buffer: BytesMut,
    bytes: u64,
    /// Bytes that were given out as events.
    taken: u64,
    /// Whether the server has shown that it works on the request.
    heard: bool,
    progress: Option<Progress>,
    watchers: Watchers,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one of these per transfer, and mostly Running")]
enum State {
    /// Sent or about to be, with an inbox.
    Running(Running),
    /// The server was busy; the timer says when to ask for a turn and send again.
    Pausing,
    /// It is over and the verdict has not been asked for.
    Ended(Result<(MessageId, Reply), Error>),
    /// The verdict has been given.
    Settled,
}

#[derive(Debug)]
struct Running {
    id: MessageId,
    inbox: Inbox,
    exchange: Exchange,
    hasher: crate::proto::checksum::Sha256Hasher,
    /// How much of the connection's held time the exchange has been told of.
    held: Duration,
}

/// What a delivery came to.
#[derive(Debug)]
enum Happened {
    Event(Event),
    /// Payload was appended to the buffer.
    Data,
}

type ProgressWatcher = Box<dyn FnMut(&Status<'_>) + Send>;
type WarningWatcher = Box<dyn FnMut(&Warning) + Send>;

#[derive(Default)]
struct Watchers {
    progress: Option<ProgressWatcher>,
    warning: Option<WarningWatcher>,
}

impl<O: Operation> Transfer<O> {
    pub(crate) async fn start(
        transport: Arc<dyn Transport>,
        operation: O,
        options: TransferOptions,
    ) -> Result<Self, Error> {
        let begun = now();
        let mut request = Request::new(operation.name(), operation.params());
        let hint = options.deadline.or(options.idle_limit);
        request.timeout_ms = hint.and_then(|limit| u64::try_from(limit.as_millis()).ok());
        let most = transport.limits().max_chunk_bytes.unwrap_or(u64::MAX).max(1);
        request.stream = operation.has_payload().then_some(options.chunk_bytes.min(most));
        request.features = options.features;
        transport.check(&request)?;
        let waiting = transport.turn(&request);
        let turn = match options.deadline {
            None => waiting.await,
            Some(limit) => tokio::time::timeout(limit, waiting).await.unwrap_or_else(|_| {
                Err(Error::Deadline { operation: request.name.to_string(), limit })
            }),
        }?;
        let mut transfer = Self {
            operation: Arc::new(operation),
            transport,
            request,
            options,
            busy: BusyBudget::default(),
            turn: None,
            begun,
            state: State::Settled,
            timer: Box::pin(sleep_until(begun.into())),
            buffer: BytesMut::new(),
            bytes: 0,
            taken: 0,
            heard: false,
            progress: None,
            watchers: Watchers::default(),
        };
        transfer.send(turn)?;
        Ok(transfer)
    }

    /// The id of the request; a new one each time it is sent again. `None` between two tries and
    /// after a failure, whose error has it.
    pub fn id(&self) -> Option<&MessageId> {
        match &self.state {
            State::Running(running) => Some(&running.id),
            State::Ended(Ok((id, _))) => Some(id),
            State::Ended(Err(_)) | State::Pausing | State::Settled => None,
        }
    }

    /// Calls `watch` for each progress frame and each chunk.
    ///
    /// It runs between two messages, so it must not take long.
    pub fn on_progress(mut self, watch: impl FnMut(&Status<'_>) + Send + 'static) -> Self {
        self.watchers.progress = Some(Box::new(watch));
        self
    }

    /// Calls `watch` for each warning.
    pub fn on_warning(mut self, watch: impl FnMut(&Warning) + Send + 'static) -> Self {
        self.watchers.warning = Some(Box::new(watch));
        self
    }

    /// Reads what is left, throws its bytes away and gives the verdict.
    ///
    /// The operation does not look at the payload, since it may be gone: an archive's own checks
    /// are made by [`collect`](Self::collect) and [`save`](Self::save) alone.
    ///
    /// # Errors
    /// Any [`Error`]; whatever was read before is then worthless.
    pub async fn finish(mut self) -> Result<Receipt, Error> {
        while self.next().await.is_some() {}
        let (_, reply) = self.settle()?;
        Ok(Receipt::new(&reply, self.begun, now()))
    }

    /// Reads the transfer to its end and gives the verified result, payload in memory.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::PayloadTaken`] if bytes were read from the event stream before, for
    /// what is left of them is no payload.
    pub async fn collect(mut self) -> Result<Completed<O::Output>, Error> {
        if self.taken > 0 {
            let (operation, taken) = (self.request.name.to_string(), self.taken);
            return Err(Error::PayloadTaken { operation, taken });
        }
        let mut payload = BytesMut::new();
        while self.advance(&mut payload).await.is_some() {}
        let (id, reply) = self.settle()?;
        let payload = payload.freeze();
        let (operation, limits) = (Arc::clone(&self.operation), self.options.limits.clone());
        let begun = self.begun;
        let conclude = move || {
            let output = operation.conclude(&reply, &mut Cursor::new(&payload), &limits);
            (output, payload, Receipt::new(&reply, begun, now()))
        };
        // Archives take long to check; the socket must not wait for it.
        let (output, payload, receipt) = beside(conclude).await?;
        let output = output.map_err(|source| Error::Operation {
            id,
            operation: self.request.name.to_string(),
            source,
        })?;
        Ok(Completed { output, payload: Payload::verified(payload), receipt })
    }

    /// Reads the transfer to its end and puts the verified payload into a file.
    ///
    /// The payload is held in memory until it has verified. The file is written beside its target
    /// under a name of its own that ends in `.part`, synced, and renamed; a file of that name is
    /// replaced and keeps its permissions, a link is followed, a device or pipe is written into.
    /// The `.part` is made before anything is read, so a place that cannot be written fails at
    /// once. On any failure the target is as it was. The deadline ends with the last frame:
    /// checking and writing are not part of it.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::File`] if the file cannot be written.
    ///
    /// # Cancellation
    /// Dropping the future leaves the target as it was, also while the file is being written; only
    /// the rename itself cannot be stopped.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<Saved<O::Output>, Error> {
        let path = path.as_ref().to_owned();
        let (Completed { output, receipt, .. }, file) = self.stage(&path).await?;
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
    pub async fn stage(
        self,
        path: impl AsRef<Path>,
    ) -> Result<(Completed<O::Output>, StagedFile), Error> {
        // Opening a pipe waits for whoever reads it.
        let target = path.as_ref().to_owned();
        let file = beside(move || StagedFile::open(&target)).await??;
        let completed = self.collect().await?;
        let payload = completed.payload.clone().into_bytes();
        // Dropped with this future; the writer, on its own thread, sees that and stops.
        let waiting = Arc::new(());
        let waiter = Arc::downgrade(&waiting);
        let file = beside(move || file.fill(payload, &waiter)).await??;
        drop(waiting);
        Ok((completed, file))
    }

    /// Takes the verdict, which is there once the events have ended.
    fn settle(&mut self) -> Result<(MessageId, Reply), Error> {
        match std::mem::replace(&mut self.state, State::Settled) {
            State::Ended(verdict) => verdict,
            _ => Err(Error::Lost { id: None, cause: self.transport.close_cause() }),
        }
    }
}

impl<O: Operation> Stream for Transfer<O> {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = self.get_mut();
        let mut buffer = std::mem::take(&mut this.buffer);
        let happened = this.poll_advance(cx, &mut buffer);
        let event = happened.map(|happened| {
            Some(match happened? {
                Happened::Event(event) => event,
                Happened::Data => {
                    this.taken = this.taken.saturating_add(buffer.len() as u64);
                    Event::Data(Unverified(buffer.split().freeze()))
                }
            })
        });
        this.buffer = buffer;
        event
    }
}

// Nothing in it is pinned in place.
impl<O: Operation> Unpin for Transfer<O> {}

impl<O: Operation> Drop for Transfer<O> {
    fn drop(&mut self) {
        if let State::Running(running) = &self.state {
            self.transport.cancel(&running.id);
        }
    }
}

impl<O: Operation> std::fmt::Debug for Transfer<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transfer")
            .field("operation", &self.request.name)
            .field("state", &self.state)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Runs what takes long beside the runtime's own threads. A panic in it goes on here.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Error::Shutdown,
    })
}

/// The runtime's clock, which tests may hold still.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
