//! Which chunk size to ask for, by what was seen of the line.

use std::time::{Duration, Instant};

use super::limits::{CHUNK_BYTES, MAX_PARKED_BYTES};

/// Sizes worth telling apart, in decoded bytes, the least and the largest that is chosen included.
const STEPS: [u64; 11] = [
    64 << 10,
    128 << 10,
    256 << 10,
    512 << 10,
    768 << 10,
    1 << 20,
    1536 << 10,
    2 << 20,
    3 << 20,
    4 << 20,
    5 << 20,
];
/// How many times what comes within a round trip is to be under way: a grant is sent only when half
/// a window was taken, so twice is the least, and what a window has held back looks like a slow line.
const MARGIN: u64 = 3;
/// How long one chunk may take: progress, cancel and resume go by chunks.
const LONGEST_CHUNK: Duration = Duration::from_secs(1);
/// A first frame up to this size, in bytes of text, takes no time of its own worth counting.
const SMALL_FRAME_BYTES: usize = 16 << 10;

/// How large the chunks are that a request asks for, in decoded bytes.
///
/// Either is an upper bound: servers may send smaller chunks, and some send larger ones all the
/// same. An operation that is resumed keeps the size it was started with. *Source*: PROTOCOL 6.4.
///
/// ```
/// use std::time::Duration;
/// use longhaul::proto::chunk_size::{ChunkSize, LineSeen};
/// use longhaul::proto::limits::CHUNK_BYTES;
///
/// let mut line = LineSeen::default();
/// assert_eq!(ChunkSize::Auto.bytes(&line, Some(8), u64::MAX), CHUNK_BYTES);
/// line.note_round_trip(Duration::from_millis(150));
/// line.note_rate(90_000_000, Duration::from_secs(1));
/// assert_eq!(ChunkSize::Auto.bytes(&line, Some(8), u64::MAX), 4 << 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkSize {
    /// So many decoded bytes; 0 counts as 1.
    Fixed(u64),
    /// What suits the connection, by what was seen of it so far; [`CHUNK_BYTES`] at first.
    ///
    /// - Where the server offers `credit`, a window of chunks covers three times what comes within a
    ///   round trip, or a long line would stand still while grants travel.
    /// - A window of chunks stays within 32 MiB.
    /// - One chunk takes a second at most, unless it has 64 KiB.
    /// - Else it is [`CHUNK_BYTES`]: smaller ones gain nothing on a fast line.
    ///
    /// The sizes are a few between 64 KiB and 5 MiB, and never more than the server's `maxChunk`.
    Auto,
}

impl Default for ChunkSize {
    fn default() -> Self {
        Self::Fixed(CHUNK_BYTES)
    }
}

impl ChunkSize {
    /// The size to ask for next, in decoded bytes.
    ///
    /// `window` is how many chunks may be under way; `None` where the server sends as it likes.
    /// `most` is the largest chunk that the server sends; [`Fixed`](Self::Fixed) keeps to it too.
    pub fn bytes(self, seen: &LineSeen, window: Option<u64>, most: u64) -> u64 {
        let wanted = match self {
            Self::Fixed(bytes) => bytes,
            Self::Auto => seen.chunk_bytes(window),
        };
        wanted.min(most).max(1)
    }
}

/// What was seen of a connection: how long a message takes there and back, and how much comes in a
/// second.
///
/// It has no clock; whoever measures says how long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineSeen {
    round_trip: Option<Duration>,
    /// Decoded bytes a second.
    rate: Option<u64>,
}

impl LineSeen {
    /// A request had its first frame so long after it was sent.
    ///
    /// Servers work before they say anything, so that is a round trip or more: the least that was
    /// seen counts.
    pub fn note_round_trip(&mut self, took: Duration) {
        self.round_trip = Some(self.round_trip.map_or(took, |least| least.min(took)));
    }

    /// So many decoded bytes came within that time, one after the other.
    ///
    /// What came within less than a round trip came in one burst, and is not counted. The last
    /// measurements weigh most: each new one counts as much as all before it.
    pub fn note_rate(&mut self, bytes: u64, took: Duration) {
        if took.is_zero() || self.round_trip.is_some_and(|round_trip| took < round_trip) {
            return;
        }
        let nanos = u128::from(bytes).saturating_mul(1_000_000_000);
        let rate = nanos.checked_div(took.as_nanos()).unwrap_or(0);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        self.rate = Some(self.rate.map_or(rate, |before| before.midpoint(rate)));
    }

    /// Takes what one request told.
    pub fn note(&mut self, timing: &RequestTiming) {
        if let Some(took) = timing.first_frame {
            self.note_round_trip(took);
        }
        if let Some((bytes, took)) = timing.after_first_bytes() {
            self.note_rate(bytes, took);
        }
    }

