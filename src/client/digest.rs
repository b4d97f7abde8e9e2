//! The digest of a payload, computed beside the task that receives it.

use bytes::Bytes;

use super::beside::Beside;
use super::error::Error;
use crate::proto::checksum::{Sha256, Sha256Hasher};

/// What is digested at once, in bytes: handing it to another thread would take longer.
const INLINE_BYTES: usize = 16 << 10;
/// What is handed to another thread at least, in bytes, since waking that costs as much as digesting
/// a good part of a small chunk.
const BATCH_BYTES: usize = 256 << 10;
/// How many pieces are handed over at most.
const BATCH_PIECES: usize = 64;

/// The SHA-256 of all bytes so far.
///
/// It costs several times what all the rest of receiving costs, so that it goes on while the next
/// chunk is decoded.
#[derive(Debug)]
pub(crate) struct Digester {
    /// `None` for a digest that nobody wants.
    hasher: Option<Beside<Sha256Hasher>>,
    /// What comes next, until it is enough.
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

impl Digester {
    /// A digest that goes on from `hasher`.
    pub(crate) fn new(hasher: Sha256Hasher) -> Self {
        Self { hasher: Some(Beside::new(hasher)), waiting: Vec::new(), waiting_bytes: 0 }
    }

    /// A digest of nothing yet, which does nothing if nobody wants it.
    pub(crate) fn fresh(is_wanted: bool) -> Self {
        let hasher = is_wanted.then(|| Beside::new(Sha256Hasher::default()));
        Self { hasher, waiting: Vec::new(), waiting_bytes: 0 }
    }

    /// Adds the next bytes; waits for those before, but for the last.
    pub(crate) async fn update(&mut self, bytes: &Bytes) -> Result<(), Error> {
        let Some(beside) = &mut self.hasher else { return Ok(()) };
        if bytes.len() <= INLINE_BYTES
            && self.waiting.is_empty()
            && let Some(hasher) = beside.idle()
        {
            hasher.update(bytes);
            return Ok(());
        }
        self.waiting.push(bytes.clone());
        self.waiting_bytes = self.waiting_bytes.saturating_add(bytes.len());
        if self.waiting_bytes < BATCH_BYTES && self.waiting.len() < BATCH_PIECES {
            return Ok(());
        }
        self.hand_over().await
    }

    /// Has what waits digested.
    async fn hand_over(&mut self) -> Result<(), Error> {
        let Some(beside) = &mut self.hasher else { return Ok(()) };
        // Only once it can begin: whoever drops this while it waits loses nothing.
        beside.settle().await?;
        let batch = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        beside.start(move |hasher| batch.iter().for_each(|bytes| hasher.update(bytes))).await
    }

    /// The digest of everything so far, if it is wanted.
    pub(crate) async fn so_far(&mut self) -> Result<Option<Sha256>, Error> {
        if let Some(hasher) = self.hasher.as_mut().and_then(Beside::idle)
            && self.waiting.is_empty()
        {
            // Less than a block is left to be done.
            return Ok(Some(hasher.clone().finish()));
        }
        self.hand_over().await?;
        let Some(beside) = &mut self.hasher else { return Ok(None) };
        beside.run(|hasher| hasher.clone().finish()).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_and_large_pieces_make_one_digest() {
        let lengths = [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 5, 100_000, 7, BATCH_BYTES, 9, 70_000];
        // Looked at after each piece, after some, and at the end alone.
        for every in [1, 3, lengths.len()] {
            let mut digester = Digester::new(Sha256Hasher::default());
            let mut whole = Vec::new();
            for (at, len) in (1..).zip(lengths) {
                let piece = Bytes::from(vec![u8::try_from(len % 251).unwrap(); len]);
                digester.update(&piece).await.unwrap();
                whole.extend_from_slice(&piece);
                if at % every == 0 {
                    assert_eq!(digester.so_far().await.unwrap(), Some(Sha256::of(&whole)));
                }
            }
            assert_eq!(digester.so_far().await.unwrap(), Some(Sha256::of(&whole)));
        }
    }

    #[tokio::test]
    async fn many_small_pieces_are_handed_over_together() {
        let mut digester = Digester::new(Sha256Hasher::default());
        let piece = Bytes::from(vec![7; INLINE_BYTES + 1]);
        for _ in 0..1_000 {
            digester.update(&piece).await.unwrap();
            assert!(digester.waiting_bytes < BATCH_BYTES);
            assert!(digester.waiting.len() < BATCH_PIECES);
        }
        let whole = piece.repeat(1_000);
        assert_eq!(digester.so_far().await.unwrap(), Some(Sha256::of(&whole)));
    }
}
