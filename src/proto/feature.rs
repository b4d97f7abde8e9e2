//! What client and server can agree on beyond the base protocol.

use std::fmt;

/// One extension of the base protocol, or the chunked base itself (`stream`).
///
/// *Source*: PROTOCOL 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Feature {
    /// Answers in progress, chunk and complete frames.
    Stream,
    /// CRC-32 and offset on every chunk, size and SHA-256 on complete.
    Checksum,
    /// `stream.cancel` stops a request on the server.
    Cancel,
    /// The server sends no chunk that was not granted.
    Credit,
    /// An operation outlives its connection.
    Resume,
    /// Chunks as binary messages.
    Binary,
}

impl Feature {
    /// Every feature that has a name on the wire.
    pub const ALL: [Self; 6] =
        [Self::Stream, Self::Checksum, Self::Cancel, Self::Credit, Self::Resume, Self::Binary];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Checksum => "checksum",
            Self::Cancel => "cancel",
            Self::Credit => "credit",
            Self::Resume => "resume",
            Self::Binary => "binary",
        }
    }

    /// The feature of that name, if this version knows it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }

    fn bit(self) -> u8 {
        match self {
            Self::Stream => 1,
            Self::Checksum => 1 << 1,
            Self::Cancel => 1 << 2,
            Self::Credit => 1 << 3,
            Self::Resume => 1 << 4,
            Self::Binary => 1 << 5,
        }
    }
}

/// A set of features.
///
/// ```
/// use longhaul::proto::{Feature, Features};
/// let server = Features::from_names(["stream", "checksum", "from-the-future"]);
/// let wanted = Features::from_iter([Feature::Checksum, Feature::Cancel]);
/// assert!(server.agreed(wanted).contains(Feature::Checksum));
/// assert!(!server.agreed(wanted).contains(Feature::Cancel));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Features(u8);

impl Features {
    /// No feature at all.
    pub const NONE: Self = Self(0);

    /// What this version of longhaul speaks: all of them.
    pub const BUILT: Self = Self(0b11_1111);

    /// The features of these names; names this version does not know are left out.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(Feature::from_name).collect()
    }

    /// Whether the set holds `feature`.
    pub fn contains(self, feature: Feature) -> bool {
        self.0 & feature.bit() != 0
    }

    /// What stands in both sets.
    pub fn agreed(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// This set without `feature`.
    pub fn without(self, feature: Feature) -> Self {
        Self(self.0 & !feature.bit())
    }

    /// Whether nothing is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names on the wire, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Feature::ALL.into_iter().filter(move |f| self.contains(*f)).map(Feature::name)
    }
}

impl FromIterator<Feature> for Features {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        Self(features.into_iter().fold(0, |bits, feature| bits | feature.bit()))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
