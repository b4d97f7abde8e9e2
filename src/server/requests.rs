//! The requests of one connection, side by side or one after the other.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span, debug, info_span};

use super::admission::{Busy, PLACE_RETRY};
use super::core::StreamTerms;
use super::deployed;
use super::domain::{self, Task};
use super::job::{Asked, Job, Peer};
use super::limits::{MAX_ID_BYTES, MAX_QUEUED_BYTES, MAX_TRANSFERS, REQUEST_OVERHEAD_BYTES};
use super::outbox::{Gone, Outbox};
use super::profile::Profile;
use super::refusal::{Refusal, shown};
use super::steering::steer;
use super::work::Work;
use crate::proto::checksum::Sha256;
use crate::proto::frame::write::FrameWriter;
use crate::proto::request::{IncomingRequest, STREAM_DOMAIN};
use crate::proto::{Feature, MessageId};

/// Takes the requests of one connection; dropping it gives up whatever ends with the connection.
pub(super) struct Requests {
    peer: Peer,
    /// The heavy requests that run, or the one task that takes all requests in turn.
    tasks: JoinSet<()>,
    /// Where requests wait for their turn, if they are to.
    waiting: Option<Queue>,
}

/// Requests that wait for their turn, bounded by their bytes and not by their number, so that the
/// socket is read, and pings are answered, while a request takes its time.
struct Queue {
    sender: mpsc::UnboundedSender<(String, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
}

impl Requests {
    pub(super) fn new(peer: Peer) -> Self {
        let mut tasks = JoinSet::new();
        let waiting = (!peer.state.profile.is_concurrent()).then(|| {
            let (sender, mut receiver) = mpsc::unbounded_channel::<(String, _)>();
            let peer = peer.clone();
            let in_turn = async move {
                while let Some((text, _room)) = receiver.recv().await {
                    if serve(&peer, &text).await.is_err() {
                        break;
                    }
                }
            };
            tasks.spawn(in_turn.in_current_span());
            Queue { sender, room: Arc::new(Semaphore::new(MAX_QUEUED_BYTES)) }
        });
        Self { peer, tasks, waiting }
    }

    /// Takes a text message.
    pub(super) async fn handle(&mut self, text: &str) -> Result<(), Gone> {
        if let Some(queue) = &self.waiting {
            return queue.push(text).await;
        }
        while self.tasks.try_join_next().is_some() {}
        let has_room = self.tasks.len() < MAX_TRANSFERS;
        if let Some((job, span)) = accept(&self.peer, text, has_room).await? {
            let peer = self.peer.clone();
            let run = async move {
                // There is nobody to tell that the connection is gone.
                let _ = job.run(&peer).await;
            };
            self.tasks.spawn(run.instrument(span));
        }
        Ok(())
    }

    /// Takes a binary message, which nobody agreed on.
    pub(super) async fn refuse_binary(&self) -> Result<(), Gone> {
        refuse_unreadable(&self.peer.outbox, "a binary message is no request").await
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.tasks.abort_all();
        let Peer { state, connection, .. } = self.peer.clone();
        let loss = state.script.loss();
        state.keeper.disconnect(connection, loss);
        // A task that runs at this moment goes on to where it waits next, and until then may attach to
        // an operation, which would be on this connection for ever.
        let mut tasks = std::mem::take(&mut self.tasks);
        if !tasks.is_empty()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                while tasks.join_next().await.is_some() {}
                state.keeper.disconnect(connection, loss);
            });
        }
    }
}

impl Queue {
    async fn push(&self, text: &str) -> Result<(), Gone> {
        let charge = text.len().saturating_add(REQUEST_OVERHEAD_BYTES).min(MAX_QUEUED_BYTES);
        let charge = u32::try_from(charge).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(charge).await.map_err(|_| Gone)?;
        self.sender.send((text.into(), room)).map_err(|_| Gone)
    }
}

/// Reads a request and answers it, however long that takes.
async fn serve(peer: &Peer, text: &str) -> Result<(), Gone> {
    match accept(peer, text, true).await? {
        Some((job, span)) => job.run(peer).instrument(span).await,
        None => Ok(()),
    }
}