    /// The least time from a request to its first frame.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// How much came in a second, in decoded bytes.
    pub fn rate(&self) -> Option<u64> {
        self.rate
    }

    fn chunk_bytes(&self, window: Option<u64>) -> u64 {
        let Some(rate) = self.rate else { return CHUNK_BYTES };
        let window = window.map(|chunks| chunks.max(1));
        let needed = window.zip(self.round_trip).and_then(|(window, round_trip)| {
            within(rate, round_trip).saturating_mul(MARGIN).checked_div(window)
        });
        let needed = needed.unwrap_or(0).max(CHUNK_BYTES);
        let budget = u64::try_from(MAX_PARKED_BYTES).unwrap_or(u64::MAX);
        let fitting = window.and_then(|window| budget.checked_div(window)).unwrap_or(budget);
        let most = fitting.min(within(rate, LONGEST_CHUNK));
        let enough = STEPS.into_iter().find(|step| *step >= needed);
        let largest = STEPS.into_iter().rev().find(|step| *step <= most);
        let [least, .., all] = STEPS;
        enough.unwrap_or(all).min(largest.unwrap_or(least))
    }
}

/// How much comes within a time at a rate.
fn within(rate: u64, time: Duration) -> u64 {
    let bytes = u128::from(rate).saturating_mul(time.as_nanos()) / 1_000_000_000;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// When what came for one request: what it tells of its line.
#[derive(Clone, Copy, Debug)]
pub struct RequestTiming {
    sent: Instant,
    /// How long the first frame took, if it was small.
    first_frame: Option<Duration>,
    has_frame: bool,
    /// When bytes of the payload were there first, and how many.
    first_bytes: Option<(Instant, u64)>,
    last_bytes: Option<(Instant, u64)>,
    /// Bytes that were there before it.
    before: u64,
}

impl RequestTiming {
    /// A request that is sent now, or a little later, and goes on behind the first `before` bytes
    /// of its payload.
    pub fn new(sent: Instant, before: u64) -> Self {
        let (first_frame, first_bytes, last_bytes) = (None, None, None);
        Self { sent, first_frame, has_frame: false, first_bytes, last_bytes, before }
    }

    /// A message of so many bytes of text came, and so many bytes of the payload are there now.
    pub fn handle_message(&mut self, text_bytes: usize, payload_bytes: u64, now: Instant) {
        if !std::mem::replace(&mut self.has_frame, true) && text_bytes <= SMALL_FRAME_BYTES {
            self.first_frame = Some(now.saturating_duration_since(self.sent));
        }
        let there = self.last_bytes.map_or(self.before, |(_, bytes)| bytes);
        if payload_bytes > there {
            self.last_bytes = Some((now, payload_bytes));
            self.first_bytes = self.first_bytes.or(self.last_bytes);
        }
    }

    /// What came after the first bytes, and how long it took. Those themselves may have waited for
    /// the server's work.
    fn after_first_bytes(&self) -> Option<(u64, Duration)> {
        let ((first, before), (last, bytes)) = self.first_bytes.zip(self.last_bytes)?;
        let came = bytes.checked_sub(before).filter(|came| *came > 0)?;
        Some((came, last.saturating_duration_since(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const KIB: u64 = 1 << 10;

    /// Decoded bytes a second of a line with so many Mbit/s: base64 takes a quarter.
    fn line(mbit: u64, round_trip: Duration) -> LineSeen {
        let mut seen = LineSeen::default();
        seen.note_round_trip(round_trip);
        seen.note_rate(mbit * 1_000_000 / 8 * 3 / 4, Duration::from_secs(1));
        seen
    }

    #[test]
    fn lines_have_the_size_that_fills_them() {
        // Mbit/s, round trip in tenths of a millisecond, KiB with a window of 8, and of 32.
        let table = [
            (10, 1, 768, 768),
            (10, 100, 768, 768),
            (10, 500, 768, 768),
            (10, 1500, 768, 768),
            (100, 1, 768, 768),
            (100, 100, 768, 768),
            (100, 500, 768, 768),
            (100, 1500, 768, 768),
            (1000, 1, 768, 768),
            (1000, 100, 768, 768),
            (1000, 500, 2048, 768),
            (1000, 1500, 4096, 1024),
            // Loopback, and lines slower than any of them.
            (8000, 1, 768, 768),
            (8000, 100, 3072, 768),
            (5, 100, 256, 256),
            (2, 100, 128, 128),
            (1, 1500, 64, 64),
        ];
        for (mbit, tenths, with_8, with_32) in table {
            let seen = line(mbit, MS / 10 * tenths);
            for (window, kib) in [(8, with_8), (32, with_32)] {
                let bytes = ChunkSize::Auto.bytes(&seen, Some(window), u64::MAX);
                assert_eq!(bytes, kib * KIB, "{mbit} Mbit/s, {tenths}/10 ms, window {window}");
            }
        }
    }

    #[test]
    fn a_window_of_them_stays_within_the_budget() {
        let seen = line(100_000, 500 * MS);
        for window in [1, 6, 7, 8, 16, 32, 100, 512, 1_000_000, 0] {
            let bytes = ChunkSize::Auto.bytes(&seen, Some(window), u64::MAX);
            assert!((64 * KIB..=5 << 20).contains(&bytes), "{window}: {bytes}");
            assert!(bytes == 64 * KIB || bytes * window <= MAX_PARKED_BYTES as u64, "{window}");
        }
        assert_eq!(ChunkSize::Auto.bytes(&seen, Some(1), u64::MAX), 5 << 20);
    }

    #[test]
    fn a_server_without_credit_needs_no_more_than_the_default() {
        assert_eq!(ChunkSize::Auto.bytes(&line(1000, 150 * MS), None, u64::MAX), CHUNK_BYTES);
        assert_eq!(ChunkSize::Auto.bytes(&line(2, 150 * MS), None, u64::MAX), 128 * KIB);
    }

    #[test]
    fn nothing_seen_is_the_default_and_limits_are_kept_to() {
        let mut seen = LineSeen::default();
        assert_eq!(ChunkSize::Auto.bytes(&seen, Some(8), u64::MAX), CHUNK_BYTES);
        assert_eq!(ChunkSize::Auto.bytes(&seen, Some(8), 5), 5);
        assert_eq!(ChunkSize::Fixed(7).bytes(&seen, Some(8), u64::MAX), 7);
        assert_eq!(ChunkSize::Fixed(7).bytes(&seen, None, 5), 5);
        assert_eq!(ChunkSize::Fixed(0).bytes(&seen, None, 0), 1);
        // Half of it says nothing.
        seen.note_round_trip(150 * MS);
        assert_eq!(ChunkSize::Auto.bytes(&seen, Some(8), u64::MAX), CHUNK_BYTES);
    }

    #[test]
    fn the_least_round_trip_counts_and_the_latest_rate_weighs_most() {
        let mut seen = LineSeen::default();
        for ms in [900, 20, 300] {
            seen.note_round_trip(ms * MS);
        }
        assert_eq!(seen.round_trip(), Some(20 * MS));
        for bytes in [100, 200, 400] {
            seen.note_rate(bytes, Duration::from_secs(1));
        }
        assert_eq!(seen.rate(), Some(275));
        // A burst is no rate.
        seen.note_rate(1 << 30, 19 * MS);
        seen.note_rate(1 << 30, Duration::ZERO);
        assert_eq!(seen.rate(), Some(275));
    }

    #[test]
    fn a_request_tells_of_its_line_but_not_of_the_work() {
        let begun = Instant::now();
        let mut timing = RequestTiming::new(begun, 0);
        timing.handle_message(100, 0, begun + 30 * MS);
        // It works for a minute.
        let first = begun + 60_000 * MS;
        timing.handle_message(140, 100, first);
        timing.handle_message(140, 200, first + 50 * MS);
        timing.handle_message(140, 300, first + 100 * MS);
        timing.handle_message(70, 300, first + 5_000 * MS);
        let mut seen = LineSeen::default();
        seen.note(&timing);
        assert_eq!((seen.round_trip(), seen.rate()), (Some(30 * MS), Some(2000)));
    }

    #[test]
    fn what_was_there_before_is_not_what_came() {
        let begun = Instant::now();
        let mut timing = RequestTiming::new(begun, 1 << 20);
        timing.handle_message(100, 1 << 20, begun + 30 * MS);
        // It works for a minute before it goes on.
        let first = begun + 60_000 * MS;
        timing.handle_message(140, (1 << 20) + 100, first);
        timing.handle_message(140, (1 << 20) + 300, first + 100 * MS);
        let mut seen = LineSeen::default();
        seen.note(&timing);
        assert_eq!((seen.round_trip(), seen.rate()), (Some(30 * MS), Some(2000)));
    }

    #[test]
    fn one_chunk_alone_tells_nothing() {
        let begun = Instant::now();
        let mut timing = RequestTiming::new(begun, 0);
        timing.handle_message(1 << 20, 786_432, begun + 900 * MS);
        timing.handle_message(70, 786_432, begun + 901 * MS);
        let mut seen = LineSeen::default();
        seen.note(&timing);
        assert_eq!(seen, LineSeen::default());
    }
}
