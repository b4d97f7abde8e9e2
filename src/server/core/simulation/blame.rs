//! Which errors a fault can lead to, where both sides do what they should.
//!
//! There are three answers, by what was done to whom: to the very message that a transfer is given,
//! to another one of its request, or to one before that of which it still has the bytes.

use super::faults::FaultKind;
use crate::proto::frame::{FrameError, Kind};
use crate::proto::{AssembleError, ExchangeError, ServerError};

impl FaultKind {
    /// Whether a message to which this was done can be met with that error.
    pub(super) fn spoils(self, error: &ExchangeError) -> bool {
        match self {
            // What it says may be anything then; yet no number of it makes a payload long, nor does
            // it come too late.
            Self::FlipText => !error.is_limit() && !matches!(error, ExchangeError::Idle { .. }),
            // Data that is text ends early with a quote.
            Self::FlipData => is_of_text(error) || is_damage(error) || is_conflict(error),
            Self::FlipCrc => is_of_text(error) || is_damage(error),
            Self::Forge => is_conflict(error),
            // The chunk is another one's, or another chunk.
            Self::FlipHeader => {
                is_damage(error) || is_conflict(error) || is_of_place(error) || is_parked(error)
            }
            _ => false,
        }
    }

    /// Whether a request may fail with that error at another message than that to which this was
    /// done.
    pub(super) fn leads_to(self, error: &ExchangeError) -> bool {
        match self {
            Self::FlipText => {
                is_gap(error)
                    || is_parked(error)
                    || is_unaccepted(error)
                    || is_accepted_otherwise(error)
                    || is_of_other_chunk(error)
                    || is_behind_other_chunk(error)
            }
            Self::DropChunk => is_gap(error) || is_parked(error),
            // Without `accepted` nobody knows whose the chunks are that come by an alias.
            Self::DropFrame => is_gap(error) || is_unaccepted(error),
            // A frame that is no text is nobody's.
            Self::FlipData | Self::FlipCrc => {
                is_gap(error) || is_parked(error) || is_of_other_bytes(error)
            }
            Self::Forge => is_of_other_bytes(error),
            Self::FlipHeader => is_gap(error) || is_parked(error) || is_of_other_chunk(error),
            _ => false,
        }
    }

    /// Whether a payload may fail with that error in a later request than that to whose messages
    /// this was done.
    pub(super) fn stays_as(self, error: &ExchangeError) -> bool {
        match self {
            Self::FlipText => is_of_other_chunk(error) || is_accepted_otherwise(error),
            Self::FlipHeader => is_of_other_chunk(error),
            Self::FlipData | Self::Forge => is_of_other_bytes(error),
            _ => false,
        }
    }
}

/// A chunk of somebody else came by an id that was changed into that of a request for one answer.
fn is_behind_other_chunk(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::AnswerAfterChunks { .. })
}

/// A chunk did not come, and the end did.
fn is_gap(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Assemble(AssembleError::Gap { .. }))
}

/// A chunk did not come, and too many after it did.
fn is_parked(error: &ExchangeError) -> bool {
    matches!(
        error,
        ExchangeError::Assemble(
            AssembleError::ParkedBytes { .. } | AssembleError::ParkedChunks { .. }
        )
    )
}

/// `accepted` did not come, and what follows it did.
fn is_unaccepted(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::NotAccepted { .. })
}

/// `accepted` came with another name, size or alias, and the right one came later or is another's.
fn is_accepted_otherwise(error: &ExchangeError) -> bool {
    match error {
        ExchangeError::Server(error) => error.code == ServerError::RESUME_MISMATCH,
        ExchangeError::EpochChanged { .. }
        | ExchangeError::Frame(FrameError::Invalid { kind: Kind::Accepted, .. }) => true,
        _ => false,
    }
}

/// A frame is not what it has to be.
fn is_of_text(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Frame(_) | ExchangeError::NotAsAgreed { .. })
}

/// A chunk is not as it was sent, and says so itself.
fn is_damage(error: &ExchangeError) -> bool {
    matches!(
        error,
        ExchangeError::Assemble(AssembleError::Base64 { .. } | AssembleError::Crc { .. })
    )
}

/// A chunk came before, with other bytes.
fn is_conflict(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Assemble(AssembleError::Conflict { .. }))
}

/// Bytes that nothing has checked yet differ from what the server has.
fn is_of_other_bytes(error: &ExchangeError) -> bool {
    match error {
        ExchangeError::Server(error) => error.code == ServerError::RESUME_MISMATCH,
        ExchangeError::Assemble(AssembleError::Digest { .. }) => true,
        error => is_conflict(error),
    }
}

/// A chunk was taken in the place of another, or after the last.
fn is_of_other_chunk(error: &ExchangeError) -> bool {
    let is_of_length = matches!(
        error,
        ExchangeError::Assemble(
            AssembleError::PastTotal { .. }
                | AssembleError::Offset { .. }
                | AssembleError::Size { .. }
        )
    );
    is_of_length || is_of_other_bytes(error)
}

/// A chunk is not where it belongs.
fn is_of_place(error: &ExchangeError) -> bool {
    matches!(
        error,
        ExchangeError::Binary(_)
            | ExchangeError::BeyondCredit { .. }
            | ExchangeError::NotAsAgreed { .. }
            | ExchangeError::NotAccepted { .. }
            | ExchangeError::Assemble(AssembleError::SeqZero | AssembleError::Offset { .. })
    )
}
