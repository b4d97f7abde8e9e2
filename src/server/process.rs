//! The work process behind a session: it serializes one object after the other, and it can die.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// How much of a delay that took too long the next ones make up for.
const MAX_OVERSHOOT: Duration = Duration::from_millis(50);

/// How long objects take to serialize, beside what they take anyway.
#[derive(Clone, Debug, Default)]
pub(super) struct Costs {
    pub(super) others: Duration,
    /// By type, in upper case.
    pub(super) by_kind: BTreeMap<String, Duration>,
}

impl Costs {
    pub(super) fn of(&self, kind: &str) -> Duration {
        self.by_kind.get(kind).copied().unwrap_or(self.others)
    }
}

/// The work process of one connection, shared by all its requests.
#[derive(Clone, Debug)]
pub(super) struct WorkProcess(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Held by whoever works. How much longer than wanted the delays so far took: timers are late by
    /// up to a millisecond, which would be a tenth of a short delay.
    overshoot: Mutex<Duration>,
    is_dead: watch::Sender<bool>,
}

impl WorkProcess {
    pub(super) fn new() -> Self {
        let (is_dead, _) = watch::channel(false);
        Self(Arc::new(Inner { overshoot: Mutex::default(), is_dead }))
    }

    /// Works for so long, once nobody else does.
    pub(super) async fn work(&self, cost: Duration) {
        if cost.is_zero() {
            return;
        }
        let mut overshoot = self.0.overshoot.lock().await;
        let left = cost.saturating_sub(*overshoot);
        *overshoot = overshoot.saturating_sub(cost);
        if left.is_zero() {
            return;
        }
        let Some(due) = Instant::now().checked_add(left) else {
            return std::future::pending().await;
        };
        sleep_until(due).await;
        *overshoot = Instant::now().saturating_duration_since(due).min(MAX_OVERSHOOT);
    }

    /// Ends the connection without another frame.
    pub(super) fn die(&self) {
        self.0.is_dead.send_replace(true);
    }

    pub(super) fn is_dead(&self) -> bool {
        *self.0.is_dead.borrow()
    }

    /// Resolves once the process has died.
    pub(super) async fn died(&self) {
        let mut is_dead = self.0.is_dead.subscribe();
        // The sender is in the hand that waits.
        let _ = is_dead.wait_for(|is_dead| *is_dead).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Duration = Duration::from_millis(20);

    #[tokio::test(start_paused = true)]
    async fn requests_of_a_process_wait_for_each_other_and_those_of_others_do_not() {
        let start = Instant::now();
        let (one, other) = (WorkProcess::new(), WorkProcess::new());
        let many = |process: WorkProcess| async move {
            for _ in 0..100 {
                process.work(COST).await;
            }
        };
        tokio::join!(many(one.clone()), many(one), many(other));
        let taken = start.elapsed();
        assert!((COST * 200..COST * 202).contains(&taken), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_timer_is_late_does_not_add_up() {
        let process = WorkProcess::new();
        let start = Instant::now();
        for _ in 0..1_000 {
            process.work(Duration::from_micros(1_500)).await;
        }
        let taken = start.elapsed();
        assert!((1_495..1_505).contains(&taken.as_millis()), "{taken:?}");
    }

    #[test]
    fn a_type_may_have_a_cost_of_its_own() {
        let by_kind = [("CLAS".to_owned(), COST * 3)].into();
        let costs = Costs { others: COST, by_kind };
        assert_eq!((costs.of("CLAS"), costs.of("PROG")), (COST * 3, COST));
    }
}
