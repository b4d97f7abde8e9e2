//! What all connections of a server share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::admission::Admission;
use super::keeper::Keeper;
use super::logon::Logon;
use super::package::Catalog;
use super::profile::Profile;
use super::script::Script;

/// The server's settings, packages and counters.
#[derive(Debug)]
pub(super) struct State {
    pub(super) profile: Profile,
    pub(super) logon: Option<Logon>,
    /// The path of the WebSocket, without a query.
    pub(super) path: String,
    pub(super) object_delay: Duration,
    pub(super) catalog: Catalog,
    pub(super) admission: Admission,
    pub(super) script: Script,
    /// What runs or is kept.
    pub(super) keeper: Arc<Keeper>,
    /// Where kept payloads are, if not in memory.
    pub(super) disk: Option<PathBuf>,
    /// How many heavy requests were served.
    pub(super) served: AtomicU64,
}

impl State {
    /// The script for the heavy request that is served now.
    pub(super) fn script_for_stream(&self) -> Script {
        let earlier = self.served.fetch_add(1, Ordering::Relaxed);
        if self.script.holds_after(earlier) { self.script.clone() } else { Script::new() }
    }
}
