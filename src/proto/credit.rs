//! How far the server may send ahead of the consumer.

use std::time::Instant;

use super::limits::GRANT_REPEAT;

/// The client's account of one request with `credit`: what was granted, and what is due.
///
/// A grant is absolute, the last `seq` that may come, so one that is sent twice does no harm. More
/// is granted once half a window has been taken, which leaves the server the other half to go on
/// with. *Source*: PROTOCOL 6.3.
///
/// ```
/// use std::time::Instant;
/// use longhaul::proto::Credit;
/// let (mut credit, now) = (Credit::new(4, 0), Instant::now());
/// assert_eq!(credit.granted(), 4);
/// credit.handle_taken(1);
/// assert_eq!(credit.poll_grant(now), None, "one chunk is not worth a message");
/// credit.handle_taken(2);
/// assert_eq!(credit.poll_grant(now), Some(6));
/// ```
#[derive(Clone, Debug)]
pub struct Credit {
    window: u64,
    /// The last chunk that may come.
    granted: u64,
    /// The last chunk that the consumer has taken, with all before it.
    taken: u64,
    /// When the last grant is repeated; `None` while only the request itself has granted anything.
    repeat_at: Option<Instant>,
}

impl Credit {
    /// An account of which `taken` chunks are settled and the request grants `window` more, at
    /// least 1.
    pub fn new(window: u64, taken: u64) -> Self {
        let window = window.max(1);
        Self { window, granted: taken.saturating_add(window), taken, repeat_at: None }
    }

    /// The last `seq` that may come.
    pub fn granted(&self) -> u64 {
        self.granted
    }

    /// The consumer has taken every chunk up to number `chunks`.
    pub fn handle_taken(&mut self, chunks: u64) {
        self.taken = self.taken.max(chunks);
    }

    /// Something came, so the last grant has arrived.
    pub fn handle_chunk(&mut self, now: Instant) {
        if self.repeat_at.is_some() {
            self.repeat_at = now.checked_add(GRANT_REPEAT);
        }
    }

    /// The grant to send now: a new one, or the last one again if nothing has come of it.
    pub fn poll_grant(&mut self, now: Instant) -> Option<u64> {
        let due = self.taken.saturating_add(self.window);
        let worthwhile = (self.window / 2).max(1);
        let is_new = due.saturating_sub(self.granted) >= worthwhile;
        if !is_new && self.repeat_at.is_none_or(|at| at > now) {
            return None;
        }
        if is_new {
            self.granted = due;
        }
        self.repeat_at = now.checked_add(GRANT_REPEAT);
        Some(self.granted)
    }

    /// When [`poll_grant`](Self::poll_grant) has something to repeat.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.repeat_at
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_window_of_one_grants_each_chunk() {
        let (mut credit, now) = (Credit::new(1, 0), Instant::now());
        for seq in 1..10 {
            assert_eq!(credit.granted(), seq);
            credit.handle_taken(seq);
            assert_eq!(credit.poll_grant(now), Some(seq + 1));
            assert_eq!(credit.poll_grant(now), None);
        }
    }

    #[test]
    fn a_grant_is_repeated_while_nothing_comes() {
        let (mut credit, start) = (Credit::new(2, 0), Instant::now());
        assert_eq!(credit.poll_grant(start + GRANT_REPEAT * 2), None, "the request has granted it");
        credit.handle_taken(1);
        assert_eq!(credit.poll_grant(start), Some(3));
        let due = credit.next_timeout().unwrap();
        let just_before = due.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!(credit.poll_grant(just_before), None);
        credit.handle_chunk(due);
        assert_eq!(credit.poll_grant(due), None);
        assert_eq!(credit.poll_grant(due + GRANT_REPEAT), Some(3));
        assert_eq!(credit.poll_grant(due + GRANT_REPEAT), None);
    }

    #[test]
    fn a_resumed_request_goes_on_from_what_was_taken() {
        let credit = Credit::new(8, 100);
        assert_eq!(credit.granted(), 108);
        let mut last = Credit::new(u64::MAX, u64::MAX - 1);
        last.handle_taken(u64::MAX);
        assert_eq!(last.poll_grant(Instant::now()), None);
    }
}
