//! The server's half: its core, and what a session does with it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use serde_json::value::to_raw_value;

use super::super::{
    Change, Loss, Next, OperationId, Operations, Outcome, Owner, Pace, Payload, Question,
    Retention, Started, StreamKey, StreamTerms,
};
use super::setup::{Hidden, Setup, Step, ordered};
use crate::proto::checksum::Sha256;
use crate::proto::frame::write::FrameWriter;
use crate::proto::request::IncomingRequest;
use crate::proto::{Control, Feature, OperationKey, Resume};
use crate::server::refusal::Refusal;

#[derive(Clone, Debug)]
pub(super) struct Server {
    setup: Rc<Setup>,
    pub(super) core: Operations,
    /// Every run of the operation there has been.
    pub(super) runs: Vec<Run>,
    sendings: Vec<Sending>,
    /// Frames by the connection they go out on.
    outgoing: Vec<(u64, String)>,
    /// When the next chunk is made.
    wake: Option<Instant>,
}

/// One run of the operation.
#[derive(Clone, Debug)]
pub(super) struct Run {
    id: OperationId,
    start: Instant,
    /// How much of the plan is done; all of it once the run was stopped.
    done: usize,
    payload: usize,
    /// How often each chunk was sent.
    sent: Vec<u16>,
}

/// A stream that is being sent.
#[derive(Clone, Debug)]
struct Sending {
    operation: OperationId,
    key: StreamKey,
    terms: StreamTerms,
    /// Chunks that may go out, with what they are chunks of.
    batch: VecDeque<u64>,
    payload: Option<Arc<Payload>>,
    last: u64,
}

impl Server {
    pub(super) fn new(setup: &Rc<Setup>) -> Self {
        Self {
            setup: Rc::clone(setup),
            core: core(setup, "e"),
            runs: Vec::new(),
            sendings: Vec::new(),
            outgoing: Vec::new(),
            wake: None,
        }
    }

    /// The server is another process now, which knows nothing.
    pub(super) fn restart(&mut self) {
        self.core = core(&self.setup, "f");
        self.sendings.clear();
        for run in &mut self.runs {
            run.done = usize::MAX;
        }
    }

    /// Has this payload under the same names from now on, in chunks of that size.
    pub(super) fn swap_payload(&mut self, payload: usize, chunk_bytes: u64, now: Instant) {
        let other = Setup { chunk_bytes, ..Setup::clone(&self.setup) };
        for operation in self.core.known.values_mut().filter(|op| op.outcome.is_some()) {
            operation.outcome = Some(Ok(outcome(&other, payload, now)));
        }
    }

    /// Whether it keeps anything under a key.
    pub(super) fn keeps(&self, key: &OperationKey) -> bool {
        self.core.knows(&owner(key.clone()))
    }

    pub(super) fn handle_text(&mut self, connection: u64, text: &str, now: Instant) {
        let request = IncomingRequest::read(text).unwrap();
        let refused = match Control::read(&request) {
            Some(control) => {
                self.handle_control(connection, control.unwrap());
                let done = format!("{{\"id\":\"{}\",\"success\":true}}", request.id);
                self.outgoing.push((connection, done));
                None
            }
            None => self.open(connection, &request, now).err(),
        };
        if let Some(refusal) = refused {
            let frame = refusal.frame(&FrameWriter::new(&request.id), request.stream);
            self.outgoing.push((connection, frame));
        }
        self.note_changes();
    }

    fn handle_control(&mut self, connection: u64, control: Control) {
        let target = |id: &str| StreamKey { connection, id: id.into() };
        match control {
            Control::Cancel { target: id } => self.core.cancel(&target(id.as_str())),
            Control::Credit { target: id, up_to } => {
                self.core.handle_credit(&target(id.as_str()), up_to);
            }
            Control::Release { operation } => self.core.release(&owner(operation)),
        }
    }

    /// Starts, attaches or resumes.
    fn open(
        &mut self,
        connection: u64,
        request: &IncomingRequest,
        now: Instant,
    ) -> Result<(), Refusal> {
        let agreed = request.features.agreed(self.setup.features);
        let key = StreamKey { connection, id: request.id.as_str().into() };
        assert!(!self.core.has_stream(&key), "an id came twice");
        let terms = StreamTerms {
            frames: FrameWriter::new(&request.id),
            is_stream: request.stream,
            checksum: agreed.contains(Feature::Checksum),
            resume: request.operation.is_some() && agreed.contains(Feature::Resume),
            alias: None,
            window: request.window.filter(|_| agreed.contains(Feature::Credit)),
        };
        let operation = if let Some(resume) = Resume::read(request) {
            let resume = resume.unwrap();
            let owner = owner(resume.operation.clone());
            let check = self.core.check_resume(&owner, resume, now)?;
            let is_right = check.is_right().unwrap();
            self.core.resume(&check, is_right, key.clone(), terms.clone())?
        } else {
            let is_kept = agreed.contains(Feature::Resume);
            let question = Question {
                owner: request.operation.clone().filter(|_| is_kept).map(owner),
                digest: Sha256::of(b"export"),
                chunk_bytes: request.chunk_bytes.unwrap().min(self.setup.chunk_bytes),
            };
            match self.core.start(question, key.clone(), terms.clone(), now)? {
                Started::Attached(id) => id,
                Started::Kept(id) | Started::Bound(id) => {
                    let sent = vec![0; usize::try_from(self.setup.chunks()).unwrap()];
                    let payload = self.runs.len().min(1);
                    self.runs.push(Run { id, start: now, done: 0, payload, sent });
                    id
                }
            }
        };
        let (batch, payload) = (VecDeque::new(), None);
        self.sendings.push(Sending { operation, key, terms, batch, payload, last: 0 });
        Ok(())
    }

