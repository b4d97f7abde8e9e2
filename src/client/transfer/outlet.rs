//! What an engine and the transfer that polls it share.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::handle::OperationHandle;
use crate::client::error::Error;
use crate::client::event::Event;
use crate::client::outcome::CancelOutcome;
use crate::proto::{MessageId, Seq};

/// One place for what comes next, and what either side has to know of the other.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    place: Mutex<Option<Output>>,
    /// The id of the request that is under way.
    id: Mutex<Option<MessageId>>,
    /// What the server keeps, once it has said so.
    handle: Mutex<Option<OperationHandle>>,
    /// Whether what reads is a sink of our own: never too slow, and able to start over.
    is_own_sink: Arc<AtomicBool>,
    /// Bytes given to a caller who cannot forget them.
    taken: AtomicU64,
    stop: Mutex<Option<Stop>>,
    stop_wished: Notify,
}

/// What an engine has for its transfer.
#[derive(Debug)]
pub(crate) enum Output {
    /// The request has been handed on for the first time.
    Started,
    /// The next bytes of the payload, in order, not verified.
    Data {
        bytes: Bytes,
        /// The chunk that follows.
        next: Seq,
    },
    /// Anything else.
    Event(Event),
}

/// How a transfer is to stop before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// On the server too; whoever wants to know is told what came of it.
    Cancel(Option<oneshot::Sender<CancelOutcome>>),
    /// Here only: the server goes on.
    Detach,
}

impl Outlet {
    /// Puts something out and waits until it is taken.
    ///
    /// Nobody needs waking for that: whoever takes it is whoever polls this.
    pub(crate) async fn put(&self, output: Output) {
        *lock(&self.place) = Some(output);
        poll_fn(|_| if lock(&self.place).is_none() { Poll::Ready(()) } else { Poll::Pending })
            .await;
    }

    pub(super) fn take(&self) -> Option<Output> {
        lock(&self.place).take()
    }

    pub(super) fn note_id(&self, id: &MessageId) {
        *lock(&self.id) = Some(id.clone());
    }

    pub(super) fn id(&self) -> Option<MessageId> {
        lock(&self.id).clone()
    }

    pub(super) fn note_handle(&self, handle: Option<OperationHandle>) {
        *lock(&self.handle) = handle;
    }

    pub(super) fn handle(&self) -> Option<OperationHandle> {
        lock(&self.handle).clone()
    }

    /// Whatever reads from now on is a sink of our own.
    pub(super) fn note_own_sink(&self) {
        self.is_own_sink.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_own_sink(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_own_sink)
    }

    pub(super) fn note_taken(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether bytes were given out that cannot be taken back.
    pub(super) fn is_committed(&self) -> bool {
        self.taken() > 0
    }

    /// Asks the engine to stop; only the first wish counts.
    pub(super) fn wish(&self, stop: Stop) {
        lock(&self.stop).get_or_insert(stop);
        self.stop_wished.notify_one();
    }

    /// Leaves what the server keeps to the server, since somebody may come back for it.
    pub(super) fn leave_behind(&self) {
        if self.handle().is_some() {
            self.wish(Stop::Detach);
        }
    }

    /// Waits until the engine is to stop.
    async fn wished(&self) {
        self.stop_wished.notified().await;
    }

    /// Lets an engine work to its end, but not beyond its deadline, nor when somebody wishes it to
    /// stop. With `is_kept`, what the server has when time runs out is left to it.
    pub(crate) async fn run<T>(
        &self,
        operation: String,
        deadline: Option<(Duration, Instant)>,
        is_kept: bool,
        mut work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        let in_time = async {
            let Some((limit, at)) = deadline else { return work.await };
            timeout_at(at, &mut work).await.unwrap_or_else(|_| {
                if is_kept {
                    self.leave_behind();
                }
                Err(Error::Deadline { operation: operation.clone(), limit })
            })
        };
        tokio::select! {
            biased;
            () = self.wished() => Err(match self.handle() {
                Some(handle) if self.is_detaching() => Error::Detached { operation, handle },
                _ => Error::Cancelled { operation },
            }),
            ended = in_time => ended,
        }
    }

    /// Whether the wish is to leave the operation to the server.
    pub(super) fn is_detaching(&self) -> bool {
        matches!(*lock(&self.stop), Some(Stop::Detach))
    }

    /// How whatever ends now is to end; who waits for the outcome of a cancel is told once.
    ///
    /// A wish to detach stays: a request that goes on with an operation ends by it, and then so does
    /// what keeps that operation between tries.
    pub(super) fn take_stop(&self) -> Option<Stop> {
        let mut stop = lock(&self.stop);
        if let Some(Stop::Detach) = &*stop {
            return Some(Stop::Detach);
        }
        stop.take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
