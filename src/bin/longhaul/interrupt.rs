//! Running until done or interrupted.

use std::future::Future;
use std::io;
use std::time::Duration;

use crate::failure::Failure;

/// How long work that cannot be interrupted, such as writing a block, may go on after an
/// interruption.
const GRACE: Duration = Duration::from_secs(3);

/// Runs `work` to its end, or drops it as soon as the user interrupts.
///
/// An interruption takes effect only where `work` waits; what blocks goes to a thread of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run(async {
        let mut interruption = Interruption::listen()?;
        tokio::select! {
            biased;
            ended = work => ended,
            () = interruption.wait() => Err(Failure::interrupted()),
        }
    })
}

/// Runs `work` to its end; it sees to interruptions itself.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // One thread is enough: a transfer is one stream of work, and archives are checked elsewhere.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local("the runtime could not be started", &error))?;
    let ended = runtime.block_on(work);
    runtime.shutdown_timeout(GRACE);
    ended
}

/// Ctrl+C and, on Unix, SIGTERM; none is missed from [`listen`](Self::listen) on.
#[derive(Debug)]
pub(crate) struct Interruption {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Interruption {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Self::register().map_err(|error| Failure::local("signals cannot be received", &error))
    }

    #[cfg(unix)]
    fn register() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    #[cfg(windows)]
    fn register() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for one of them.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}
