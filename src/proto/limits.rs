//! How much the client takes from a peer before it says no.

use std::time::Duration;

/// The largest message taken, in bytes of text: 64 MiB.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;
/// The largest payload taken, in decoded bytes: 4 GiB.
pub const MAX_PAYLOAD_BYTES: u64 = 4 << 30;
/// The chunk size asked for, in decoded bytes: what loses little on any usual line and needs little
/// memory (`BENCHMARKS.md`, "Lines").
pub const CHUNK_BYTES: u64 = 786_432;
/// What a server takes as chunk size when it is asked for none: 5 MiB.
pub const SERVER_CHUNK_BYTES: u64 = 5 << 20;
/// How much may wait ahead of a gap, in decoded bytes plus [`CHUNK_OVERHEAD_BYTES`] a chunk.
pub const MAX_PARKED_BYTES: usize = 32 << 20;
/// How many chunks may wait ahead of a gap.
pub const MAX_PARKED_CHUNKS: usize = 65_536;
/// What each parked or queued piece is charged beside its own length, in bytes.
pub const CHUNK_OVERHEAD_BYTES: usize = 256;
/// How many delivered chunks are remembered, so that a repeat can be compared.
pub const REMEMBERED_CHUNKS: usize = 65_536;
/// How many empty chunks may come in a row.
pub const MAX_EMPTY_CHUNKS: u32 = 100;
/// How many warnings are kept for the final report; later ones are only counted and passed on.
pub const MAX_KEPT_WARNINGS: usize = 10_000;
/// How many bytes of text the kept warnings may have together: 1 MiB.
pub const MAX_KEPT_WARNING_BYTES: usize = 1 << 20;
/// How much of a text for people is kept, in bytes: 64 KiB, of a message, a code or an item.
pub const MAX_TEXT_BYTES: usize = 64 << 10;
/// How much longer mending may make a text, in bytes: 1 MiB.
pub const MAX_MENDED_GROWTH: usize = 1 << 20;
/// How many lists and objects may stand inside each other in a value that is read, itself included,
/// is below this. What nobody looks at may be deeper: it is skipped without recursion.
pub const MAX_VALUE_DEPTH: usize = 128;
/// How many values a field of a result may have, those inside others counted: a list of half a million
/// objects has as many. Each takes far more memory than text.
pub const MAX_VALUES: usize = 2 << 20;
/// How many entries of a result's `skipped` are read; later ones are left out.
pub const MAX_SKIPPED: usize = 20_000;
/// How many bytes of text the entries of a result's `skipped` that are read may have together: 2 MiB.
pub const MAX_SKIPPED_BYTES: usize = 2 << 20;
/// The longest name of a retained state (`epoch`), in bytes.
pub const MAX_EPOCH_BYTES: usize = 1024;
/// How many chunks a server may send ahead of the consumer, where it offers `credit`.
pub const WINDOW: u64 = 8;
/// How long nothing may come before the last grant is repeated: 5 s.
pub const GRANT_REPEAT: Duration = Duration::from_secs(5);
/// How long a request may go without progress or a new chunk: 10 minutes.
pub const IDLE_LIMIT: Duration = Duration::from_mins(10);

/// The limits that hold for one request.
///
/// Each is a bound on what a peer can make this side hold or wait for; none is ever taken from a
/// number the peer only declares. *Source*: PROTOCOL 8.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest payload, in decoded bytes, and what an archive may inflate to.
    /// Default [`MAX_PAYLOAD_BYTES`].
    pub max_payload_bytes: u64,
    /// How much may be parked ahead of a gap, in decoded bytes plus
    /// [`CHUNK_OVERHEAD_BYTES`] a chunk. Default [`MAX_PARKED_BYTES`].
    pub max_parked_bytes: usize,
    /// How many chunks may be parked ahead of a gap. Default [`MAX_PARKED_CHUNKS`].
    pub max_parked_chunks: usize,
    /// How many delivered chunks are remembered to compare repeats with; each costs 16 bytes.
    /// Default [`REMEMBERED_CHUNKS`].
    pub remembered_chunks: usize,
    /// How many empty chunks may come in a row. Default [`MAX_EMPTY_CHUNKS`].
    pub max_empty_chunks: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_payload_bytes: MAX_PAYLOAD_BYTES,
            max_parked_bytes: MAX_PARKED_BYTES,
            max_parked_chunks: MAX_PARKED_CHUNKS,
            remembered_chunks: REMEMBERED_CHUNKS,
            max_empty_chunks: MAX_EMPTY_CHUNKS,
        }
    }
}
