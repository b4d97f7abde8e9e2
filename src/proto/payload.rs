//! Bytes that have verified.

use std::fmt;
use std::io::{Read, Seek};
use std::ops::Deref;

use bytes::Bytes;

/// The whole payload of one request, verified.
///
/// There is no way to make one but to receive it: count, order, length and, where agreed, CRC and
/// digest have been checked, and so has whatever the operation itself checks.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Bytes);

impl Payload {
    #[cfg_attr(not(feature = "client"), allow(dead_code, reason = "made by whoever verifies"))]
    pub(crate) fn verified(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes, without copying them.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// A payload that can be read at any place: memory or a file.
pub trait PayloadReader: Read + Seek {}

impl<T: Read + Seek> PayloadReader for T {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_bytes_are_there_in_every_way_and_not_in_its_text() {
        let payload = Payload::verified(Bytes::from_static(b"secret"));
        assert_eq!((&payload[..], payload.as_ref()), (&b"secret"[..], &b"secret"[..]));
        assert!(!format!("{payload:?}").contains("secret"));
        assert_eq!(payload.into_bytes(), "secret");
    }
}
