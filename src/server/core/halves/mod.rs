//! Both sides without a socket: the cores, and what a client and a server decide with them.
//!
//! The [pair](super::pair) runs one transfer, copied and cut at every byte; the
//! [simulation](super::simulation) runs many, on a network that does all it can. What they have in
//! common is here: the [`Transfer`] on the client's side, the [`Server`] on the other, and the
//! [`Pipe`] between them.
//!
//! All of it is for tests, and stands above both sides: it needs what the client decides by (its
//! budget of tries, the room of an inbox, its limits of time), which the server itself does not
//! know.

mod desk;
mod pipe;
mod received;
mod run;
mod sending;
mod server;
mod sink;
mod transfer;
mod work;

pub(super) use desk::{Content, Desk, Routed, route, route_chunk};
pub(super) use pipe::{PIPE_BYTES, Pipe, WireMessage};
pub(super) use run::{Run, Why};
pub(super) use sending::{Sent, SentKind};
pub(super) use server::{Offer, Server};
pub(super) use sink::Sink;
pub(super) use transfer::{CancelOutcome, Cause, Transfer, Verdict, Wishes};
pub(super) use work::{Order, Work, WorkStep, payload_bytes};

/// Which way bytes go; indexes the pipes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    Up,
    Down,
}
