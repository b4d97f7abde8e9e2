//! Which objects are asked for next, and what becomes of those that failed. No I/O, no clock.
//!
//! ```text
//!             fresh ──▶ shard ──▶ done: received, or left out by the server
//!   (largest first)       │
//!                         ├─ failed, first time ─────▶ the same shard again
//!                         ├─ failed again ───────────▶ its halves ──▶ … ──▶ single objects
//!                         └─ single, failed too often ▶ skipped, with the reason
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::cost::Costs;
use crate::ops::git::ObjectKey;
use crate::proto::Skipped;

/// The shortest that requests are made where the server stops long ones.
const LEAST_TARGET: Duration = Duration::from_secs(1);
/// How much of what is left a session takes at once, at most: a part of its fair share, so that all
/// end together.
const PART_OF_SHARE: f64 = 0.5;
/// The least that is asked for at once while there is as much, in seconds.
const LEAST_SHARE: f64 = 0.1;
/// How much longer than the longest that went well a request may be expected to take.
const MOST_GROWTH: f64 = 2.0;
/// What the first requests may be expected to take, in seconds, while nothing is known.
const FIRST_TARGET: f64 = 5.0;
/// How many objects are asked for at once, at most: a request has a size, too.
const MAX_SHARD_OBJECTS: usize = 1_000;
/// How much longer requests get with each that goes well, after one was stopped.
const RECOVERY: f64 = 1.03;
/// How much is kept of why an object did not come, in characters.
const MAX_REASON_CHARS: usize = 500;
/// How often a shard is asked for as a whole.
const MOST_TRIES: u32 = 2;
/// How often a single object is asked for whose request broke, which may be nobody's fault.
const MOST_TRIES_BROKEN: u32 = 5;

/// Objects that are asked for in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// The objects, the most expensive first.
    pub(crate) objects: Vec<ObjectKey>,
    /// Whether its answer may be too large for any but a session of the largest limits.
    pub(crate) is_large: bool,
    /// How often these objects have failed together.
    tries: u32,
    /// Whether it is what is left of a larger one that failed.
    is_rest: bool,
}

/// Why a shard gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShardFailure {
    /// The server did not work on it: it was busy, or there was no connection.
    NotServed,
    /// The server worked on it and refused, with this reason.
    Refused(String),
    /// It broke or took too long, for this reason.
    Broken(String),
    /// The answer was larger than the session takes, for this reason.
    TooLarge(String),
}

/// Why an object did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// In the server's words, or in those of what broke.
    Given(String),
    /// The server left it out in silence.
    None,
}

impl Reason {
    fn given(text: &str) -> Self {
        Self::Given(text.chars().take(MAX_REASON_CHARS).collect())
    }
}

/// How far an export by shards is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Objects that are received or skipped.
    pub(crate) settled: usize,
    /// All objects.
    pub(crate) total: usize,
}

/// The plan of an export: hands out shards and takes what became of them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Not asked for yet, the cheapest first.
    fresh: Vec<ObjectKey>,
    /// How many of them there are, by type.
    fresh_kinds: BTreeMap<String, u32>,
    /// To be asked for again.
    again: VecDeque<Shard>,
    /// How many shards are out.
    running: usize,
    /// All that is to come.
    wanted: BTreeSet<ObjectKey>,
    received: BTreeSet<ObjectKey>,
    /// None of them received.
    skipped: BTreeMap<ObjectKey, Reason>,
    costs: Costs,
    /// How long a request is to take, now that some were stopped, and as it was wished.
    target: Duration,
    wished_target: Duration,
    /// How long the longest request took that went well.
    longest: Option<Duration>,
}

