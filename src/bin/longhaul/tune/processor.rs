//! How much of a processor this process has used.

use std::time::Duration;

/// The processor time of the process so far, all threads together; `None` where it is not told.
#[cfg(unix)]
pub(super) fn time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).ok()
}

/// The processor time of the process so far, all threads together; `None` where it is not told.
#[cfg(not(unix))]
pub(super) fn time() -> Option<Duration> {
    None
}
