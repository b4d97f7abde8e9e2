//! The sender: an instrument, no second reference server. It holds what it sends already encoded,
//! so that a round costs it little more than the writes.
//!
//! One port without and one with TLS; what is wanted stands in the path of the first request:
//!
//! | path | what comes |
//! |---|---|
//! | `/raw/text`, `/raw/bare` | at once and alone: the bytes of a WebSocket with text chunks; the payload |
//! | `/drain/text`, `/drain/binary` | a WebSocket that begins to send by itself, and closes |
//! | `/download` | the payload over HTTP/1.1, with its length |
//! | `/sap/bc/apc/sap/zadt_vsp` | a WebSocket on which longhaul asks for `test.payload` |
//! | `/expected/VIEW/FORM` | JSON: how many `bytes` a client gets, with `digest=1` also their `sha256` |
//!
//! `size` and `chunk`, in decoded bytes, stand in the query.

mod delivery;
mod flow;
mod head;
mod port;
mod session;
mod stock;

pub(crate) use flow::PACE;
pub(crate) use port::{Ports, run};