impl Plan {
    /// A plan for these objects, in requests that take about `target`; repeats count once.
    pub(crate) fn new(objects: impl IntoIterator<Item = ObjectKey>, target: Duration) -> Self {
        let objects: BTreeSet<_> = objects.into_iter().collect();
        let costs = Costs::default();
        let mut fresh: Vec<_> = objects.iter().rev().cloned().collect();
        // Stable, so that the same objects are asked for in the same order each time.
        fresh.sort_by(|one, other| costs.of(one).total_cmp(&costs.of(other)));
        Self {
            fresh_kinds: count_kinds(&fresh),
            fresh,
            again: VecDeque::new(),
            running: 0,
            wanted: objects,
            received: BTreeSet::new(),
            skipped: BTreeMap::new(),
            costs,
            target: target.max(LEAST_TARGET),
            wished_target: target.max(LEAST_TARGET),
            longest: None,
        }
    }

    /// Takes what is there already, from an earlier run.
    pub(crate) fn handle_found(&mut self, objects: impl IntoIterator<Item = ObjectKey>) {
        let found: BTreeSet<_> = objects.into_iter().collect();
        let wanted: BTreeSet<_> =
            self.fresh.iter().filter(|key| found.contains(*key)).cloned().collect();
        self.fresh.retain(|key| !wanted.contains(key));
        self.fresh_kinds = count_kinds(&self.fresh);
        self.received.extend(wanted);
    }

    /// What to ask for next, with so many `sessions` at work; `None` if there is nothing at the
    /// moment. Only who `takes_large` gets shards that others could not take.
    pub(crate) fn next_shard(&mut self, sessions: usize, takes_large: bool) -> Option<Shard> {
        let shard = match self.failed_shard(takes_large) {
            Some(shard) => shard,
            None => self.fresh_shard(sessions)?,
        };
        self.running = self.running.saturating_add(1);
        Some(shard)
    }

    /// A shard has come, with these objects in it; the server took `took` for it.
    pub(crate) fn handle_done(
        &mut self,
        shard: &Shard,
        received: impl IntoIterator<Item = ObjectKey>,
        skipped: &[Skipped],
        took: Duration,
    ) {
        self.running = self.running.saturating_sub(1);
        self.longest = self.longest.max(Some(took));
        self.costs.learn(&shard.objects, took);
        // A connection that broke by chance is forgotten, step by step.
        self.target = self.target.mul_f64(RECOVERY).min(self.wished_target);
        // Also what another shard is asked for: it is there.
        for key in received.into_iter().filter(|key| self.wanted.contains(key)) {
            self.skipped.remove(&key);
            self.received.insert(key);
        }
        let named = skipped.iter().filter(|skipped| !skipped.reason.is_empty());
        let reasons: BTreeMap<_, _> = named
            .map(|skipped| (ObjectKey::new(&skipped.kind, &skipped.name), &skipped.reason))
            .collect();
        for key in shard.objects.iter().filter(|key| !self.received.contains(*key)) {
            let says = reasons.get(key);
            let reason = says.map_or(Reason::None, |reason| Reason::given(reason));
            self.skipped.insert(key.clone(), reason);
        }
    }

    /// A shard gave nothing, after `took`.
    pub(crate) fn handle_failed(&mut self, shard: Shard, failure: ShardFailure, took: Duration) {
        self.running = self.running.saturating_sub(1);
        let is_single = shard.objects.len() <= 1;
        let (reason, most_tries) = match failure {
            ShardFailure::NotServed => return self.again.push_front(shard),
            ShardFailure::Refused(reason) => (reason, MOST_TRIES),
            ShardFailure::Broken(reason) => {
                self.note_limit(took);
                (reason, if is_single { MOST_TRIES_BROKEN } else { MOST_TRIES })
            }
            ShardFailure::TooLarge(_) if is_single && !shard.is_large => {
                return self.again.push_back(Shard { is_large: true, ..shard });
            }
            ShardFailure::TooLarge(reason) => (reason, 0),
        };
        let tries = shard.tries.saturating_add(1);
        // Its halves were looked at as a whole already, so that each of them has one try.
        let most_tries = if shard.is_rest && !is_single { 1 } else { most_tries };
        if tries < most_tries {
            self.again.push_back(Shard { tries, ..shard });
        } else if is_single {
            self.skip(shard.objects, &reason);
        } else {
            let mut first = shard.objects;
            let second = first.split_off(first.len().div_ceil(2));
            for objects in [first, second] {
                self.again.push_back(Shard { objects, is_large: false, tries: 0, is_rest: true });
            }
        }
    }