    pub(super) fn handle_disconnected(&mut self, connection: u64, loss: Loss, now: Instant) {
        self.core.handle_disconnected(connection, loss, now);
        self.sendings.retain(|sending| sending.key.connection != connection);
        self.note_changes();
    }

    /// Works on what is due, and frees what has expired.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let setup = Rc::clone(&self.setup);
        for run in &mut self.runs {
            while let Some((after, step)) = setup.plan.get(run.done) {
                if run.start + *after > now {
                    break;
                }
                run.done += 1;
                match *step {
                    Step::Progress(n) => {
                        self.core.handle_progress(run.id, n, 100, format!("CLAS ZCL_{n}"));
                    }
                    Step::Warning(n) => {
                        self.core.handle_warning(run.id, format!("PROG Z{n}"), "ODD", "odd".into());
                    }
                    Step::Finish => {
                        self.core.handle_outcome(run.id, Ok(outcome(&setup, run.payload, now)));
                    }
                    Step::Fail => {
                        let refusal = Refusal::new(Refusal::GIT_ERROR, "no such package");
                        self.core.handle_outcome(run.id, Err(refusal));
                    }
                }
            }
        }
        self.core.handle_timeout(now);
        self.note_changes();
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let due = |run: &Run| Some(run.start + self.setup.plan.get(run.done)?.0);
        let work = self.runs.iter().filter_map(due).min();
        [work, self.core.next_timeout(), self.wake].into_iter().flatten().min()
    }

    /// The next frame to send, if the line it goes out on has room.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        has_room: impl Fn(u64) -> bool,
    ) -> Option<(u64, String)> {
        if !self.outgoing.is_empty() {
            return Some(self.outgoing.remove(0));
        }
        self.wake = None;
        for at in 0..self.sendings.len() {
            let connection = self.sendings[at].key.connection;
            if has_room(connection)
                && let Some(text) = self.poll_stream(at, now)
            {
                let text = match self.setup.tamper {
                    Some(tamper) => tamper(text),
                    None => text,
                };
                return Some((connection, text));
            }
        }
        let core = &self.core;
        self.sendings.retain(|sending| core.has_stream(&sending.key));
        None
    }

    fn poll_stream(&mut self, at: usize, now: Instant) -> Option<String> {
        let sending = &mut self.sendings[at];
        let (core, key, frames) = (&mut self.core, &sending.key, &sending.terms.frames);
        if core.is_ended(key) {
            sending.batch.clear();
        }
        loop {
            if let (Some(seq), Some(payload)) = (sending.batch.pop_front(), &sending.payload) {
                let run = self.runs.iter_mut().find(|run| run.id == sending.operation).unwrap();
                run.sent[usize::try_from(seq - 1).unwrap()] += 1;
                let offset = payload.border(seq).filter(|_| sending.terms.checksum);
                let text = frames.chunk(seq, &payload.chunk(seq).unwrap(), offset);
                if sending.batch.is_empty() {
                    core.handle_sent(key, sending.last);
                }
                return Some(text);
            }
            match core.poll(key, now) {
                Next::Frame(text) => return Some(text),
                Next::Chunks { payload, seqs } => {
                    sending.last = *seqs.end();
                    sending.payload = Some(payload);
                    sending.batch = ordered(seqs, self.setup.order);
                }
                Next::Complete { payload, data } => {
                    if !core.close(key) {
                        continue;
                    }
                    let digest = payload.digest().filter(|_| sending.terms.checksum);
                    let text = frames.complete(payload.total_chunks(), digest, &&*data);
                    core.handle_last_sent(key, now);
                    return Some(text);
                }
                Next::Error(text) => {
                    core.handle_last_sent(key, now);
                    return Some(text);
                }
                Next::Wait(until) => {
                    self.wake = [self.wake, until].into_iter().flatten().min();
                    return None;
                }
                Next::Over => return None,
            }
        }
    }

    /// How many bytes of chunks were sent that had been sent before.
    pub(super) fn resent_bytes(&self) -> u64 {
        let again = |run: &Run| run.sent.iter().map(|sent| sent.saturating_sub(1)).sum::<u16>();
        self.runs.iter().map(|run| u64::from(again(run)) * self.setup.chunk_bytes).sum()
    }

    fn note_changes(&mut self) {
        for change in self.core.poll_changes() {
            let Change::Freed(id) = change else { continue };
            for run in self.runs.iter_mut().filter(|run| run.id == id) {
                run.done = usize::MAX;
            }
        }
    }
}

fn core(setup: &Setup, epoch: &str) -> Operations {
    let retention = Retention { ttl: setup.ttl, max_bytes: 1 << 20, max_operations: 10 };
    Operations::new(retention, epoch.into())
}

fn owner(key: OperationKey) -> Owner {
    Owner { user: "me".into(), key }
}

fn outcome(setup: &Setup, payload: usize, now: Instant) -> Outcome {
    let source = Box::new(Hidden(setup.payloads[payload].clone()));
    let pace = setup.pace.map(|every| Pace { start: now, every });
    let payload = Payload::new(source, setup.chunk_bytes, pace, true);
    payload.hash().unwrap();
    let data = to_raw_value(&json!({ "objectCount": 3 })).unwrap().into();
    Outcome { payload: Arc::new(payload), data }
}
