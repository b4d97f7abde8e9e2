//! What happened to a transfer on its way, which is what its error may come from.

use std::time::Instant;

use super::connection::Mark;
use super::faults::{FaultKind, Kinds};

/// What the network and the server did to one transfer, by how long it can have a part in an error.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something else that may happen")]
pub(super) struct History {
    /// What became of the message that it is given at this moment.
    pub(super) at_hand: Mark,
    /// What was done to frames of the request that is under way, or to those that came to it.
    pub(super) in_request: Kinds,
    /// As much, since it last began from nothing: what was taken of it is there still.
    pub(super) in_payload: Kinds,
    /// As much, at any time.
    pub(super) ever: Kinds,
    /// Whether the request may wait for what was lost, or became another's.
    pub(super) misses_frame: bool,
    /// A frame with a flipped bit came to it since it last began from nothing.
    pub(super) is_tainted: bool,
    /// A frame with a flipped bit came to the request that is under way.
    pub(super) has_taint: bool,
    /// A chunk of the request that is under way came twice.
    pub(super) has_repeats: bool,
    /// Whether the server sends each of its chunks twice.
    pub(super) is_doubled: bool,
    /// The server was busy when the request came.
    pub(super) was_refused: bool,
    /// What the connection of the request was lost by.
    pub(super) lost_by: Option<FaultKind>,
    /// How it could go on when the connection was lost.
    pub(super) recourse: Recourse,
    /// Since when it holds up its connection, once it is put out for that.
    pub(super) held_up: Option<Instant>,
}

/// How a transfer can go on without its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Recourse {
    #[default]
    None,
    /// The server has said that it keeps the operation.
    Resume,
    /// It may be asked for twice, and nothing was given out.
    Restart,
}

impl History {
    /// Something was done to a frame of the request that is under way; `is_needed` if it cannot go
    /// on without that.
    pub(super) fn meet(&mut self, kinds: Kinds, is_needed: bool) {
        self.in_request.add(kinds);
        self.in_payload.add(kinds);
        self.ever.add(kinds);
        self.misses_frame |= is_needed && kinds != Kinds::NONE;
    }

    /// A frame to which this was done came to it.
    pub(super) fn taint(&mut self, kinds: Kinds) {
        self.meet(kinds, false);
        self.is_tainted = true;
        self.has_taint = true;
    }

    /// Another request is under way.
    pub(super) fn begin_request(&mut self) {
        self.in_request = Kinds::NONE;
        self.misses_frame = false;
        self.has_taint = false;
        self.has_repeats = false;
        self.was_refused = false;
        self.lost_by = None;
        self.recourse = Recourse::None;
    }

    /// It begins from nothing.
    pub(super) fn begin_payload(&mut self) {
        self.is_tainted = false;
        self.in_payload = Kinds::NONE;
    }

    /// Whether the frames of the request came as they were sent, all of them.
    pub(super) fn is_clean(self) -> bool {
        self.in_request == Kinds::NONE
    }
}
