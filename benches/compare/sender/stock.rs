//! What is sent, again and again, encoded once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longhaul::proto::checksum::{Crc32, Sha256, Sha256Hasher};

/// About how much is held, in decoded bytes: more than a cache of the second level has, so that
/// reading it costs the sender the same for all sizes of chunk.
const HELD_BYTES: usize = 6 << 20;

/// Whole chunks that do not compress, with what each is on the wire. A payload is these chunks one
/// after the other, then from the first again, with the last one cut to length.
pub(crate) struct Stock {
    chunk_bytes: usize,
    raw: Vec<u8>,
    texts: Vec<Vec<u8>>,
    crcs: Vec<Crc32>,
    /// Digests of payloads by their length: they are asked for more than once.
    digests: Mutex<HashMap<u64, Sha256>>,
}

impl Stock {
    fn new(chunk_bytes: usize) -> Self {
        let chunks = (HELD_BYTES / chunk_bytes).max(1);
        let mut raw = vec![0; chunks * chunk_bytes];
        fastrand::Rng::with_seed(6).fill(&mut raw);
        let texts = raw.chunks(chunk_bytes).map(|piece| STANDARD.encode(piece).into_bytes());
        let crcs = raw.chunks(chunk_bytes).map(Crc32::of).collect();
        let texts = texts.collect();
        Self { chunk_bytes, raw, texts, crcs, digests: Mutex::default() }
    }

    /// A chunk's decoded bytes, by its number from 0.
    pub(crate) fn raw(&self, index: u64) -> &[u8] {
        let start = self.place(index) * self.chunk_bytes;
        &self.raw[start..start + self.chunk_bytes]
    }

    /// The same in base64.
    pub(crate) fn text(&self, index: u64) -> &[u8] {
        &self.texts[self.place(index)]
    }

    pub(crate) fn crc(&self, index: u64) -> Crc32 {
        self.crcs[self.place(index)]
    }

    pub(crate) fn chunk_bytes(&self) -> u64 {
        self.chunk_bytes as u64
    }

    /// The digest of a payload of that length.
    pub(crate) fn digest(&self, size: u64) -> Sha256 {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        *digests.entry(size).or_insert_with(|| {
            let mut hasher = Sha256Hasher::default();
            let mut left = size;
            for index in 0.. {
                let piece = self.raw(index);
                let taken = left.min(piece.len() as u64);
                hasher.update(&piece[..usize::try_from(taken).unwrap_or(piece.len())]);
                left -= taken;
                if left == 0 {
                    break;
                }
            }
            hasher.finish()
        })
    }

    fn place(&self, index: u64) -> usize {
        usize::try_from(index % self.texts.len() as u64).unwrap_or_default()
    }
}

/// Stocks by their size of chunk, made when one is asked for first.
#[derive(Default)]
pub(crate) struct Stocks(Mutex<HashMap<usize, Arc<Stock>>>);

impl Stocks {
    pub(crate) fn of(&self, chunk_bytes: u64) -> Arc<Stock> {
        let chunk_bytes = usize::try_from(chunk_bytes).unwrap_or(usize::MAX).clamp(1, 64 << 20);
        let mut stocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(stocks.entry(chunk_bytes).or_insert_with(|| Arc::new(Stock::new(chunk_bytes))))
    }
}
