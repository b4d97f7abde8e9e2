//! The digests of extension `checksum`, as they stand on the wire.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256 as Sha256State};

/// A CRC-32 as ZIP computes it, of one chunk's decoded bytes.
///
/// On the wire: 8 hex digits, written in lower case, read in either. *Source*: PROTOCOL 6.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crc32(pub u32);

impl Crc32 {
    /// The CRC-32 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(crc32fast::hash(bytes))
    }

    /// Reads exactly 8 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        digits.then(|| u32::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for Crc32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Crc32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A SHA-256 of a whole payload.
///
/// On the wire: 64 hex digits, written in lower case, read in either. *Source*: PROTOCOL 6.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The SHA-256 of `bytes`.
    ///
    /// ```
    /// use longhaul::proto::checksum::Sha256;
    /// let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// assert_eq!(Sha256::of(b"").to_string(), empty);
    /// assert_eq!(Sha256::from_hex(empty), Some(Sha256::of(b"")));
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256State::digest(bytes).into())
    }

    /// Reads exactly 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A SHA-256 in the making.
///
/// ```
/// use longhaul::proto::checksum::{Sha256, Sha256Hasher};
/// let mut hasher = Sha256Hasher::default();
/// hasher.update(b"hello ");
/// hasher.update(b"world");
/// assert_eq!(hasher.finish(), Sha256::of(b"hello world"));
/// ```
#[derive(Clone, Default)]
pub struct Sha256Hasher(Sha256State);

impl Sha256Hasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far; of a clone, where more follow.
    pub fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl fmt::Debug for Sha256Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256Hasher")
    }
}
