//! What to do when a server is overloaded.

use std::time::Duration;

use crate::proto::ServerError;

/// How often a request is sent again to a busy server.
const MOST_TRIES: u32 = 5;
/// How long it is waited for a busy server in all.
const MOST_WAIT: Duration = Duration::from_secs(15);
/// The shortest pause, whatever the server asks for.
const LEAST_PAUSE: Duration = Duration::from_millis(20);
/// The first pause where the server names none.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The budget of one request for being told that the server is busy.
#[derive(Debug, Default)]
pub(crate) struct BusyBudget {
    tries: u32,
    waited: Duration,
}

impl BusyBudget {
    /// How long to wait before the request is sent again, or `None` if the budget is spent.
    ///
    /// `jitter` is a random number from 0 to 1. The pause is what the server asks for or twice
    /// the last one, and up to a half more, so that clients do not come back together.
    pub(crate) fn pause(&mut self, error: &ServerError, jitter: f64) -> Option<Duration> {
        let grown = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.tries));
        let asked = error.retry_after.unwrap_or(grown).max(LEAST_PAUSE);
        let left = MOST_WAIT.saturating_sub(self.waited);
        if self.tries >= MOST_TRIES || asked > left {
            return None;
        }
        let pause = asked.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0).min(left);
        self.tries = self.tries.saturating_add(1);
        self.waited = self.waited.saturating_add(pause);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Frame;
    use crate::proto::frame::Body;
    use crate::proto::frame::write::FrameWriter;
    use crate::proto::request::Mode;

    fn busy(retry_after: Option<Duration>) -> ServerError {
        let text = FrameWriter::new("a").error("BUSY", "", retry_after);
        let mut mended = String::new();
        match Frame::read(&text, Mode::Stream, &mut mended).unwrap().body {
            Ok(Body::Error(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_server_s_pause_is_kept_and_jitter_only_adds() {
        let asked = Duration::from_millis(100);
        let mut budget = BusyBudget::default();
        assert_eq!(budget.pause(&busy(Some(asked)), 0.0), Some(asked));
        assert_eq!(budget.pause(&busy(Some(asked)), 1.0), Some(asked * 3 / 2));
    }

    #[test]
    fn tries_and_time_are_bounded() {
        let mut budget = BusyBudget::default();
        let error = busy(Some(Duration::ZERO));
        assert_eq!((0..10).filter(|_| budget.pause(&error, 0.5).is_some()).count(), 5);
        let mut budget = BusyBudget::default();
        let long = busy(Some(Duration::from_secs(9)));
        assert!(budget.pause(&long, 0.0).is_some() && budget.pause(&long, 0.0).is_none());
        assert_eq!(BusyBudget::default().pause(&busy(Some(Duration::from_secs(60))), 0.0), None);
    }

    #[test]
    fn pauses_grow_where_the_server_names_none() {
        let mut budget = BusyBudget::default();
        let pauses: Vec<_> = std::iter::from_fn(|| budget.pause(&busy(None), 0.0)).collect();
        assert_eq!(pauses.len(), 5);
        assert!(pauses.windows(2).all(|pair| pair[1] == pair[0] * 2));
    }
}
