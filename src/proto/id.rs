//! What names things on the wire: message ids, their aliases and chunk numbers.

use std::borrow::Borrow;
use std::fmt::{self, Write as _};
use std::num::{NonZeroU32, NonZeroU64};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The id of one request and of every frame that answers it.
///
/// *Shape*: one or more of `[A-Za-z0-9_-]`, never `welcome` or `unknown`. Minted by the client,
/// unique over the client's life. Cheap to clone. *Source*: PROTOCOL 2.2.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// Ids that belong to the server: its greeting, and its answer to what it could not read.
    pub const RESERVED: [&'static str; 2] = ["welcome", "unknown"];

    /// Takes `text` as an id if it has the shape of one.
    ///
    /// ```
    /// use longhaul::proto::MessageId;
    /// assert!(MessageId::new("git_1").is_some());
    /// assert!(MessageId::new("welcome").is_none());
    /// assert!(MessageId::new("a b").is_none());
    /// ```
    pub fn new(text: &str) -> Option<Self> {
        let shaped = !text.is_empty() && is_plain(text) && !Self::RESERVED.contains(&text);
        shaped.then(|| Self(text.into()))
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for MessageId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Whether a text has only the characters that ids and keys have.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| is_plain_char(char::from(byte)))
}

fn is_plain_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The key of an operation that outlives its connection.
///
/// *Shape*: 22 to 128 characters of those an id has, 128 random bits or more; whoever knows it can
/// read the operation's payload, so it is not printed. *Source*: PROTOCOL 6.4.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OperationKey(Arc<str>);

impl OperationKey {
    /// How many characters a key may have.
    pub const LENGTHS: RangeInclusive<usize> = 22..=128;

    /// Takes `text` as a key if it has the shape of one.
    pub fn new(text: &str) -> Option<Self> {
        (Self::LENGTHS.contains(&text.len()) && is_plain(text)).then(|| Self(text.into()))
    }

    /// The key of these random bits.
    ///
    /// ```
    /// use longhaul::proto::OperationKey;
    /// let key = OperationKey::from_random([0xff; 16]);
    /// assert_eq!(key.as_str(), "_____________________w");
    /// assert_eq!(format!("{key:?}"), "OperationKey(..)");
    /// ```
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(super::base64::encode_plain(&bits).into())
    }

    /// The key as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperationKey(..)")
    }
}

/// Mints message ids: the domain, an underscore and a number that never comes again.
///
/// One mint serves a client for its whole life, across reconnects.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub struct IdMint {
    last: u64,
}

impl IdMint {
    /// A mint whose first number is 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next id. Characters of `domain` that an id cannot hold are left out.
    ///
    /// ```
    /// use longhaul::proto::IdMint;
    /// let mut mint = IdMint::new();
    /// assert_eq!(mint.mint("git").as_str(), "git_1");
    /// assert_eq!(mint.mint("a t.c").as_str(), "atc_2");
    /// ```
    pub fn mint(&mut self, domain: &str) -> MessageId {
        self.last = self.last.wrapping_add(1);
        let mut id = String::with_capacity(domain.len().saturating_add(MOST_NUMBER_BYTES));
        if is_plain(domain) {
            id.push_str(domain);
        } else {
            id.extend(domain.chars().filter(|c| is_plain_char(*c)));
        }
        // Writing a string cannot fail.
        let _ = write!(id, "_{}", self.last);
        MessageId(id.into())
    }
}

/// How long an underscore and the largest number are.
const MOST_NUMBER_BYTES: usize = 21;

/// What stands for a request in its binary chunks, on one connection. *Source*: PROTOCOL 6.5.
///
/// Given by the server in `accepted`, from 1 to 4294967295, and never again on that connection.
///
/// ```
/// use longhaul::proto::Alias;
/// assert_eq!(Alias::new(7).unwrap().get(), 7);
/// assert!(Alias::new(0).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alias(NonZeroU32);

impl Alias {
    /// The alias `number`, or `None` for 0, which stands for no request.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number as it stands on the wire.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a chunk within its payload, counted from 1. *Source*: PROTOCOL 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(NonZeroU64);

impl Seq {
    /// The first chunk of every payload.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// Chunk number `number`, or `None` for 0, which no chunk may have.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number as it stands on the wire.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The chunk after this one. The very last number there is has itself as next.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_domain_and_a_number_that_never_comes_again() {
        let mut mint = IdMint::new();
        assert_eq!(mint.mint("git").as_str(), "git_1");
        assert_eq!(mint.mint("git").as_str(), "git_2");
        assert_eq!(mint.mint("a t\"c").as_str(), "atc_3");
        assert_eq!(mint.mint("").as_str(), "_4");
    }

    #[test]
    fn the_longest_number_fits_into_the_room_for_it() {
        let mut mint = IdMint { last: u64::MAX - 1 };
        let id = mint.mint("git");
        assert_eq!(id.as_str(), format!("git_{}", u64::MAX));
        assert_eq!(id.as_str().len(), "git".len() + MOST_NUMBER_BYTES);
    }

    #[test]
    fn a_key_does_not_print() {
        let key = OperationKey::from_random([7; 16]);
        assert!(!format!("{key:?}").contains(key.as_str()));
    }
}
