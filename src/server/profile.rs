//! The kinds of server that the reference server can be.

use crate::proto::frame::write::FrameWriter;
use crate::proto::limits::SERVER_CHUNK_BYTES;
use crate::proto::{Feature, Features};

use super::deployed;
use super::limits::MAX_CHUNK_BYTES;

/// What kind of server to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Speaks every extension there is, serves the requests of a connection side by side and
    /// keeps to the chunk size asked for. Alone in having the domains `atc` and `test`, and `git.list`.
    #[default]
    Full,
    /// A first server that streams: it names no features, serves one request after the other,
    /// always sends slices of 5,000,000 decoded bytes, says nothing of what it left out, and
    /// answers small exports once more after the stream is complete.
    Seed,
    /// What systems in the field run today: it names no features, answers once whatever it is asked
    /// for, serves one request after the other, and reads requests with regular expressions, so that
    /// other JSON than clients should write (PROTOCOL 2.3) is misread. Answers may be invalid JSON.
    /// Has the domains `rfc` and `report` as well, as far as a client can tell; they change nothing.
    Deployed,
}

/// The slices that [`Profile::Seed`] sends, in decoded bytes.
const SEED_CHUNK_BYTES: u64 = 5_000_000;
/// The largest payload that [`Profile::Seed`] sends once more, in decoded bytes.
const SEED_ANSWER_BYTES: usize = 1 << 20;

impl Profile {
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::Full => env!("CARGO_PKG_VERSION"),
            Self::Seed | Self::Deployed => "2.3.0",
        }
    }

    /// What the welcome names; `None` for a server that names none.
    pub(super) fn features(self) -> Option<Features> {
        match self {
            Self::Full => Some(Feature::ALL.into_iter().collect()),
            Self::Seed | Self::Deployed => None,
        }
    }

    /// The domains that the welcome lists. As on real servers, `system` works without being listed.
    pub(super) fn domains(self) -> &'static [&'static str] {
        match self {
            Self::Full => &["atc", "git", "test"],
            Self::Seed => &["git"],
            Self::Deployed => deployed::DOMAINS,
        }
    }

    /// Whether it has the domain `atc`.
    pub(super) fn has_checks(self) -> bool {
        self == Self::Full
    }

    /// Whether it has the domain `test`.
    pub(super) fn has_tests(self) -> bool {
        self == Self::Full
    }

    /// Whether it has `git.list`.
    pub(super) fn has_listing(self) -> bool {
        self == Self::Full
    }

    /// A writer of frames for the id of a request.
    pub(super) fn frames(self, id: &str) -> FrameWriter {
        match self {
            Self::Full | Self::Seed => FrameWriter::new(id),
            Self::Deployed => FrameWriter::with_quoted_id(&deployed::quoted(id)),
        }
    }

    /// The size of chunks for a client that asked for `asked`, in decoded bytes.
    pub(super) fn chunk_bytes(self, asked: Option<u64>) -> u64 {
        match self {
            Self::Full => asked.unwrap_or(SERVER_CHUNK_BYTES).clamp(1, MAX_CHUNK_BYTES),
            Self::Seed | Self::Deployed => SEED_CHUNK_BYTES,
        }
    }

    /// Whether the requests of one connection are served side by side.
    pub(super) fn is_concurrent(self) -> bool {
        self == Self::Full
    }

    /// Whether it says which objects it left out.
    pub(super) fn reports_skipped(self) -> bool {
        self == Self::Full
    }

    /// Whether an action that `system` does not have is told apart from an unknown domain.
    pub(super) fn knows_system_actions(self) -> bool {
        self == Self::Full
    }

    /// Whether a payload of that length is sent once more, as a single answer.
    pub(super) fn answers_again(self, payload_bytes: usize) -> bool {
        self == Self::Seed && payload_bytes <= SEED_ANSWER_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_sizes_stay_within_bounds() {
        for (asked, size) in [
            (None, 5 << 20),
            (Some(0), 1),
            (Some(1), 1),
            (Some(4_096), 4_096),
            (Some(u64::MAX), MAX_CHUNK_BYTES),
        ] {
            assert_eq!(Profile::Full.chunk_bytes(asked), size);
            assert_eq!(Profile::Seed.chunk_bytes(asked), 5_000_000);
        }
    }
}
