//! What is known of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::proto::welcome::ServerLimits;
use crate::proto::{Feature, Features};

/// What the server said of itself, and what goes for all connections.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Facts {
    pub(in crate::check) features: Option<Features>,
    pub(in crate::check) limits: ServerLimits,
    pub(in crate::check) domains: Vec<String>,
    /// How long the server may say nothing.
    pub(in crate::check) silence: Duration,
    /// How much of a payload is taken.
    pub(in crate::check) max_payload_bytes: u64,
    /// The number in the last id.
    pub(in crate::check) minted: Arc<AtomicU64>,
}

impl Facts {
    pub(in crate::check) fn offers(&self, feature: Feature) -> bool {
        self.features.is_some_and(|features| features.contains(feature))
    }

    /// A window that the server takes, of that many chunks at most.
    pub(in crate::check) fn window(&self, wanted: u64) -> u64 {
        wanted.min(self.limits.max_window.unwrap_or(wanted)).max(1)
    }

    /// An id that was never used before.
    pub(in crate::check) fn mint(&self, start: &str) -> String {
        let number = self.minted.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        format!("{start}_{number}")
    }
}