/// Reads a request and answers it, unless it is a heavy one that may run.
async fn accept(peer: &Peer, text: &str, has_room: bool) -> Result<Option<(Job, Span)>, Gone> {
    let (state, outbox) = (&peer.state, &peer.outbox);
    if state.profile == Profile::Deployed {
        return accept_as_deployed(peer, text).await;
    }
    let request = match IncomingRequest::read(text) {
        Ok(request) if request.id.len() <= MAX_ID_BYTES => request,
        Ok(_) => {
            refuse_unreadable(outbox, &format!("id is longer than {MAX_ID_BYTES} bytes")).await?;
            return Ok(None);
        }
        Err(error) => {
            refuse_unreadable(outbox, shown(&error.to_string())).await?;
            return Ok(None);
        }
    };
    let span = span(&request.id, &request.domain, &request.action);
    let frames = FrameWriter::new(&request.id);
    let is_steering = request.domain == STREAM_DOMAIN && state.features.is_some();
    let is_resume = is_steering && request.action == "resume";
    let is_stream = request.stream || is_resume;
    let is_light = is_steering && !is_resume;
    let outcome = if is_light || (is_resume && has_room) {
        if is_resume && peer.state.keeper.has_stream(&peer.key(&request.id)) {
            return refuse_unreadable(outbox, "id is in use").await.map(|()| None);
        }
        steer(peer, &request, terms(peer, &request, is_resume)).await?
    } else if is_resume {
        Err(Busy { retry_after: PLACE_RETRY }.into())
    } else {
        match domain::route(&request, state) {
            Ok(Task::Answer(data)) => {
                outbox.send(|| frames.answer(&data)).await?;
                Ok(None)
            }
            Ok(Task::Heavy(_)) if !has_room => Err(Busy { retry_after: PLACE_RETRY }.into()),
            Ok(Task::Heavy(_)) if peer.state.keeper.has_stream(&peer.key(&request.id)) => {
                return refuse_unreadable(outbox, "id is in use").await.map(|()| None);
            }
            Ok(Task::Heavy(work)) => {
                let asked = asked(peer, &request, &work);
                Job::open(peer, asked, work).map(Some)
            }
            Err(refusal) => Err(refusal),
        }
    };
    match outcome {
        Ok(job) => Ok(job.map(|job| (job, span))),
        Err(refusal) => {
            span.in_scope(|| debug!(code = refusal.code, "request refused"));
            outbox.send(|| refusal.frame(&frames, is_stream)).await?;
            Ok(None)
        }
    }
}

/// As [`accept`], for the profile that reads and writes in its own way.
async fn accept_as_deployed(peer: &Peer, text: &str) -> Result<Option<(Job, Span)>, Gone> {
    let outbox = &peer.outbox;
    let request = deployed::Incoming::read(text).filter(|read| read.id.len() <= MAX_ID_BYTES);
    let Some(request) = request else {
        debug!("request not readable");
        return outbox.send(deployed::unreadable).await.map(|()| None);
    };
    let id = &request.id;
    let span = span(id, &request.domain, &request.action);
    let outcome = match deployed::route(&request, &peer.state) {
        Ok(deployed::Task::Answer(data)) => {
            outbox.send(|| deployed::success(id, &data)).await?;
            return Ok(None);
        }
        Ok(deployed::Task::Silence) => return Ok(None),
        Ok(deployed::Task::Export(export)) => {
            let terms = StreamTerms {
                frames: peer.state.profile.frames(id),
                is_stream: false,
                checksum: false,
                resume: false,
                alias: None,
                window: None,
            };
            let asked = Asked {
                id: id.clone(),
                terms,
                operation: None,
                chunk_bytes: 1,
                digest: Sha256([0; 32]),
            };
            Job::open(peer, asked, Work::Export(export))
        }
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(job) => Ok(Some((job, span))),
        Err(refusal) => {
            span.in_scope(|| debug!(code = refusal.code, "request refused"));
            outbox.send(|| deployed::failure(id, &refusal)).await?;
            Ok(None)
        }
    }
}

fn span(id: &str, domain: &str, action: &str) -> Span {
    let (domain, action) = (shown(domain), shown(action));
    let span = info_span!("request", ?id, ?domain, ?action);
    span.in_scope(|| debug!("request comes in"));
    span
}

fn asked(peer: &Peer, request: &IncomingRequest, work: &Work) -> Asked {
    let is_stream = request.stream && work.can_stream();
    let terms = terms(peer, request, is_stream);
    Asked {
        id: request.id.clone(),
        operation: request.operation.clone().filter(|_| terms.resume),
        terms,
        chunk_bytes: peer.state.profile.chunk_bytes(request.chunk_bytes),
        digest: question(request),
    }
}

fn terms(peer: &Peer, request: &IncomingRequest, is_stream: bool) -> StreamTerms {
    let state = &peer.state;
    let agreed = state.features.unwrap_or_default().agreed(request.features);
    let is_binary = is_stream && agreed.contains(Feature::Binary) && !state.script.gives_no_alias();
    StreamTerms {
        frames: state.profile.frames(&request.id),
        is_stream,
        checksum: agreed.contains(Feature::Checksum),
        resume: is_stream && request.operation.is_some() && agreed.contains(Feature::Resume),
        // Without one, once there are none left, chunks go as text.
        alias: is_binary.then(|| peer.aliases.mint()).flatten(),
        window: request.window.filter(|_| agreed.contains(Feature::Credit)),
    }
}

/// Names what is asked for, so that one key cannot stand for two questions. *Source*: PROTOCOL 6.4.
fn question(request: &IncomingRequest) -> Sha256 {
    // The keys of the params are in order, whatever order they came in.
    let text = serde_json::to_vec(&(&request.domain, &request.action, &request.params));
    Sha256::of(&text.unwrap_or_default())
}

/// Answers what has no id that an answer could carry. *Source*: PROTOCOL 9.
async fn refuse_unreadable(outbox: &Outbox, message: &str) -> Result<(), Gone> {
    debug!(message, "request not readable");
    let frames = FrameWriter::new(MessageId::RESERVED[1]);
    outbox.send(|| frames.refusal(Refusal::PARSE_ERROR, message, None)).await
}
