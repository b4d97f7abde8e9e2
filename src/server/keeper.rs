//! The operations of a server in its runtime: tasks, wake-ups and the clock around the core.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

use super::core::{
    Change, Loss, Next, OperationId, Operations, Outcome, Owner, Payload, Question, ResumeCheck,
    Retention, Started, StreamKey, StreamTerms,
};
use super::refusal::Refusal;
use crate::proto::{Control, Resume};

/// Keeps operations while nobody is connected, and tells streams that there is something to send.
///
/// The lock is held for decisions only, never while bytes are read, hashed or sent.
pub(super) struct Keeper {
    inner: Mutex<Inner>,
    /// Told when something may expire earlier than it would have.
    rearm: Notify,
}

struct Inner {
    core: Operations,
    running: HashMap<OperationId, Running>,
}

/// What belongs to an operation that the core knows.
#[derive(Default)]
struct Running {
    changed: watch::Sender<()>,
    /// The task that runs it, if it outlives its connection.
    task: Option<AbortHandle>,
}

/// One request's view of the operation that it is sent.
pub(super) struct Link {
    keeper: Arc<Keeper>,
    pub(super) key: StreamKey,
    changed: watch::Receiver<()>,
    pub(super) terms: StreamTerms,
}

impl Keeper {
    pub(super) fn new(retention: Retention, epoch: String) -> Self {
        let core = Operations::new(retention, epoch);
        Self { inner: Mutex::new(Inner { core, running: HashMap::new() }), rearm: Notify::new() }
    }

    /// Starts an operation or attaches to a known one. Kept ones are then to be
    /// [`spawned`](Self::spawn).
    pub(super) fn start(
        self: &Arc<Self>,
        question: Question,
        key: StreamKey,
        terms: StreamTerms,
    ) -> Result<(Started, Link), Refusal> {
        self.act(|inner| {
            let started = inner.core.start(question, key.clone(), terms.clone(), now())?;
            let (Started::Bound(id) | Started::Kept(id) | Started::Attached(id)) = started;
            Ok((started, self.link(inner, id, key, terms)))
        })
    }

    /// How many operations it knows: those that run, those that are sent, and those that are kept.
    pub(super) fn len(&self) -> usize {
        self.lock().core.len()
    }

    /// Whether a request of this name still gets frames.
    pub(super) fn has_stream(&self, key: &StreamKey) -> bool {
        self.lock().core.has_stream(key)
    }

    /// Whether the operation is known, so that attaching to it starts nothing.
    pub(super) fn knows(&self, owner: &Owner) -> bool {
        self.lock().core.knows(owner)
    }

    pub(super) fn check_resume(
        &self,
        owner: &Owner,
        resume: Resume,
    ) -> Result<ResumeCheck, Refusal> {
        self.act(|inner| inner.core.check_resume(owner, resume, now()))
    }

    pub(super) fn resume(
        self: &Arc<Self>,
        check: &ResumeCheck,
        is_right: bool,
        key: StreamKey,
        terms: StreamTerms,
    ) -> Result<Link, Refusal> {
        self.act(|inner| {
            let id = inner.core.resume(check, is_right, key.clone(), terms.clone())?;
            Ok(self.link(inner, id, key, terms))
        })
    }

    /// Does what a control says, for a user on a connection.
    pub(super) fn control(&self, control: Control, user: &Arc<str>, connection: u64) {
        let target = |id: &str| StreamKey { connection, id: id.into() };
        self.act(|inner| match control {
            Control::Cancel { target: id } => inner.core.cancel(&target(id.as_str())),
            Control::Credit { target: id, up_to } => {
                inner.core.handle_credit(&target(id.as_str()), up_to);
            }
            Control::Release { operation: key } => {
                inner.core.release(&Owner { user: Arc::clone(user), key });
            }
        });
    }

    /// Runs a kept operation to its outcome, whoever is connected.
    pub(super) fn spawn(
        self: &Arc<Self>,
        id: OperationId,
        run: impl Future<Output = Result<Outcome, Refusal>> + Send + 'static,
    ) {
        let keeper = Arc::clone(self);
        let mut inner = self.lock();
        // It may have been freed since it was started.
        let Some(running) = inner.running.get_mut(&id) else { return };
        let run = async move {
            let unfinished = Unfinished { keeper, id };
            let outcome = run.await;
            unfinished.keeper.finish(id, outcome);
        };
        running.task = Some(tokio::spawn(run).abort_handle());
    }

    pub(super) fn finish(&self, id: OperationId, outcome: Result<Outcome, Refusal>) {
        self.act(|inner| inner.core.handle_outcome(id, outcome));
    }

    /// The operation is lost with the process that ran it.
    pub(super) fn crash(&self, id: OperationId) {
        self.act(|inner| inner.core.crash(id));
    }

    /// So is the operation that this stream sends.
    pub(super) fn crash_stream(&self, key: &StreamKey) {
        self.act(|inner| inner.core.crash_stream(key));
    }

    pub(super) fn report_progress(&self, id: OperationId, done: u64, total: u64, item: &str) {
        self.act(|inner| inner.core.handle_progress(id, done, total, item.into()));
    }

