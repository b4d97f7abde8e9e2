//! One operation under way.

mod ahead;
mod begun;
mod engine;
mod follow;
mod handle;
mod in_flight;
mod outlet;
mod records;
mod save;
mod start;
mod watch;

use std::io::Cursor;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::BytesMut;
use futures::Stream;
use futures::future::BoxFuture;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;

use super::beside::beside;
use super::error::Error;
use super::event::{Event, Sessions, Unverified};
use super::file::Leftover;
use super::options::TransferOptions;
use super::outcome::{CancelOutcome, Completed, Receipt};
use super::transport::Transport;
use crate::proto::{MessageId, Operation, OperationName, Payload, Progress};
use ahead::Ahead;
pub(crate) use engine::Verdict;
pub use handle::{OperationHandle, Stopper};
pub(crate) use in_flight::Kept;
use outlet::Stop;
pub(crate) use outlet::{Outlet, Output};
pub use records::Records;
pub(crate) use save::request_digest;
pub(crate) use start::{Composed, PartStore};
use watch::Watchers;

/// The longest data, in bytes of JSON, that is made sense of where it came, if there is no payload.
const LIGHT_REPLY_BYTES: usize = 16 << 10;

/// An operation under way: a stream of [`Event`]s, and a verdict at its end.
///
/// Three ways to take it: [`collect`](Self::collect) it into memory, [`save`](Self::save) it to a
/// file, or read its events and ask [`finish`](Self::finish) for the verdict. The first two also
/// have the operation check and interpret the result.
///
/// # Cancellation
/// Dropping a transfer stops it: its id is forgotten, what still comes for it is thrown away,
/// and a server that offers `cancel` is told to stop. With any other server
/// the connection takes no further request: the next one opens another, and this one is closed
/// once nothing else runs on it ([`ClientBuilder::wait_for_dropped`](super::ClientBuilder) is the
/// other choice). [`cancel`](Self::cancel) does the same and tells what came of it,
/// [`detach`](Self::detach) leaves the operation to the server.
///
/// # When the connection breaks
/// Where the server offers `resume`, a transfer goes on where it was; whoever reads it notices a
/// pause, and [`Event::Interrupted`]. Else an operation that may be repeated starts again, as long
/// as no byte was given out as an event. What else was under way fails with [`Error::Lost`].
///
/// # Reading
/// Where the server offers `credit`, it sends no more than a window ahead of what was read, and a
/// transfer that is not read holds up no other. With any other server a transfer that is not read
/// holds up the connection once 4 MiB wait for it, for 30 s at most; then it fails with
/// [`Error::SlowConsumer`].
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
    name: OperationName,
    transport: Arc<dyn Transport>,
    options: TransferOptions,
    begun: Instant,
    outlet: Arc<Outlet>,
    /// What makes the tries; `None` once it has ended.
    engine: Option<BoxFuture<'static, Result<Verdict, Error>>>,
    /// How it ended, until that is asked for.
    verdict: Option<Result<Verdict, Error>>,
    /// What was taken from the engine and has not been given out yet.
    ahead: Ahead,
    /// What an earlier process has written already, for [`stage`](Self::stage) to go on with; it
    /// stays on disk until then.
    leftover: Option<Box<Leftover>>,
    /// What is known of the parts that the payload is made of, if it is.
    composed: Option<Box<Composed>>,
    /// Whether what was there before is void.
    has_restarted: bool,
    /// Bytes received, those of an earlier process included.
    bytes: u64,
    progress: Option<Progress>,
    sessions: Option<Sessions>,
    watchers: Watchers,
}

impl<O: Operation> Transfer<O> {
    /// The id of the request; a new one each time it is sent again.
    pub fn id(&self) -> Option<MessageId> {
        self.outlet.id()
    }

