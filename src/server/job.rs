//! One heavy request, from its admission to its last frame.

use std::pin::pin;
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::admission::Place;
use super::core::{Aliases, OperationId, Owner, Question, Started, StreamKey, StreamTerms};
use super::delivery::{Delivered, Delivery};
use super::growth::grow;
use super::keeper::Link;
use super::outbox::{Gone, Outbox, Outgoing};
use super::process::WorkProcess;
use super::refusal::Refusal;
use super::script::{Fate, Script};
use super::state::State;
use super::work::{Answer, Halt, Packing, Report, Work, Workplace, given_up};
use crate::proto::OperationKey;
use crate::proto::checksum::Sha256;

/// Where a request came from and where its answers go.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) state: Arc<State>,
    pub(super) outbox: Outbox,
    /// The number of the connection.
    pub(super) connection: u64,
    /// Who logged on, as far as that is known.
    pub(super) user: Arc<str>,
    /// What works for the connection.
    pub(super) process: WorkProcess,
    /// What its requests can be called in binary chunks.
    pub(super) aliases: Aliases,
}

/// What a request says beside what it asks for.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) terms: StreamTerms,
    /// With `resume` agreed on.
    pub(super) operation: Option<OperationKey>,
    pub(super) chunk_bytes: u64,
    /// The digest of domain, action and params.
    pub(super) digest: Sha256,
}

/// A heavy request that may run.
pub(super) struct Job {
    id: String,
    script: Script,
    task: Task,
    /// Whether the connection is to be cut before anything is done.
    is_doomed: bool,
}

enum Task {
    /// Follow the script to the letter.
    Raw,
    Answer {
        link: Link,
        work: Work,
        _place: Option<Place>,
    },
    Stream {
        link: Link,
        /// What is to be done first, if nobody else does it.
        bound: Option<Bound>,
    },
}

/// Work that ends with its connection.
struct Bound {
    operation: OperationId,
    work: Work,
    packing: Packing,
    _place: Option<Place>,
}

impl Job {
    /// Admits work, or attaches to what runs under the same key. From here on the request can be
    /// cancelled and granted more, even before it runs.
    pub(super) fn open(peer: &Peer, asked: Asked, work: Work) -> Result<Self, Refusal> {
        let state = &peer.state;
        let owner = asked.operation.map(|key| Owner { user: Arc::clone(&peer.user), key });
        let is_known = owner.as_ref().is_some_and(|owner| state.keeper.knows(owner));
        let place = if is_known { None } else { Some(state.admission.admit(Instant::now())?) };
        let script = state.script_for_stream();
        if let (Work::Export(export), false) = (&work, is_known) {
            export.count();
        }
        if script.raw_messages().is_some() {
            return Ok(Self { id: asked.id, script, task: Task::Raw, is_doomed: false });
        }
        let chunk_bytes = script.forced_chunk_bytes().unwrap_or(asked.chunk_bytes);
        let question = Question { owner, digest: asked.digest, chunk_bytes };
        let is_stream = asked.terms.is_stream;
        let packing = Packing { chunk_bytes, is_hashed: asked.terms.checksum, disk: None };
        let key = peer.key(&asked.id);
        let (started, link) = state.keeper.start(question, key, asked.terms)?;
        // An export is killed midway, wherever it runs.
        let is_midway = matches!(work, Work::Export(_)) && !matches!(started, Started::Attached(_));
        let is_doomed = script.fate() == Fate::Killed && !is_midway;
        let task = match started {
            Started::Bound(_) if !is_stream => Task::Answer { link, work, _place: place },
            Started::Bound(operation) => {
                let bound = Bound { operation, work, packing, _place: place };
                Task::Stream { link, bound: Some(bound) }
            }
            Started::Kept(operation) => {
                let disk = state.disk.clone();
                let packing = Packing { is_hashed: true, disk, ..packing };
                spawn_kept(peer, operation, work, packing, script.clone(), place);
                Task::Stream { link, bound: None }
            }
            Started::Attached(_) => Task::Stream { link, bound: None },
        };
        Ok(Self { id: asked.id, script, task, is_doomed })
    }

