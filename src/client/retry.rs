//! How often and how soon something is tried again.

use std::time::{Duration, Instant};

/// How a client tries again when its connection breaks, or the server is busy.
///
/// The pauses are random, between nothing and a bound that doubles from 250 ms to 5 s, so that
/// clients that were cut off together do not come back together. Where a busy server says how long
/// to wait, the pause is that and up to a half more.
///
/// ```
/// use std::time::Duration;
/// use longhaul::{Client, Retries};
/// let patient = Retries::default().tries(20).within(Duration::from_secs(120));
/// let builder = Client::builder("http://127.0.0.1:8000").retries(patient);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    tries: u32,
    within: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { tries: 5, within: Duration::from_secs(15) }
    }
}

impl Retries {
    /// Nothing is ever tried again.
    pub fn never() -> Self {
        Self { tries: 0, within: Duration::ZERO }
    }

    /// How often a request tries again without having received a new byte. Default 5; with 1 or more
    /// it may also start over once beyond them, where the server is back and knows it no more.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// How long a request tries again for, in all, without having received a new byte. Default
    /// 15 s. Time with a connection does not count: a server may compute in silence.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }
}

impl Retries {
    /// How often it is tried again.
    pub(crate) fn most_tries(&self) -> u32 {
        self.tries
    }
}

/// The shortest pause, whatever the server asks for.
const LEAST_PAUSE: Duration = Duration::from_millis(20);
/// The bound of the first pause where the server names none.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The bound of all pauses where the server names none.
const MOST_PAUSE: Duration = Duration::from_secs(5);

/// What one request has left of its retries.
#[derive(Clone, Debug)]
pub(crate) struct RetryBudget {
    retries: Retries,
    tries: u32,
    /// How long there was no connection, up to the last one.
    spent: Duration,
    /// When the connection was lost that there is no other for yet.
    since: Option<Instant>,
    /// Whether it has started over beyond its tries.
    has_started_over: bool,
}

impl RetryBudget {
    pub(crate) fn new(retries: Retries) -> Self {
        let (tries, spent, since) = (0, Duration::ZERO, None);
        Self { retries, tries, spent, since, has_started_over: false }
    }

    /// How long to wait before the next try, or `None` if the budget is spent.
    ///
    /// `asked` is the pause that the server asks for, `jitter` a random number from 0 to 1.
    pub(crate) fn pause(
        &mut self,
        asked: Option<Duration>,
        now: Instant,
        jitter: f64,
    ) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let spent = self.spent.saturating_add(now.saturating_duration_since(since));
        let left = self.retries.within.saturating_sub(spent);
        let jitter = jitter.clamp(0.0, 1.0);
        let pause = match asked.map(|asked| asked.max(LEAST_PAUSE)) {
            Some(asked) if asked > left => return None,
            Some(asked) => asked.mul_f64(1.0 + jitter / 2.0).min(left),
            None => backoff(self.tries, jitter),
        };
        if self.tries >= self.retries.tries || pause > left {
            return None;
        }
        self.tries = self.tries.saturating_add(1);
        Some(pause)
    }

    /// There is a connection; as long as it stands, the server may compute in silence.
    pub(crate) fn handle_connected(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.spent = self.spent.saturating_add(now.saturating_duration_since(since));
        }
    }

    /// A new byte has come, so that all retries are there again.
    pub(crate) fn refill(&mut self) {
        *self = Self::new(self.retries.clone());
    }

    /// Whether it may start over though its tries are spent: once, since a server that was away until
    /// the last of them is there again, and knows nothing any more.
    pub(crate) fn start_over_once_more(&mut self) -> bool {
        self.retries.tries > 0 && !std::mem::replace(&mut self.has_started_over, true)
    }
}

/// How long to wait after so many tries, where nobody says: random up to a bound that doubles.
pub(crate) fn backoff(tries: u32, jitter: f64) -> Duration {
    let grown = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries));
    grown.min(MOST_PAUSE).mul_f64(jitter.clamp(0.0, 1.0)).max(LEAST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> RetryBudget {
        RetryBudget::new(Retries::default())
    }

    #[test]
    fn the_server_s_pause_is_kept_and_jitter_only_adds() {
        let asked = Duration::from_millis(100);
        let (mut budget, now) = (budget(), Instant::now());
        assert_eq!(budget.pause(Some(asked), now, 0.0), Some(asked));
        assert_eq!(budget.pause(Some(asked), now, 1.0), Some(asked * 3 / 2));
    }

    #[test]
    fn tries_and_time_are_bounded() {
        let now = Instant::now();
        let mut often = budget();
        assert_eq!((0..10).filter(|_| often.pause(None, now, 0.5).is_some()).count(), 5);
        let mut long = budget();
        let asked = Some(Duration::from_secs(9));
        assert!(long.pause(asked, now, 0.0).is_some());
        assert_eq!(long.pause(asked, now + Duration::from_secs(9), 0.0), None);
        assert_eq!(budget().pause(Some(Duration::from_mins(1)), now, 0.0), None);
        assert_eq!(RetryBudget::new(Retries::never()).pause(None, now, 0.0), None);
    }

    #[test]
    fn pauses_grow_where_the_server_names_none() {
        let (mut budget, now) = (budget(), Instant::now());
        let pauses: Vec<_> = (0..5).map(|_| budget.pause(None, now, 1.0).unwrap()).collect();
        assert!(pauses.windows(2).all(|pair| pair[1] == pair[0] * 2), "{pauses:?}");
    }

    #[test]
    fn time_with_a_connection_does_not_count() {
        let (mut budget, start) = (budget(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(budget.pause(None, start, 0.0).is_some());
        budget.handle_connected(at(10));
        assert!(budget.pause(None, at(600), 0.0).is_some(), "10 s are spent");
        assert_eq!(budget.pause(None, at(606), 0.0), None, "16 s are spent");
    }

    #[test]
    fn who_has_no_try_left_starts_over_once() {
        let mut budget = budget();
        assert!(budget.start_over_once_more() && !budget.start_over_once_more());
        budget.refill();
        assert!(budget.start_over_once_more());
        assert!(!RetryBudget::new(Retries::never()).start_over_once_more());
    }

    #[test]
    fn a_new_byte_gives_all_retries_back() {
        let (mut budget, now) = (budget(), Instant::now());
        while budget.pause(None, now, 0.0).is_some() {}
        budget.refill();
        assert!(budget.pause(None, now + Duration::from_mins(1), 0.0).is_some());
    }
}
