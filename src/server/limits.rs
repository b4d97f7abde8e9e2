//! What the server holds its clients and itself to. *Source*: PROTOCOL 8.

use std::time::Duration;

/// The largest request taken, in bytes of text: 4 MiB, some 80,000 objects by name.
///
/// JSON grows when it is read: a list of small numbers to 16 times its text.
pub(super) const MAX_REQUEST_BYTES: usize = 4 << 20;
/// The longest id taken, in bytes; every frame of an answer repeats it.
pub(super) const MAX_ID_BYTES: usize = 256;
/// How much may wait on a connection that takes one request after the other, in bytes of text
/// plus [`REQUEST_OVERHEAD_BYTES`] each. What comes then is not read before there is room.
pub(super) const MAX_QUEUED_BYTES: usize = 8 << 20;
/// What each waiting request is charged beside its own length, in bytes.
pub(super) const REQUEST_OVERHEAD_BYTES: usize = 256;
/// The largest chunk sent, in decoded bytes: 16 MiB, 22 MiB as base64.
pub(super) const MAX_CHUNK_BYTES: u64 = 16 << 20;
/// How many heavy requests run at once on one connection.
pub(super) const MAX_TRANSFERS: usize = 16;
/// The largest payload put into a single answer, in bytes of base64: 128 MiB. Twice what clients
/// take by default, so that a client's own limit can be met.
pub(super) const MAX_ANSWER_BYTES: usize = 128 << 20;
/// The most that is buffered for the socket, in bytes: the largest message and its list of files.
pub(super) const MAX_WRITE_BUFFER_BYTES: usize = 192 << 20;
/// How many files a complete frame lists; more, and it lists none.
pub(super) const MAX_LISTED_FILES: usize = 10_000;
/// How many connections there may be at once; others wait to be accepted.
pub(super) const MAX_CONNECTIONS: usize = 1_024;
/// How long an upgrade request may take to come.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// The most that is read of a request's head before it is known what it is, and of the body of a
/// request over HTTP, in bytes.
pub(super) const MAX_HTTP_BYTES: usize = 64 << 10;
/// How long a connection over HTTP is kept for the next request.
pub(super) const HTTP_IDLE_LIMIT: Duration = Duration::from_mins(1);
/// How many sessions over HTTP are known; beyond that the oldest are forgotten.
pub(super) const MAX_HTTP_SESSIONS: usize = 1_024;
/// How long one message may take to be written before the connection is given up.
pub(super) const WRITE_LIMIT: Duration = Duration::from_mins(10);
/// How long a peer has to answer a Close frame.
pub(super) const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// How long a shutdown waits for all connections together.
pub(super) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
/// The pause after a connection could not be accepted, which usually is a lack of descriptors.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The largest window that clients are told of, in chunks. A larger one does no harm.
pub(super) const MAX_WINDOW: u64 = 1_024;
/// For how long an operation is kept while nobody is connected: 10 minutes.
pub(super) const RETAINED_FOR: Duration = Duration::from_mins(10);
/// How much the payloads of kept operations may hold together, in bytes: 1 GiB.
pub(super) const MAX_RETAINED_BYTES: u64 = 1 << 30;
/// How many operations are kept at once.
pub(super) const MAX_OPERATIONS: usize = 1_024;
