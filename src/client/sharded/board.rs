//! What the sessions tell while they work, for the one task that looks after them all.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::proto::{KeptWarnings, Progress, Warning};

/// Shared between the transfers of all shards and whoever runs them.
#[derive(Clone, Debug, Default)]
pub(super) struct Board(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By the numbers of the shards that are under way.
    under_way: BTreeMap<u32, UnderWay>,
    /// What was said last of all, such as `CLAS ZCL_A`.
    message: Option<String>,
    warnings: VecDeque<Warning>,
}

/// How far a shard is.
#[derive(Debug, Default)]
struct UnderWay {
    objects: u64,
    done: u64,
    bytes: u64,
    /// Told once the shard is there: one that is asked for again says the same again.
    warnings: KeptWarnings,
}

/// How far all shards are together that are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) done: u64,
    pub(super) bytes: u64,
    pub(super) message: Option<String>,
}

impl Board {
    /// A shard of so many objects is asked for.
    pub(super) fn begin(&self, shard: u32, objects: usize) {
        let objects = u64::try_from(objects).unwrap_or(u64::MAX);
        self.lock().under_way.insert(shard, UnderWay { objects, ..UnderWay::default() });
    }

    /// A shard has ended, well or not.
    pub(super) fn end(&self, shard: u32, is_well: bool) {
        let mut state = self.lock();
        if let Some(ended) = state.under_way.remove(&shard).filter(|_| is_well) {
            state.warnings.extend(ended.warnings.into_list());
        }
    }

    /// What the server says of a shard, and how much of it has come.
    pub(super) fn note(&self, shard: u32, progress: Option<&Progress>, bytes: u64) {
        {
            let mut state = self.lock();
            if let Some(message) = progress.and_then(|progress| progress.message.as_ref())
                && state.message.as_ref() != Some(message)
            {
                state.message = Some(message.clone());
            }
            let Some(under_way) = state.under_way.get_mut(&shard) else { return };
            under_way.bytes = bytes;
            if let Some(done) = progress.filter(|p| p.total.is_some()).and_then(|p| p.done) {
                under_way.done = done.min(under_way.objects);
            }
        }
        self.0.changed.notify_one();
    }

    /// What went wrong with one object of a shard.
    pub(super) fn warn(&self, shard: u32, warning: &Warning) {
        if let Some(under_way) = self.lock().under_way.get_mut(&shard) {
            under_way.warnings.keep(warning);
        }
    }

    /// What is to be known of the whole.
    pub(super) fn warn_of_all(&self, warning: Warning) {
        self.lock().warnings.push_back(warning);
    }

    pub(super) fn take_warnings(&self) -> VecDeque<Warning> {
        std::mem::take(&mut self.lock().warnings)
    }

    pub(super) fn read(&self) -> Reading {
        let state = self.lock();
        let sum = |of: fn(&UnderWay) -> u64| {
            state.under_way.values().map(of).fold(0, u64::saturating_add)
        };
        let message = state.message.clone();
        Reading { done: sum(|shard| shard.done), bytes: sum(|shard| shard.bytes), message }
    }

    /// Waits until something is new. Cancel-safe.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
