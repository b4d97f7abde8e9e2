//! What happened to a transfer on its way, which is what its error may come from.

use super::faults::Kinds;

/// What the network and the server did to one transfer.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something else that may happen")]
pub(super) struct History {
    /// What was done to frames of its own, or to those that came to it.
    pub(super) met: Kinds,
    /// A frame with a flipped bit came to it since it last began from nothing.
    pub(super) is_tainted: bool,
    /// Such a frame came to it at any time.
    pub(super) was_tainted: bool,
    /// A chunk came twice.
    pub(super) has_repeats: bool,
    /// Its connection was lost.
    pub(super) was_lost: bool,
    /// The server was busy.
    pub(super) was_refused: bool,
    /// What works for it ended.
    pub(super) has_crashed: bool,
}

impl History {
    pub(super) fn taint(&mut self, kinds: Kinds) {
        self.met.add(kinds);
        self.is_tainted = true;
        self.was_tainted = true;
    }

    /// Whether its frames came as they were sent, all of them.
    pub(super) fn is_clean(self) -> bool {
        self.met == Kinds::NONE
    }
}
