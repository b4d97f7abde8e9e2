//! The key of an operation, as a journal keeps it.

use std::fmt;

/// A key of an operation: who has it can read the payload, so it is never printed.
///
/// *Shape*: 22 to 128 of the characters of an id. *Source*: PROTOCOL 6.4.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OperationKey(String);

impl OperationKey {
    /// Takes `text` as a key if it has the shape of one.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let shaped = (22..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        shaped.then(|| Self(text.to_owned()))
    }

    /// The key as it stands on the wire.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperationKey(..)")
    }
}
