//! The digest of every prefix of a payload, without keeping the payload.

use crate::proto::checksum::{Sha256, Sha256Hasher};

/// The first distance between two snapshots, in bytes.
const SPACING: u64 = 1 << 20;
/// How many snapshots there are at most, some 100 bytes each; an even number.
const MAX_SNAPSHOTS: usize = 1_024;

/// Hashes a payload in order and remembers the hasher at places along the way.
///
/// To know the digest of a prefix, only the bytes since the last place before its end are hashed
/// again. The places are 1 MiB apart at first; whenever there are too many, every second one is
/// forgotten, so a payload of any length costs the same memory.
#[derive(Clone, Debug)]
pub(crate) struct PrefixDigests {
    hasher: Sha256Hasher,
    /// How many bytes `hasher` has seen.
    hashed: u64,
    /// The hasher after 1, 2, 3 … times `spacing` bytes.
    snapshots: Vec<Sha256Hasher>,
    spacing: u64,
}

impl Default for PrefixDigests {
    fn default() -> Self {
        Self::spaced(SPACING)
    }
}

impl PrefixDigests {
    fn spaced(spacing: u64) -> Self {
        let hasher = Sha256Hasher::default();
        Self { hasher, hashed: 0, snapshots: Vec::new(), spacing: spacing.max(1) }
    }

    /// Adds the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let past = self.hashed.checked_rem(self.spacing).unwrap_or(0);
            let room = usize::try_from(self.spacing.saturating_sub(past)).unwrap_or(usize::MAX);
            let (stretch, later) = rest.split_at(room.min(rest.len()));
            self.hasher.update(stretch);
            let length = u64::try_from(stretch.len()).unwrap_or(u64::MAX);
            self.hashed = self.hashed.saturating_add(length);
            if stretch.len() == room {
                self.remember();
            }
            rest = later;
        }
    }

    /// How many bytes were hashed.
    pub(crate) fn hashed(&self) -> u64 {
        self.hashed
    }

    /// The digest of all of them.
    pub(crate) fn digest(&self) -> Sha256 {
        self.hasher.clone().finish()
    }

    /// Where to go on hashing for the prefix of `length` bytes; `None` if it was not hashed yet.
    pub(crate) fn nearest(&self, length: u64) -> Option<(u64, Sha256Hasher)> {
        if length >= self.hashed {
            return (length == self.hashed).then(|| (self.hashed, self.hasher.clone()));
        }
        let place = length.checked_div(self.spacing).unwrap_or(0);
        let index = usize::try_from(place).ok()?.checked_sub(1);
        let snapshot = index.and_then(|index| self.snapshots.get(index));
        Some(match snapshot {
            Some(hasher) => (place.saturating_mul(self.spacing), hasher.clone()),
            None => (0, Sha256Hasher::default()),
        })
    }

    fn remember(&mut self) {
        if self.snapshots.len() >= MAX_SNAPSHOTS {
            let mut is_kept = true;
            self.snapshots.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.spacing = self.spacing.saturating_mul(2);
        }
        if self.hashed.checked_rem(self.spacing) == Some(0) {
            self.snapshots.push(self.hasher.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_has_its_digest() {
        let payload: Vec<u8> = (0..=255).cycle().take(5_000).collect();
        for step in [1, 3, 7, 100, 5_000] {
            // Small enough for places to be forgotten twice.
            let mut digests = PrefixDigests::spaced(2);
            for part in payload.chunks(step) {
                digests.update(part);
            }
            assert_eq!(digests.hashed(), 5_000);
            assert_eq!(digests.digest(), Sha256::of(&payload));
            assert!(digests.snapshots.len() <= MAX_SNAPSHOTS);
            for length in (0..=5_000).step_by(37) {
                let (from, mut hasher) = digests.nearest(length as u64).unwrap();
                let from = usize::try_from(from).unwrap();
                assert!(length - from <= 8, "{length} from {from}");
                hasher.update(&payload[from..length]);
                assert_eq!(hasher.finish(), Sha256::of(&payload[..length]), "{length}");
            }
            assert!(digests.nearest(5_001).is_none());
        }
    }
}
