//! What can be done to a connection, and where.

use std::time::Duration;

/// A direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the client.
    Down,
    /// To the server.
    Up,
}

/// A place in one direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub way: Way,
    pub place: Place,
}

/// Where that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After so many bytes, the head of the upgrade included.
    Bytes(u64),
    /// So many bytes after that many whole messages; message 0 is the head of the upgrade.
    Frames(u64, u64),
    /// So many bytes into the data of that binary chunk, counted from 1; a place past its end
    /// counts on from its beginning.
    Chunk(u64, u64),
}

impl Spot {
    /// After so many bytes for the client, the head of the upgrade included.
    pub const fn bytes_down(bytes: u64) -> Self {
        Self { way: Way::Down, place: Place::Bytes(bytes) }
    }

    /// After so many bytes for the server, the head of the upgrade included.
    pub const fn bytes_up(bytes: u64) -> Self {
        Self { way: Way::Up, place: Place::Bytes(bytes) }
    }

    /// After so many whole messages for the client; 0 is the head of the upgrade.
    pub const fn frames_down(frames: u64) -> Self {
        Self { way: Way::Down, place: Place::Frames(frames, 0) }
    }

    /// After so many whole messages for the server; 0 is the head of the upgrade.
    pub const fn frames_up(frames: u64) -> Self {
        Self { way: Way::Up, place: Place::Frames(frames, 0) }
    }

    /// Within the data of a binary chunk for the client.
    pub const fn chunk(chunk: u64, byte: u64) -> Self {
        Self { way: Way::Down, place: Place::Chunk(chunk, byte) }
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What was sent arrives, and then its end.
    Fin,
    /// At once, and what was not read may be lost.
    Rst,
}

/// What happens at a spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends, both ways and without a goodbye.
    Cut(End),
    /// From here on nothing passes this way, and nothing is closed.
    Stall,
    /// From here on nothing passes either way, and nothing is closed.
    StallBoth,
    /// One bit of the byte that is next, 0 to 7, is the other.
    Flip(u8),
    /// So many bytes never arrive.
    Swallow(u64),
    /// What follows waits so long.
    Pause(Duration),
}

impl Fault {
    /// Whether it takes place where the last byte has passed, rather than at the next one.
    pub(super) fn is_between_bytes(self) -> bool {
        !matches!(self, Self::Flip(_) | Self::Swallow(_))
    }

    /// Whether nothing more passes after it.
    pub(super) fn is_last(self) -> bool {
        matches!(self, Self::Cut(_) | Self::Stall | Self::StallBoth)
    }
}