    /// Whether every object is received or skipped.
    pub(crate) fn is_done(&self) -> bool {
        self.running == 0 && self.fresh.is_empty() && self.again.is_empty()
    }

    /// Whether there is something to ask for that any session can take.
    pub(crate) fn has_waiting_for_all(&self) -> bool {
        !self.fresh.is_empty() || self.again.iter().any(|shard| !shard.is_large)
    }

    pub(crate) fn tally(&self) -> Tally {
        let settled = self.received.len().saturating_add(self.skipped.len());
        Tally { settled, total: self.wanted.len() }
    }

    /// Objects that were asked for and have come.
    pub(crate) fn received(&self) -> &BTreeSet<ObjectKey> {
        &self.received
    }

    /// Objects that were asked for and did not come.
    pub(crate) fn skipped(&self) -> &BTreeMap<ObjectKey, Reason> {
        &self.skipped
    }

    /// Gives up on these, but for what has come with another shard meanwhile.
    fn skip(&mut self, objects: Vec<ObjectKey>, reason: &str) {
        let reason = Reason::given(reason);
        let left = objects.into_iter().filter(|key| !self.received.contains(key));
        self.skipped.extend(left.map(|key| (key, reason.clone())));
    }

    /// The next shard that failed before, without what has come elsewhere since.
    fn failed_shard(&mut self, takes_large: bool) -> Option<Shard> {
        loop {
            let next = self.again.iter().position(|shard| takes_large || !shard.is_large)?;
            let mut shard = self.again.remove(next)?;
            shard.objects.retain(|key| !self.received.contains(key));
            if !shard.objects.is_empty() {
                return Some(shard);
            }
        }
    }

    fn fresh_shard(&mut self, sessions: usize) -> Option<Shard> {
        let left = self.costs.of_kinds(&self.fresh_kinds);
        let sessions = u32::try_from(sessions.max(1)).unwrap_or(u32::MAX);
        let tried = self.longest.map_or(FIRST_TARGET, |longest| {
            (longest.as_secs_f64() * MOST_GROWTH).max(LEAST_TARGET.as_secs_f64())
        });
        let part = left / f64::from(sessions) * PART_OF_SHARE;
        let most = part.max(LEAST_SHARE).min(self.target.as_secs_f64()).min(tried);
        let (mut objects, mut cost) = (Vec::new(), 0.0);
        while let Some(key) = self.fresh.last() {
            if self.received.contains(key) {
                self.pop_fresh();
                continue;
            }
            cost += self.costs.of(key);
            let is_full = cost > most || objects.len() >= MAX_SHARD_OBJECTS;
            if is_full && !objects.is_empty() {
                break;
            }
            objects.extend(self.pop_fresh());
        }
        let shard = Shard { objects, is_large: false, tries: 0, is_rest: false };
        (!shard.objects.is_empty()).then_some(shard)
    }

    fn pop_fresh(&mut self) -> Option<ObjectKey> {
        let key = self.fresh.pop()?;
        if let Some(count) = self.fresh_kinds.get_mut(key.kind()) {
            *count = count.saturating_sub(1);
        }
        Some(key)
    }

    /// A request that broke after so long may have been stopped for its length: others are to stay
    /// well below.
    fn note_limit(&mut self, took: Duration) {
        let half = took.mul_f64(0.5);
        if half >= LEAST_TARGET {
            self.target = self.target.min(half);
        }
    }
}

fn count_kinds(objects: &[ObjectKey]) -> BTreeMap<String, u32> {
    let mut kinds = BTreeMap::<_, u32>::new();
    for key in objects {
        let count = kinds.entry(key.kind().to_owned()).or_default();
        *count = count.saturating_add(1);
    }
    kinds
}

#[cfg(test)]
mod tests;
