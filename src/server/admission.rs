//! Whether a heavy request may start now, or is told to come back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The span that the limit per minute slides over.
const WINDOW: Duration = Duration::from_mins(1);
/// What a client is told to wait for a place, since nobody knows when one is free.
pub(super) const PLACE_RETRY: Duration = Duration::from_secs(1);

/// Counts heavy requests over all connections of a server.
#[derive(Debug)]
pub(super) struct Admission {
    places: Option<Arc<Semaphore>>,
    per_minute: Option<usize>,
    /// When the requests of the last minute were admitted, oldest first; never longer than
    /// `per_minute`.
    recent: Mutex<VecDeque<Instant>>,
    scripted_refusals: AtomicU32,
    scripted_retry: Duration,
}

/// A heavy request's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

/// There is no place now; asking again makes sense after `retry_after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy {
    pub(super) retry_after: Duration,
}

impl Admission {
    /// `scripted` are the refusals that come first, whatever the load is.
    pub(super) fn new(
        max_concurrent: Option<usize>,
        per_minute: Option<usize>,
        scripted: (u32, Duration),
    ) -> Self {
        let places =
            max_concurrent.map(|n| Arc::new(Semaphore::new(n.min(Semaphore::MAX_PERMITS))));
        Self {
            places,
            per_minute,
            recent: Mutex::default(),
            scripted_refusals: AtomicU32::new(scripted.0),
            scripted_retry: scripted.1,
        }
    }

    /// Takes a place, if there is one at `now`.
    pub(super) fn admit(&self, now: Instant) -> Result<Place, Busy> {
        let one_less = |left: u32| left.checked_sub(1);
        let refusals = &self.scripted_refusals;
        if refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            return Err(Busy { retry_after: self.scripted_retry });
        }
        let permit = match &self.places {
            None => None,
            Some(places) => match Arc::clone(places).try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => return Err(Busy { retry_after: PLACE_RETRY }),
            },
        };
        if let Some(most) = self.per_minute {
            self.enter_minute(now, most)?;
        }
        Ok(Place { _permit: permit })
    }

    fn enter_minute(&self, now: Instant, most: usize) -> Result<(), Busy> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |then: &Instant| now.saturating_duration_since(*then);
        while recent.front().is_some_and(|oldest| age(oldest) >= WINDOW) {
            recent.pop_front();
        }
        if recent.len() < most {
            recent.push_back(now);
            return Ok(());
        }
        let passed = recent.front().map(age).unwrap_or_default();
        Err(Busy { retry_after: WINDOW.saturating_sub(passed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: (u32, Duration) = (0, Duration::ZERO);

    #[test]
    fn a_place_is_free_again_once_dropped() {
        let admission = Admission::new(Some(1), None, NONE);
        let now = Instant::now();
        let place = admission.admit(now).unwrap();
        assert_eq!(admission.admit(now).unwrap_err(), Busy { retry_after: PLACE_RETRY });
        drop(place);
        admission.admit(now).unwrap();
    }

    #[test]
    fn the_minute_slides() {
        let admission = Admission::new(None, Some(2), NONE);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        admission.admit(at(0)).unwrap();
        admission.admit(at(30)).unwrap();
        let busy = admission.admit(at(45)).unwrap_err();
        assert_eq!(busy.retry_after, Duration::from_secs(15));
        admission.admit(at(60)).unwrap();
        let busy = admission.admit(at(60)).unwrap_err();
        assert_eq!(busy.retry_after, Duration::from_secs(30));
    }

    #[test]
    fn a_refusal_does_not_count_for_the_minute() {
        let admission = Admission::new(Some(1), Some(2), NONE);
        let now = Instant::now();
        let place = admission.admit(now).unwrap();
        admission.admit(now).unwrap_err();
        drop(place);
        admission.admit(now).unwrap();
    }

    #[test]
    fn scripted_refusals_come_first() {
        let retry = Duration::from_millis(7);
        let admission = Admission::new(None, None, (2, retry));
        let now = Instant::now();
        for _ in 0..2 {
            assert_eq!(admission.admit(now).unwrap_err(), Busy { retry_after: retry });
        }
        admission.admit(now).unwrap();
    }
}
