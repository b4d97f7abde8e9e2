//! The digest of a payload, computed beside the task that receives it.

use bytes::Bytes;

use super::beside::Beside;
use super::error::Error;
use crate::proto::checksum::{Sha256, Sha256Hasher};

/// What is digested at once, in bytes: handing it to another thread would take longer.
const INLINE_BYTES: usize = 16 << 10;

/// The SHA-256 of all bytes so far.
///
/// It costs several times what all the rest of receiving costs, so that it goes on while the next
/// chunk is decoded.
#[derive(Debug)]
pub(crate) struct Digester(Option<Beside<Sha256Hasher>>);

impl Digester {
    /// A digest that goes on from `hasher`.
    pub(crate) fn new(hasher: Sha256Hasher) -> Self {
        Self(Some(Beside::new(hasher)))
    }

    /// A digest that nobody wants.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Adds the next bytes; waits for those before.
    pub(crate) async fn update(&mut self, bytes: &Bytes) -> Result<(), Error> {
        let Some(beside) = &mut self.0 else { return Ok(()) };
        if bytes.len() <= INLINE_BYTES
            && let Some(hasher) = beside.idle()
        {
            hasher.update(bytes);
            return Ok(());
        }
        let bytes = bytes.clone();
        beside.start(move |hasher| hasher.update(&bytes)).await
    }

    /// The digest of everything so far, if it is wanted.
    pub(crate) async fn so_far(&mut self) -> Result<Option<Sha256>, Error> {
        let Some(beside) = &mut self.0 else { return Ok(None) };
        if let Some(hasher) = beside.idle() {
            // Less than a block is left to be done.
            return Ok(Some(hasher.clone().finish()));
        }
        beside.run(|hasher| hasher.clone().finish()).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_and_large_pieces_make_one_digest() {
        let mut digester = Digester::new(Sha256Hasher::default());
        let mut whole = Vec::new();
        for len in [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 5, 100_000, 7] {
            let piece = Bytes::from(vec![u8::try_from(len % 251).unwrap(); len]);
            digester.update(&piece).await.unwrap();
            whole.extend_from_slice(&piece);
            assert_eq!(digester.so_far().await.unwrap(), Some(Sha256::of(&whole)));
        }
    }
}