    /// Reads what is left, throws its bytes away and gives the verdict.
    ///
    /// The operation does not look at the payload, since it may be gone: an archive's own checks
    /// are made by [`collect`](Self::collect) and [`save`](Self::save) alone.
    ///
    /// # Errors
    /// Any [`Error`]; whatever was read before is then worthless.
    pub async fn finish(mut self) -> Result<Receipt, Error> {
        while self.next_output().await.is_some() {}
        let Verdict { reply, .. } = self.settle()?;
        Ok(Receipt::new(&reply, self.begun, now()))
    }

    /// Reads the transfer to its end and gives the verified result, payload in memory.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::PayloadTaken`] if bytes were read from the event stream before, for
    /// what is left of them is no payload.
    pub async fn collect(mut self) -> Result<Completed<O::Output>, Error> {
        self.claim_payload(0)?;
        let mut payload = BytesMut::new();
        while let Some(output) = self.next_output().await {
            match output {
                Output::Data { bytes, .. } => payload.extend_from_slice(&bytes),
                Output::Event(Event::Restarted { .. }) => payload.clear(),
                _ => {}
            }
        }
        let Verdict { id, reply, kept } = self.settle()?;
        let payload = payload.freeze();
        let (operation, limits) = (Arc::clone(&self.operation), self.options.limits.clone());
        let begun = self.begun;
        let is_light = payload.is_empty() && reply.data_bytes() <= LIGHT_REPLY_BYTES;
        let conclude = move || {
            let output = operation.conclude(&reply, &mut Cursor::new(&payload), &limits);
            (output, payload, Receipt::new(&reply, begun, now()))
        };
        // Archives take long to check; the socket must not wait for it. A short answer takes less
        // than another thread would to begin.
        let (output, payload, receipt) =
            if is_light { conclude() } else { beside(conclude).await? };
        if let Some(kept) = kept {
            kept.free();
        }
        let output = output.map_err(|source| self.no_result(id, source))?;
        Ok(Completed { output, payload: Payload::verified(payload), receipt })
    }

