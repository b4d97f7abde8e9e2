//! Which errors a fault can lead to, where both sides do what they should.

use super::faults::FaultKind;
use crate::proto::{AssembleError, ExchangeError, ServerError};

impl FaultKind {
    /// Whether a transfer with whose frames this was done may end with that error.
    pub(super) fn leads_to(self, error: &ExchangeError) -> bool {
        match self {
            // What it says may be anything then; yet no number of it makes a payload long.
            Self::FlipText => !error.is_limit(),
            Self::DropChunk => is_of_gap(error),
            // Without `accepted` nobody knows whose the chunks are that come by an alias.
            Self::DropFrame => {
                is_of_gap(error) || matches!(error, ExchangeError::NotAccepted { .. })
            }
            // Data that is text ends early with a quote, and a frame that is no text is nobody's.
            Self::FlipData => {
                is_of_gap(error) || is_of_text(error) || is_damage(error) || is_of_bytes(error)
            }
            Self::FlipCrc => is_of_gap(error) || is_of_text(error) || is_damage(error),
            Self::Forge => {
                is_of_bytes(error)
                    || matches!(error, ExchangeError::Assemble(AssembleError::Digest { .. }))
            }
            // The chunk is another one's, another chunk, or none.
            Self::FlipHeader => {
                is_of_gap(error) || is_damage(error) || is_of_bytes(error) || is_of_place(error)
            }
            _ => false,
        }
    }
}

/// Something did not come.
fn is_of_gap(error: &ExchangeError) -> bool {
    matches!(
        error,
        ExchangeError::Idle { .. }
            | ExchangeError::Assemble(
                AssembleError::Gap { .. }
                    | AssembleError::ParkedBytes { .. }
                    | AssembleError::ParkedChunks { .. }
            )
    )
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

/// Bytes that nothing has checked differ from what the server has.
fn is_of_bytes(error: &ExchangeError) -> bool {
    match error {
        ExchangeError::Server(error) => error.code == ServerError::RESUME_MISMATCH,
        ExchangeError::Assemble(error) => matches!(error, AssembleError::Conflict { .. }),
        _ => false,
    }
}

/// A chunk is not where it belongs.
fn is_of_place(error: &ExchangeError) -> bool {
    matches!(
        error,
        ExchangeError::Binary(_)
            | ExchangeError::BeyondCredit { .. }
            | ExchangeError::NotAsAgreed { .. }
            | ExchangeError::Assemble(
                AssembleError::SeqZero
                    | AssembleError::PastTotal { .. }
                    | AssembleError::Offset { .. }
            )
    )
}
