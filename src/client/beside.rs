//! Work that would hold up the runtime's threads, done beside them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::{JoinError, JoinHandle};

use super::error::Error;

/// Runs what takes long beside the runtime's own threads. A panic in it goes on here.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

/// A value that is worked on beside the runtime's threads, one piece of work after the other.
///
/// No thread is held between two pieces. Dropped, it ends with the piece that is under way.
#[derive(Debug)]
pub(crate) struct Beside<T>(State<T>);

#[derive(Debug)]
enum State<T> {
    Idle(T),
    Working(JoinHandle<T>),
    /// The work panicked, or the runtime shut down.
    Gone,
}

impl<T: Send + 'static> Beside<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(State::Idle(value))
    }

    /// The value, if nothing is done with it at the moment.
    pub(crate) fn idle(&mut self) -> Option<&mut T> {
        match &mut self.0 {
            State::Idle(value) => Some(value),
            _ => None,
        }
    }

    /// Waits for the work before, then starts this and does not wait for it.
    ///
    /// Cancel-safe: until it returns, nothing has been started.
    pub(crate) async fn start(
        &mut self,
        work: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<(), Error> {
        let mut value = self.take().await?;
        self.0 = State::Working(tokio::task::spawn_blocking(move || {
            work(&mut value);
            value
        }));
        Ok(())
    }

    /// Waits for the work before, then does this and gives what comes of it.
    ///
    /// Dropped while it waits, the work is done all the same.
    pub(crate) async fn run<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Error> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Nobody listens any more if the caller is gone.
        self.start(move |value| drop(sender.send(work(value)))).await?;
        self.settle().await?;
        receiver.await.map_err(|_| Error::Shutdown)
    }

    /// Waits for all work.
    pub(crate) async fn settle(&mut self) -> Result<&mut T, Error> {
        let value = self.take().await?;
        self.0 = State::Idle(value);
        self.idle().ok_or(Error::Shutdown)
    }

    /// Waits for all work and gives the value back.
    pub(crate) async fn into_inner(mut self) -> Result<T, Error> {
        self.take().await
    }

    async fn take(&mut self) -> Result<T, Error> {
        std::future::poll_fn(|cx| self.poll_take(cx)).await
    }

    fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Error>> {
        if let State::Working(working) = &mut self.0 {
            let done = ready!(Pin::new(working).poll(cx));
            self.0 = State::Gone;
            return Poll::Ready(done.map_err(failed));
        }
        Poll::Ready(match std::mem::replace(&mut self.0, State::Gone) {
            State::Idle(value) => Ok(value),
            _ => Err(Error::Shutdown),
        })
    }
}

/// Why work was not done to its end; a panic in it goes on here.
pub(crate) fn failed(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Error::Shutdown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_in_order() {
        let mut list = Beside::new(Vec::new());
        for n in 0..100 {
            list.start(move |list| list.push(n)).await.unwrap();
        }
        assert_eq!(list.run(|list| list.len()).await.unwrap(), 100);
        assert_eq!(list.into_inner().await.unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_wait_that_is_dropped_loses_nothing() {
        use futures::FutureExt;
        let mut list = Beside::new(Vec::new());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        list.start(move |list| {
            wait.recv().unwrap();
            list.push(1);
        })
        .await
        .unwrap();
        assert!(list.start(|list| list.push(2)).now_or_never().is_none());
        go.send(()).unwrap();
        assert_eq!(list.into_inner().await.unwrap(), [1]);
    }
}