    /// Writes the payload into `writer` as it comes, **not verified**, and gives the verdict.
    ///
    /// Memory stays constant: no more is asked of the server than the writer takes, where the
    /// server offers `credit`. The writer is flushed, not shut down. The operation does not look at
    /// the payload, as with [`finish`](Self::finish).
    ///
    /// # Errors
    /// Any [`Error`]: what was written is worthless then. [`Error::Output`] if the writer fails,
    /// [`Error::PayloadTaken`] as in [`collect`](Self::collect).
    pub async fn write_to(
        mut self,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Receipt, Error> {
        if self.outlet.is_committed() || self.begun_elsewhere() > 0 {
            return Err(self.payload_taken());
        }
        while let Some(output) = self.next_output().await {
            if let Output::Data { bytes, .. } = output {
                self.outlet.note_taken(bytes.len());
                writer.write_all(&bytes).await.map_err(|source| self.no_output(source))?;
            }
        }
        let Verdict { reply, .. } = self.settle()?;
        writer.flush().await.map_err(|source| self.no_output(source))?;
        Ok(Receipt::new(&reply, self.begun, now()))
    }

    /// Stops the transfer, here and on the server, and tells what came of it.
    ///
    /// Waits for 5 s at most. Whatever was received is worthless afterwards.
    ///
    /// # Cancellation
    /// Dropping the future stops the transfer all the same.
    pub async fn cancel(mut self) -> CancelOutcome {
        match self.verdict.take() {
            Some(Ok(_)) => return CancelOutcome::Completed,
            Some(Err(Error::Server { source, .. })) => return CancelOutcome::Failed(source),
            Some(Err(_)) => return CancelOutcome::Unknown,
            None => {}
        }
        if let Some(leftover) = self.leftover.take() {
            leftover.into_part().take_over();
        }
        let (sender, receiver) = oneshot::channel();
        self.outlet.wish(Stop::Cancel(Some(sender)));
        // What is under way sees the wish as it goes.
        self.engine = None;
        if self.outlet.take_stop().is_some() {
            // Nothing was under way: it waited to be sent, first or again.
            return match self.outlet.handle() {
                Some(_) => CancelOutcome::Unknown,
                None => CancelOutcome::Cancelled,
            };
        }
        receiver.await.unwrap_or(CancelOutcome::Unknown)
    }

    /// Leaves the operation to the server, which goes on with it, and gives what it takes to
    /// [`attach`](super::Client::attach) to it again.
    ///
    /// `None`, and the transfer is cancelled, where the server keeps nothing beyond the connection:
    /// it does not offer `resume`, or has not accepted the request yet ([`Event::Accepted`] says
    /// that it has).
    #[must_use = "without the handle nobody can come back to the operation"]
    pub fn detach(mut self) -> Option<OperationHandle> {
        let handle = self.outlet.handle()?;
        self.outlet.wish(Stop::Detach);
        self.engine = None;
        match self.verdict.take() {
            Some(Ok(Verdict { kept, .. })) => kept?.keep(),
            Some(Err(_)) => return None,
            None => {}
        }
        Some(handle)
    }

    /// A way to stop the transfer while somebody waits for its end.
    ///
    /// ```no_run
    /// # use longhaul::ops::git;
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::Error> {
    /// let transfer = client.start(git::Export::packages(["$ZRAY"])).await?;
    /// let stopper = transfer.stopper();
    /// tokio::select! {
    ///     saved = transfer.save("zray.zip") => println!("{} bytes", saved?.receipt.bytes),
    ///     () = tokio::time::sleep(std::time::Duration::from_secs(60)) => stopper.cancel(),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.outlet))
    }

    /// Where this goes on with what an earlier process has left beside its target, in bytes; `None`
    /// if it starts from nothing, or once it is being saved.
    pub fn resumed_from(&self) -> Option<u64> {
        let found = self.composed.as_ref().and_then(|composed| composed.found);
        found.or_else(|| self.leftover_bytes())
    }

    fn leftover_bytes(&self) -> Option<u64> {
        self.leftover.as_ref().map(|leftover| leftover.position().offset)
    }

    /// How much of the payload an earlier process has, in bytes.
    fn begun_elsewhere(&self) -> u64 {
        self.leftover_bytes().unwrap_or(0)
    }

    /// Makes sure that what is still to come is all that is not `there`, and that it goes to a sink
    /// of our own.
    fn claim_payload(&self, there: u64) -> Result<(), Error> {
        if self.outlet.is_committed() || self.begun_elsewhere() > there {
            return Err(self.payload_taken());
        }
        self.outlet.note_own_sink();
        Ok(())
    }

    fn payload_taken(&self) -> Error {
        let taken = self.outlet.taken().max(self.begun_elsewhere());
        Error::PayloadTaken { operation: self.name.to_string(), taken }
    }

    fn no_output(&self, source: std::io::Error) -> Error {
        Error::Output { operation: self.name.to_string(), source }
    }

    fn no_result(&self, id: MessageId, source: crate::proto::OperationError) -> Error {
        Error::Operation { id, operation: self.name.to_string(), source }
    }

    /// Takes the verdict, which is there once nothing comes any more.
    fn settle(&mut self) -> Result<Verdict, Error> {
        self.verdict.take().unwrap_or(Err(Error::Shutdown))
    }
}

impl<O: Operation> Stream for Transfer<O> {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = self.get_mut();
        loop {
            let output = std::task::ready!(this.poll_output(cx));
            return Poll::Ready(match output {
                Some(Output::Event(event)) => Some(event),
                Some(Output::Data { bytes, .. }) => {
                    this.outlet.note_taken(bytes.len());
                    Some(Event::Data(Unverified(bytes)))
                }
                Some(Output::Started) => continue,
                None => None,
            });
        }
    }
}

// Nothing in it is pinned in place.
impl<O: Operation> Unpin for Transfer<O> {}

impl<O: Operation> std::fmt::Debug for Transfer<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transfer")
            .field("operation", &self.name)
            .field("id", &self.id())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// The runtime's clock, which tests may hold still.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
