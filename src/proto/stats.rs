//! Counts of what came and what was ignored.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// A snapshot of what a connection has seen, taken with [`Counters::snapshot`].
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)+
        }

        /// The counters behind [`Stats`], shared by the connection and its transfers.
        #[derive(Debug, Default)]
        pub struct Counters {
            $(pub(crate) $name: AtomicU64,)+
        }

        impl Counters {
            /// The counts as they stand now. Each is exact; together they are no single moment.
            pub fn snapshot(&self) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Messages received, of any kind but ping, pong and close.
    messages,
    /// Bytes of those messages, as text or binary, without WebSocket headers.
    message_bytes,
    /// Requests sent.
    requests,
    /// Chunks taken into a payload, each once.
    chunks,
    /// Decoded bytes of those chunks.
    chunk_bytes,
    /// Chunks that came again with the same bytes and were dropped.
    repeated_chunks,
    /// Chunks that came again so late that they could not be compared, and were dropped.
    unchecked_repeats,
    /// Chunks that came ahead of a gap and had to wait.
    parked_chunks,
    /// Messages for an id that nobody waits for: unknown, dropped, or already ended.
    unknown_ids,
    /// Messages of a type this version does not know.
    unknown_types,
    /// Text messages that are no JSON object with an id.
    unreadable,
    /// Binary messages, which nobody agreed on.
    unexpected_binary,
    /// Messages that were read only after raw control characters had been mended.
    repaired,
    /// Times a request was sent again because the server was busy.
    busy_retries,
    /// Answers to controls, which nobody waits for.
    control_answers,
    /// Progress frames dropped because their transfer was not read.
    dropped_progress,
    /// Warnings, and frames of no known type, dropped because their transfer was not read.
    dropped_warnings,
    /// Times the connection was opened again.
    reconnects,
    /// Times an operation was gone on with on another connection.
    resumes,
    /// Requests that wait for frames now; the one figure that goes down again.
    pending,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    add(counter, 1);
}

/// Adds `n`.
pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
