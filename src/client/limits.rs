//! How much the client takes and keeps beside what the [core](crate::proto::limits) does, and how
//! long it waits.
//!
//! Together with [`proto::limits`](crate::proto::limits), [`proto::websocket`](crate::proto::websocket)
//! and [`ops::git::archive`](crate::ops::git::archive) these are all limits there are. Each is set
//! here and not left to a library. PROTOCOL 8 has them in one table, with what happens beyond
//! each, and tests hold that table to these numbers.

use std::time::Duration;

pub use crate::adt::limits::{MAX_OBJECTS, MAX_PACKAGES, MAX_ROWS, MAX_XML_DEPTH};

/// The largest request that is sent, in bytes of text: 16 MiB, some 300,000 object names.
pub const MAX_REQUEST_BYTES: usize = 16 << 20;
/// How many requests may be under way at once where the server sets no limit; others wait.
pub const MAX_REQUESTS: usize = 65_536;
/// How much is gathered before it is written, in bytes; flushing writes at once.
pub const WRITE_BUFFER_BYTES: usize = 64 << 10;
/// How much may wait in frames to be written to a server that does not read, in bytes: the largest
/// request, and what was gathered before. What else is to be sent waits as it is; of pongs, grants and
/// pings only the last ones do.
pub const MAX_WRITE_BUFFER_BYTES: usize = MAX_REQUEST_BYTES + 2 * WRITE_BUFFER_BYTES;

/// How many bytes of messages may wait for one transfer where the server knows no `credit`: 4 MiB.
/// One message may exceed it, so that any legal message fits; beyond it the socket is not read.
pub const INBOX_BYTES: u32 = 4 << 20;
/// The most that may wait for one transfer with `credit`, in bytes: what a window of as many bytes as
/// may be parked takes as base64, or one message of the largest usual size.
pub const MAX_INBOX_BYTES: u32 = 64 << 20;
/// How many bytes beside chunks may wait for one transfer with `credit`; progress and warnings beyond
/// it are dropped and counted.
pub const BESIDE_CHUNKS_BYTES: u32 = 1 << 20;

/// The largest head of an answer over HTTP, in bytes: 32 KiB. It holds for the upgrade, the logon, the
/// listing of objects, and a proxy.
pub const MAX_HEAD_BYTES: usize = 32 << 10;
/// How many headers an answer over HTTP may have.
pub const MAX_HEADERS: usize = 100;
/// How much of a refusing page is read, in bytes; 200 characters of it are kept.
pub const MAX_PAGE_BYTES: usize = 16 << 10;
/// The largest answer of ADT, in bytes of its body: 64 MiB.
pub const MAX_ADT_BYTES: usize = 64 << 20;
/// How many cookies of a server are kept; systems set fewer than ten.
pub const MAX_COOKIES: usize = 64;
/// How many bytes the names and values of the cookies may have together: 16 KiB, which is what servers
/// take as headers. One that goes beyond is not kept.
pub const MAX_COOKIE_BYTES: usize = 16 << 10;
/// The largest cookie file that is read, in bytes: 1 MiB.
pub const MAX_COOKIE_FILE_BYTES: u64 = 1 << 20;

/// How long connecting may take, from the lookup of the host to the welcome.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one request over HTTP may take, where objects are listed by ADT.
pub const HTTP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a transfer that is not read may hold up everything else on its connection.
pub const HOLD_LIMIT: Duration = Duration::from_secs(30);
/// How far apart pings are, unless the server asks for more.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);
/// The most that a server may ask pings to be apart; beyond it nobody would notice its end.
pub const MAX_PING_INTERVAL: Duration = Duration::from_mins(10);
/// How many pings apart the last byte may be, in either direction, until a peer counts as gone.
pub const SILENT_PINGS: u32 = 3;
/// How long the server has to say what came of a request that it was to stop.
pub const OUTCOME_LIMIT: Duration = Duration::from_secs(5);
/// How long a server may take to hear goodbye.
pub const GOODBYE_LIMIT: Duration = Duration::from_secs(1);
