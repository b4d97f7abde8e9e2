//! What can go wrong, and when.

use std::fmt;

/// One thing that goes wrong. Everything about it is drawn before the run, so that a run without
/// it differs in nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// Before which event; what belongs to a sink or a payload is so from the start.
    pub(super) at: usize,
    pub(super) kind: FaultKind,
    /// Where exactly, how much, and whom it meets.
    pub(super) salt: u64,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum FaultKind {
            $($(#[$doc])* $name,)+
        }

        impl FaultKind {
            pub(super) const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

kinds! {
    /// The connection ends after some bytes of what the client sends.
    CutUp,
    /// The connection ends after some bytes of what the server sends.
    CutDown,
    /// Nothing comes through any more, and nobody is told for a while.
    Stall,
    /// Nothing comes through one way for a while.
    Delay,
    /// One bit of a chunk's data is another.
    FlipData,
    /// One bit of a chunk's CRC is another.
    FlipCrc,
    /// One bit of a chunk's data is another, and its CRC fits.
    Forge,
    /// One bit of a text frame is another, outside of its data.
    FlipText,
    /// One bit of a binary chunk's header is another, outside of its CRC.
    FlipHeader,
    /// A chunk never comes.
    DropChunk,
    /// A frame that is no chunk never comes.
    DropFrame,
    /// A chunk comes twice.
    Repeat,
    /// A frame comes for an id or an alias that is none, or not any more.
    Foreign,
    /// The chunks of a payload come in another order, or each twice.
    Reorder,
    /// The server is started anew and knows nothing.
    Restart,
    /// What the server keeps has been kept for its time.
    Expire,
    /// The server has no room for what it keeps.
    Quota,
    /// The server is busy.
    Busy,
    /// What works for an operation ends without a word.
    Crash,
    /// The clock goes forward by seconds or minutes.
    JumpShort,
    /// The clock goes forward by hours.
    JumpLong,
    /// The clock stands still.
    Still,
    /// A sink takes less than it is given.
    ShortWrite,
    /// A sink is full.
    DiskFull,
    /// A sink fails.
    WriteError,
    /// A sink takes its time.
    SlowSink,
    /// A caller drops its transfer.
    CallerDrops,
    /// A caller cancels its transfer, and waits for what comes of it.
    CallerCancels,
    /// A caller leaves its operation to the server, and comes back for it.
    CallerDetaches,
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u64);

impl Kinds {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn insert(&mut self, kind: FaultKind) {
        self.0 |= 1 << kind as u64;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) fn contains(self, kind: FaultKind) -> bool {
        self.0 & 1 << kind as u64 != 0
    }

    pub(super) fn first(self) -> Option<FaultKind> {
        FaultKind::ALL.iter().copied().find(|kind| self.contains(*kind))
    }

    pub(super) fn any(self, is_it: impl Fn(FaultKind) -> bool) -> bool {
        FaultKind::ALL.iter().any(|kind| self.contains(*kind) && is_it(*kind))
    }
}

impl FaultKind {
    /// Whether it is so from the start, rather than from an event on.
    pub(super) fn is_standing(self) -> bool {
        matches!(
            self,
            Self::Reorder | Self::ShortWrite | Self::DiskFull | Self::WriteError | Self::SlowSink
        )
    }

    /// Whether it waits for a frame that it can meet.
    pub(super) fn waits_for_frame(self) -> bool {
        matches!(
            self,
            Self::FlipData
                | Self::FlipCrc
                | Self::Forge
                | Self::FlipText
                | Self::FlipHeader
                | Self::DropChunk
                | Self::DropFrame
                | Self::Repeat
        )
    }

    /// Whether a frame that it meets may become another's, or another frame.
    pub(super) fn takes_away(self) -> bool {
        !matches!(self, Self::FlipData | Self::FlipCrc | Self::Forge)
    }

    /// Whether only chunks meet it, and neither what is said of them nor how they end.
    pub(super) fn is_of_chunks(self) -> bool {
        matches!(
            self,
            Self::FlipData
                | Self::FlipCrc
                | Self::Forge
                | Self::FlipHeader
                | Self::DropChunk
                | Self::Repeat
        )
    }
}

impl Fault {
    /// A number below `bound`, drawn from the salt for this `purpose`.
    pub(super) fn draw(&self, purpose: u64, bound: u64) -> u64 {
        let seed = self.salt.wrapping_add(purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        fastrand::Rng::with_seed(seed).u64(..bound.max(1))
    }

    pub(super) fn draw_index(&self, purpose: u64, bound: usize) -> usize {
        usize::try_from(self.draw(purpose, bound as u64)).unwrap()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} before event {} ({:#x})", self.kind, self.at, self.salt)
    }
}
