//! The requests of one connection, side by side or one after the other.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, debug, info_span};

use super::admission::{Busy, PLACE_RETRY, Place};
use super::deployed;
use super::domain::{self, Export, Task};
use super::limits::{MAX_ID_BYTES, MAX_QUEUED_BYTES, MAX_TRANSFERS, REQUEST_OVERHEAD_BYTES};
use super::outbox::{Gone, Outbox};
use super::profile::Profile;
use super::refusal::{Refusal, shown};
use super::state::State;
use crate::proto::MessageId;
use crate::proto::frame::write::FrameWriter;
use crate::proto::request::IncomingRequest;

/// Takes the requests of one connection; dropping it gives up whatever still runs.
pub(super) struct Requests {
    state: Arc<State>,
    outbox: Outbox,
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

/// A heavy request that may run.
struct Job {
    id: String,
    export: Export,
    place: Place,
    span: Span,
}

impl Requests {
    pub(super) fn new(state: Arc<State>, outbox: Outbox) -> Self {
        let mut tasks = JoinSet::new();
        let waiting = (!state.profile.is_concurrent()).then(|| {
            let (sender, mut receiver) = mpsc::unbounded_channel::<(String, _)>();
            let (state, outbox) = (Arc::clone(&state), outbox.clone());
            let in_turn = async move {
                while let Some((text, _room)) = receiver.recv().await {
                    if serve(&state, &outbox, &text).await.is_err() {
                        break;
                    }
                }
            };
            tasks.spawn(in_turn.in_current_span());
            Queue { sender, room: Arc::new(Semaphore::new(MAX_QUEUED_BYTES)) }
        });
        Self { state, outbox, tasks, waiting }
    }

    /// Takes a text message.
    pub(super) async fn handle(&mut self, text: &str) -> Result<(), Gone> {
        if let Some(queue) = &self.waiting {
            return queue.push(text).await;
        }
        while self.tasks.try_join_next().is_some() {}
        let has_room = self.tasks.len() < MAX_TRANSFERS;
        if let Some(job) = accept(&self.state, &self.outbox, text, has_room).await? {
            let (state, outbox) = (Arc::clone(&self.state), self.outbox.clone());
            let span = job.span.clone();
            let run = async move {
                // There is nobody to tell that the connection is gone.
                let _ = job.run(&state, &outbox).await;
            };
            self.tasks.spawn(run.instrument(span));
        }
        Ok(())
    }

    /// Takes a binary message, which nobody agreed on.
    pub(super) async fn refuse_binary(&self) -> Result<(), Gone> {
        refuse_unreadable(&self.outbox, "a binary message is no request").await
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

impl Job {
    async fn run(self, state: &State, outbox: &Outbox) -> Result<(), Gone> {
        let ended = self.export.run(&self.id, state, outbox).await;
        drop(self.place);
        ended
    }
}

/// Reads a request and answers it, however long that takes.
async fn serve(state: &State, outbox: &Outbox, text: &str) -> Result<(), Gone> {
    match accept(state, outbox, text, true).await? {
        Some(job) => {
            let span = job.span.clone();
            job.run(state, outbox).instrument(span).await
        }
        None => Ok(()),
    }
}

/// Reads a request and answers it, unless it is a heavy one that may run.
async fn accept(
    state: &State,
    outbox: &Outbox,
    text: &str,
    has_room: bool,
) -> Result<Option<Job>, Gone> {
    if state.profile == Profile::Deployed {
        return accept_as_deployed(state, outbox, text).await;
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
    let (domain, action) = (shown(&request.domain), shown(&request.action));
    let span = info_span!("request", id = %request.id, ?domain, ?action);
    span.in_scope(|| debug!("request comes in"));
    let frames = FrameWriter::new(&request.id);
    let busy = Busy { retry_after: PLACE_RETRY };
    let refusal = match domain::route(&request, state) {
        Ok(Task::Answer(data)) => {
            outbox.send(|| frames.answer(&data)).await?;
            return Ok(None);
        }
        Ok(Task::Export(_)) if !has_room => busy.into(),
        Ok(Task::Export(export)) => match state.admission.admit(Instant::now()) {
            Ok(place) => return Ok(Some(Job { id: request.id, export, place, span })),
            Err(busy) => busy.into(),
        },
        Err(refusal) => refusal,
    };
    span.in_scope(|| debug!(code = refusal.code, "request refused"));
    outbox.send(|| refusal.frame(&frames, request.stream)).await?;
    Ok(None)
}

/// As [`accept`], for the profile that reads and writes in its own way.
async fn accept_as_deployed(
    state: &State,
    outbox: &Outbox,
    text: &str,
) -> Result<Option<Job>, Gone> {
    let request = deployed::Incoming::read(text).filter(|read| read.id.len() <= MAX_ID_BYTES);
    let Some(request) = request else {
        debug!("request not readable");
        return outbox.send(deployed::unreadable).await.map(|()| None);
    };
    let (id, domain, action) = (&request.id, shown(&request.domain), shown(&request.action));
    let span = info_span!("request", ?id, ?domain, ?action);
    span.in_scope(|| debug!("request comes in"));
    let refusal = match deployed::route(&request, state) {
        Ok(deployed::Task::Answer(data)) => {
            outbox.send(|| deployed::success(id, &data)).await?;
            return Ok(None);
        }
        Ok(deployed::Task::Silence) => return Ok(None),
        Ok(deployed::Task::Export(export)) => match state.admission.admit(Instant::now()) {
            Ok(place) => return Ok(Some(Job { id: request.id, export, place, span })),
            Err(busy) => busy.into(),
        },
        Err(refusal) => refusal,
    };
    span.in_scope(|| debug!(code = refusal.code, "request refused"));
    outbox.send(|| deployed::failure(id, &refusal)).await?;
    Ok(None)
}

/// Answers what has no id that an answer could carry. *Source*: PROTOCOL 9.
async fn refuse_unreadable(outbox: &Outbox, message: &str) -> Result<(), Gone> {
    debug!(message, "request not readable");
    let frames = FrameWriter::new(MessageId::RESERVED[1]);
    outbox.send(|| frames.refusal(Refusal::PARSE_ERROR, message, None)).await
}