    pub(super) fn report_warning(
        &self,
        id: OperationId,
        item: &str,
        code: &'static str,
        message: &str,
    ) {
        self.act(|inner| inner.core.handle_warning(id, item.into(), code, message.into()));
    }

    /// There is more of a payload that is sent while it is made.
    pub(super) fn report_growth(&self, id: OperationId, payload: &Arc<Payload>) {
        self.act(|inner| inner.core.handle_growth(id, payload));
    }

    /// A connection is gone, and all its requests.
    pub(super) fn disconnect(&self, connection: u64, loss: Loss) {
        self.act(|inner| inner.core.handle_disconnected(connection, loss, now()));
        self.rearm.notify_one();
    }

    /// Frees what expires, for as long as it is polled.
    pub(super) async fn sweep(&self) {
        loop {
            let next = self.act(|inner| {
                inner.core.handle_timeout(now());
                inner.core.next_timeout()
            });
            let due = async {
                match next {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.rearm.notified() => {}
            }
        }
    }

    /// Stops and forgets everything.
    pub(super) fn stop(&self) {
        let mut inner = self.lock();
        for running in inner.running.values() {
            if let Some(task) = &running.task {
                task.abort();
            }
        }
        inner.running.clear();
        inner.core.clear();
    }

    fn link(
        self: &Arc<Self>,
        inner: &mut Inner,
        id: OperationId,
        key: StreamKey,
        terms: StreamTerms,
    ) -> Link {
        let changed = inner.running.entry(id).or_default().changed.subscribe();
        let terms = inner.core.terms(&key).cloned().unwrap_or(terms);
        Link { keeper: Arc::clone(self), key, changed, terms }
    }

    /// Lets the core decide something, and tells those whom it concerns.
    fn act<T>(&self, decide: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let outcome = decide(&mut inner);
        for change in inner.core.poll_changes() {
            match change {
                Change::Changed(id) => {
                    if let Some(running) = inner.running.get(&id) {
                        running.changed.send_replace(());
                    }
                }
                Change::Freed(id) => {
                    // Its streams wake up as the sender goes.
                    if let Some(task) = inner.running.remove(&id).and_then(|running| running.task) {
                        task.abort();
                    }
                }
            }
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

impl Link {
    /// What to send next, once there is something; never [`Next::Wait`].
    pub(super) async fn next(&mut self) -> Next {
        loop {
            self.changed.mark_unchanged();
            let next = self.keeper.act(|inner| inner.core.poll(&self.key, now()));
            let Next::Wait(at) = next else { return next };
            self.wait(at).await;
        }
    }

    /// Resolves once an error is the next thing to send, or nothing is.
    pub(super) async fn ended(&mut self) {
        loop {
            self.changed.mark_unchanged();
            if self.is_ended() || self.changed.changed().await.is_err() {
                return;
            }
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.keeper.lock().core.is_ended(&self.key)
    }

    /// The chunks up to this one were sent.
    pub(super) fn handle_sent(&self, seq: u64) {
        self.keeper.act(|inner| inner.core.handle_sent(&self.key, seq));
    }

    /// Whether the complete frame may be sent, since nothing else was faster.
    pub(super) fn close(&self) -> bool {
        self.keeper.lock().core.close(&self.key)
    }

    /// The last frame was sent.
    pub(super) fn handle_last_sent(&self) {
        self.keeper.act(|inner| inner.core.handle_last_sent(&self.key, now()));
        self.keeper.rearm.notify_one();
    }

    async fn wait(&mut self, until: Option<Instant>) {
        let due = async {
            match until {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            _ = self.changed.changed() => {}
        }
    }
}

/// An operation whose task may end without an outcome, by a panic.
struct Unfinished {
    keeper: Arc<Keeper>,
    id: OperationId,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Changes nothing where there was an outcome, or where the operation was freed.
        let refusal = Refusal::new(Refusal::SERVICE_EXCEPTION, "the operation was given up");
        self.keeper.finish(self.id, Err(refusal));
    }
}

/// The runtime's time, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::proto::checksum::Sha256;
    use crate::proto::frame::write::FrameWriter;
    use crate::proto::{Alias, OperationKey};

    #[test]
    fn a_link_has_the_terms_that_were_decided() {
        let key = StreamKey { connection: 1, id: "a".into() };
        let terms = StreamTerms {
            frames: FrameWriter::new("a"),
            is_stream: true,
            checksum: false,
            resume: true,
            alias: Alias::new(7),
            window: None,
        };
        for max_operations in [0, 1] {
            let retention = Retention { ttl: Duration::ZERO, max_bytes: 0, max_operations };
            let keeper = Arc::new(Keeper::new(retention, "e".into()));
            let owner = Owner { user: "".into(), key: OperationKey::from_random([1; 16]) };
            let digest = Sha256::of(b"");
            let question = Question { owner: Some(owner), digest, chunk_bytes: 3 };
            let started = keeper.start(question, key.clone(), terms.clone());
            let Ok((_, link)) = started else { panic!() };
            // What cannot be kept is not accepted, and has no alias either.
            assert_eq!(link.terms.alias.is_some(), max_operations == 1);
        }
    }
}
