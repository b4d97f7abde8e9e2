//! Running until done or interrupted.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use crate::failure::Failure;

/// How long work may go on after an interruption: what it cannot leave off, such as writing a
/// block, and what it is asked to do before it ends.
const GRACE: Duration = Duration::from_secs(3);
/// The same once the user interrupts again.
const HASTE: Duration = Duration::from_millis(200);

/// Runs `work` to its end; it sees to interruptions itself.
pub(crate) fn run<T>(
    work: impl AsyncFnOnce(&mut Interruption) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // One thread is enough: a transfer is one stream of work, and archives are checked elsewhere.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local("the runtime could not be started", &error))?;
    let (ended, grace) = runtime.block_on(async {
        let mut interruption = match Interruption::listen() {
            Ok(interruption) => interruption,
            Err(error) => {
                return (Err(Failure::local("signals cannot be received", &error)), GRACE);
            }
        };
        let ended = work(&mut interruption).await;
        (ended, if interruption.is_urgent() { HASTE } else { GRACE })
    });
    runtime.shutdown_timeout(grace);
    ended
}

/// Ctrl+C and, on Unix, SIGTERM; on Linux also the end of the terminal. None is missed while work
/// runs.
#[derive(Debug)]
pub(crate) struct Interruption {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// `None` where the process is to outlive its terminal, and where that cannot be known.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    /// How many have come.
    count: u32,
}

impl Interruption {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // A file that grows beyond what the user may write fails as one on a full disk does; without
        // a handler the process would be killed.
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
        let hangup = if minds_hangup() { Some(signal(SignalKind::hangup())?) } else { None };
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)?, hangup, count: 0 })
    }

    #[cfg(windows)]
    fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()?, count: 0 })
    }

    /// Whether the user has interrupted.
    pub(crate) fn has_come(&self) -> bool {
        self.count > 0
    }

    /// Whether the user has interrupted more than once, and waits for nothing any more.
    pub(crate) fn is_urgent(&self) -> bool {
        self.count > 1
    }

    /// Waits for the next one.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = async {
                match &mut self.hangup {
                    Some(hangup) => _ = hangup.recv().await,
                    None => std::future::pending().await,
                }
            } => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
        self.count += 1;
    }

    /// Does `work`, or drops it as soon as the user interrupts.
    ///
    /// That takes effect only where `work` waits; what blocks goes to a thread of its own.
    pub(crate) async fn or_drop<T, E: Into<Failure>>(
        &mut self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        if self.has_come() {
            return Err(Failure::interrupted());
        }
        tokio::select! {
            biased;
            ended = work => ended.map_err(Into::into),
            () = self.wait() => Err(Failure::interrupted()),
        }
    }

    /// Does `work`; when the user interrupts, asks it to `stop` and goes on with it until it has.
    ///
    /// # Errors
    /// What is left of `work` if it has not ended after a grace, or the user interrupts again.
    pub(crate) async fn or_stop<W: Future>(
        &mut self,
        work: W,
        stop: impl FnOnce(),
    ) -> Result<W::Output, Pin<Box<W>>> {
        let mut work = Box::pin(work);
        tokio::select! {
            biased;
            ended = &mut work => return Ok(ended),
            () = self.wait() => stop(),
        }
        tokio::select! {
            biased;
            ended = &mut work => Ok(ended),
            () = self.wait() => Err(work),
            () = tokio::time::sleep(GRACE) => Err(work),
        }
    }

    /// Does what is left to do at the end, for `limit` at most and not for a user in a hurry.
    pub(crate) async fn finish(&mut self, work: impl Future<Output = ()>, limit: Duration) {
        if self.is_urgent() {
            return;
        }
        tokio::select! {
            biased;
            () = work => {}
            () = self.wait() => {}
            () = tokio::time::sleep(limit) => {}
        }
    }
}

/// Whether the end of the terminal is to end the process, unlike below `nohup`; a handler would make
/// it so.
#[cfg(unix)]
fn minds_hangup() -> bool {
    /// SIGHUP is the first signal.
    const HANGUP: u64 = 1;
    // Only Linux says what is ignored without a call that is unsafe. Elsewhere the signal does what
    // it does to any process.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & HANGUP == 0)
}