    /// Sends what is known to the keeper already.
    pub(super) fn resumed(peer: &Peer, id: String, link: Link) -> Self {
        let script = peer.state.script_for_stream();
        let is_doomed = script.fate() == Fate::Killed;
        Self { id, script, task: Task::Stream { link, bound: None }, is_doomed }
    }

    /// Sends everything that answers the request, or what the script puts there, unless that takes
    /// longer than requests may.
    pub(super) async fn run(self, peer: &Peer) -> Result<(), Gone> {
        let _stopwatch = peer.state.census.stopwatch();
        let key = peer.key(&self.id);
        if self.is_doomed {
            return Err(peer.crash(&key));
        }
        let Some(limit) = peer.state.request_limit else { return self.serve(peer).await };
        match timeout(limit, self.serve(peer)).await {
            Ok(served) => served,
            Err(_) => Err(peer.crash(&key)),
        }
    }

    async fn serve(self, peer: &Peer) -> Result<(), Gone> {
        let Self { id, script, mut task, .. } = self;
        let (state, outbox) = (&*peer.state, &peer.outbox);
        if script.fate() == Fate::Stalled {
            task.stall().await;
        }
        let at =
            Workplace { state, report: &Report::Nobody, script: &script, process: &peer.process };
        match task {
            Task::Raw => {
                outbox.send_raw(script.messages_before(), &id).await?;
                outbox.send_raw(script.raw_messages().unwrap_or_default(), &id).await?;
            }
            Task::Answer { mut link, work, _place } => {
                let answer = tokio::select! {
                    biased;
                    () = link.ended() => None,
                    answer = work.answer(&at) => Some(answer),
                };
                match answer {
                    None => return deliver(&mut link, &id, outbox, &script).await.map(drop),
                    Some(Err(Halt::Gone)) => return Err(Gone),
                    Some(Err(Halt::Crashed)) => return Err(peer.crash(&peer.key(&id))),
                    Some(Err(Halt::Refused(refusal))) => {
                        outbox.send(|| refusal.frame(&link.terms.frames, false)).await?;
                        link.handle_last_sent();
                        return Ok(());
                    }
                    Some(Ok(mut answer)) => {
                        if let Some(payload) = script.forced_payload() {
                            answer.force(payload);
                        }
                        outbox.send_raw(script.messages_before(), &id).await?;
                        let is_sent = send_answer(answer, &link, outbox).await?;
                        link.handle_last_sent();
                        if !is_sent {
                            return Ok(());
                        }
                    }
                }
            }
            Task::Stream {
                mut link,
                bound: Some(Bound { operation, work: Work::Check(check), packing, _place: place }),
            } => {
                let work = async {
                    let outcome = grow(&check, operation, packing, &at).await;
                    drop(place);
                    state.keeper.finish(operation, outcome);
                };
                let delivery = deliver(&mut link, &id, outbox, &script);
                if alongside(delivery, work).await? == Delivered::Broken {
                    return Ok(());
                }
            }
            Task::Stream { mut link, bound } => {
                let again = match bound {
                    Some(bound) => bound.run(&mut link, peer, &script).await?,
                    None => None,
                };
                if deliver(&mut link, &id, outbox, &script).await? == Delivered::Broken {
                    return Ok(());
                }
                if let Some(again) = again
                    && !send_answer(again, &link, outbox).await?
                {
                    return Ok(());
                }
            }
        }
        outbox.send_raw(script.messages_after(), &id).await
    }
}

impl Task {
    /// Waits until the request is to end without an answer, which it may never.
    async fn stall(&mut self) {
        match self {
            Self::Raw => std::future::pending().await,
            Self::Answer { link, .. } | Self::Stream { link, .. } => link.ended().await,
        }
    }
}

impl Peer {
    pub(super) fn key(&self, id: &str) -> StreamKey {
        StreamKey { connection: self.connection, id: id.into() }
    }

    /// Loses the connection's work process, and what it ran for a request.
    fn crash(&self, key: &StreamKey) -> Gone {
        self.process.die();
        self.state.keeper.crash_stream(key);
        Gone
    }
}

