//! How much is taken from ADT before it is refused.

/// The most packages that are walked through by ADT.
pub const MAX_PACKAGES: usize = 10_000;
/// The most objects that are listed by ADT.
pub const MAX_OBJECTS: usize = 500_000;
/// The most rows that data preview is asked for.
pub const MAX_ROWS: usize = 100_000;
/// How deep elements of an answer of ADT may stand inside each other; answers have fewer than ten.
pub const MAX_XML_DEPTH: usize = 64;