impl Bound {
    /// Works, unless the stream is to end meanwhile. Gives what is to be sent once more.
    async fn run(
        self,
        link: &mut Link,
        peer: &Peer,
        script: &Script,
    ) -> Result<Option<Answer>, Gone> {
        let Self { operation, work, packing, _place } = self;
        let state = &peer.state;
        let (frames, outbox) = (link.terms.frames.clone(), peer.outbox.clone());
        let report = Report::Client { frames, outbox };
        let at = Workplace { state, report: &report, script, process: &peer.process };
        let start = Instant::now().into_std();
        let run = async {
            let mut product = work.produce(&at).await?;
            if let Some(payload) = script.forced_payload() {
                product.force(payload);
            }
            let repeats = |bytes| state.profile.answers_again(bytes);
            let again = product.exported.take_if(|exported| repeats(exported.payload.len()));
            let outcome = product.pack(packing, start).await.map_err(Halt::Refused)?;
            Ok((outcome, again.map(Answer::Exported)))
        };
        let outcome = tokio::select! {
            biased;
            () = link.ended() => return Ok(None),
            outcome = run => outcome,
        };
        let (outcome, again) = match outcome {
            Ok((outcome, again)) => (Ok(outcome), again),
            Err(Halt::Gone) => return Err(Gone),
            Err(Halt::Crashed) => return Err(peer.crash(&link.key)),
            Err(Halt::Refused(refusal)) => (Err(refusal), None),
        };
        state.keeper.finish(operation, outcome);
        Ok(again)
    }
}

/// Runs work that outlives its connection.
fn spawn_kept(
    peer: &Peer,
    operation: OperationId,
    work: Work,
    packing: Packing,
    script: Script,
    place: Option<Place>,
) {
    let (state, process) = (Arc::clone(&peer.state), peer.process.clone());
    let (keeper, start) = (Arc::clone(&state.keeper), Instant::now().into_std());
    let run = async move {
        let _place = place;
        let report = Report::Keeper { keeper: Arc::clone(&keeper), operation };
        let at = Workplace { state: &state, report: &report, script: &script, process: &process };
        if let Work::Check(check) = &work {
            return grow(check, operation, packing, &at).await;
        }
        match work.produce(&at).await {
            Ok(mut product) => {
                if let Some(payload) = script.forced_payload() {
                    product.force(payload);
                }
                product.pack(packing, start).await
            }
            Err(Halt::Refused(refusal)) => Err(refusal),
            Err(Halt::Gone) => Err(given_up("nobody is told")),
            Err(Halt::Crashed) => {
                process.die();
                keeper.crash(operation);
                Err(given_up("nobody is told"))
            }
        }
    };
    peer.state.keeper.spawn(operation, run);
}

/// Waits for a delivery; the work for it goes on meanwhile, and is given up with it.
async fn alongside<T>(delivery: impl Future<Output = T>, work: impl Future<Output = ()>) -> T {
    let (mut delivery, work) = (pin!(delivery), pin!(work));
    tokio::select! {
        delivered = &mut delivery => delivered,
        () = work => delivery.await,
    }
}

async fn deliver(
    link: &mut Link,
    id: &str,
    outbox: &Outbox,
    script: &Script,
) -> Result<Delivered, Gone> {
    Delivery::new(link, id, outbox, script).send().await
}

/// Sends a single answer, or why it cannot be one.
async fn send_answer(answer: Answer, link: &Link, outbox: &Outbox) -> Result<bool, Gone> {
    let frames = link.terms.frames.clone();
    let is_stream = link.terms.is_stream;
    let place = outbox.place().await?;
    let write = {
        let frames = frames.clone();
        move || answer.write(&frames)
    };
    let text = spawn_blocking(write).await.map_err(given_up).and_then(|text| text);
    let is_sent = text.is_ok();
    let text = text.unwrap_or_else(|refusal| refusal.frame(&frames, is_stream));
    place.fill(Outgoing::text(text));
    Ok(is_sent)
}
