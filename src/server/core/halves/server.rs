//! The server's half: its core, and what its sessions do with it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::super::{
    Aliases, Loss, OperationId, Operations, Outcome, Owner, Payload, Question, Retention, Started,
    StreamKey, StreamTerms,
};
use super::pipe::WireMessage;
use super::run::{Run, Why};
use super::sending::{Sending, Sent, SentKind};
use super::work::{Hidden, Work};
use crate::proto::checksum::Sha256;
use crate::proto::frame::write::FrameWriter;
use crate::proto::request::IncomingRequest;
use crate::proto::{Control, Feature, Features, OperationKey, Resume, ServerError};
use crate::server::refusal::Refusal;
use crate::server::script::Script;

/// What a server offers.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Offer {
    /// What its greeting names, if anything.
    pub(in crate::server::core) features: Option<Features>,
    pub(in crate::server::core) retention: Retention,
    /// What a lost connection does to what was on it.
    pub(in crate::server::core) loss: Loss,
}

#[derive(Clone, Debug)]
pub(in crate::server::core) struct Server {
    pub(super) offer: Rc<Offer>,
    pub(super) works: Rc<[Rc<Work>]>,
    pub(super) script: Rc<Script>,
    pub(in crate::server::core) core: Operations,
    /// Every run of every operation there has been.
    pub(in crate::server::core) runs: Vec<Run>,
    /// Which run each request got.
    pub(in crate::server::core) served: Vec<(StreamKey, usize)>,
    pub(super) sendings: Vec<Sending>,
    /// Whose turn it is to send.
    pub(super) turn: usize,
    /// Frames beside streams, by the connection they go out on.
    pub(super) outgoing: VecDeque<(u64, String)>,
    /// When the next chunk is made.
    pub(super) wake: Option<Instant>,
    aliases: Vec<(u64, Aliases)>,
    /// How long whoever asks next is to wait, each once.
    pub(in crate::server::core) refusals: VecDeque<Duration>,
}

impl Server {
    pub(in crate::server::core) fn new(offer: &Rc<Offer>, works: Rc<[Rc<Work>]>) -> Self {
        Self {
            offer: Rc::clone(offer),
            works,
            script: Rc::default(),
            core: Operations::new(offer.retention, "e".into()),
            runs: Vec::new(),
            served: Vec::new(),
            sendings: Vec::new(),
            turn: 0,
            outgoing: VecDeque::new(),
            wake: None,
            aliases: Vec::new(),
            refusals: VecDeque::new(),
        }
    }

    /// The server is another process now, which knows nothing.
    pub(in crate::server::core) fn restart(&mut self, epoch: &str) {
        self.core = Operations::new(self.offer.retention, epoch.into());
        self.sendings.clear();
        self.outgoing.clear();
        for run in &mut self.runs {
            run.done = usize::MAX;
            run.freed.get_or_insert(Why::Fault);
        }
    }

    /// Has this payload under the same names from now on, in chunks of that size.
    pub(in crate::server::core) fn swap_payload(&mut self, payload: usize, chunk_bytes: u64) {
        let other = Hidden(self.works[0].payload(payload).clone());
        for operation in self.core.known.values_mut().filter(|op| op.outcome.is_some()) {
            let payload = Payload::new(Box::new(other_of(&other)), chunk_bytes, None, true);
            operation.outcome = Some(Ok(outcome(Arc::new(payload))));
        }
    }

    /// What a run gives.
    pub(in crate::server::core) fn payload(&self, run: &Run) -> &Bytes {
        self.works[run.work].payload(run.nth)
    }

    /// Whether it keeps anything under a key.
    pub(in crate::server::core) fn keeps(&self, key: &OperationKey) -> bool {
        self.core.knows(&owner(key.clone()))
    }

    pub(in crate::server::core) fn handle(
        &mut self,
        connection: u64,
        message: &WireMessage,
        now: Instant,
    ) {
        self.handle_expired(now);
        let request = IncomingRequest::read(message.text()).unwrap();
        let refused = match Control::read(&request) {
            Some(control) => {
                self.handle_control(connection, control.unwrap());
                self.note_changes(Why::Control, now);
                let done = format!("{{\"id\":\"{}\",\"success\":true}}", request.id);
                self.outgoing.push_back((connection, done));
                None
            }
            None => self.open(connection, &request, now).err(),
        };
        if let Some(refusal) = refused {
            let is_stream = request.stream;
            let frame = refusal.frame(&FrameWriter::new(&request.id), is_stream);
            self.outgoing.push_back((connection, frame));
        }
        self.note_changes(Why::Quota, now);
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
        let agreed = request.features.agreed(self.offer.features.unwrap_or_default());
        let key = StreamKey { connection, id: request.id.as_str().into() };
        assert!(!self.core.has_stream(&key), "an id came twice");
        let is_kept = request.stream && agreed.contains(Feature::Resume);
        let is_binary = request.stream && agreed.contains(Feature::Binary);
        let terms = StreamTerms {
            frames: FrameWriter::new(&request.id),
            is_stream: request.stream,
            checksum: agreed.contains(Feature::Checksum),
            resume: is_kept && request.operation.is_some(),
            alias: is_binary.then(|| self.aliases(connection).mint()).flatten(),
            window: request.window.filter(|_| agreed.contains(Feature::Credit)),
        };
        let resume = Resume::read(request).map(|resume| resume.unwrap());
        let owner_of = request.operation.clone().filter(|_| is_kept).map(owner);
        let is_known = owner_of.as_ref().is_some_and(|owner| self.core.knows(owner));
        if !is_known && let Some(pause) = self.refusals.pop_front() {
            let busy = Refusal::new(ServerError::BUSY, "later");
            return Err(Refusal { retry_after: Some(pause), ..busy });
        }
        let run = if let Some(resume) = resume {
            let next = resume.next.get();
            let owner = owner(resume.operation.clone());
            let check = self.core.check_resume(&owner, resume, now)?;
            let is_right = check.is_right().unwrap();
            let id = self.core.resume(&check, is_right, key.clone(), terms.clone())?;
            let run = self.run_of(id);
            if connection >= self.runs[run].latest_connection {
                self.check_resent(run, next, terms.window);
            }
            run
        } else {
            let asked = request.chunk_bytes.unwrap_or(u64::MAX);
            let work = Self::work_of(request);
            let chunk_bytes = asked.min(self.works[work].chunk_bytes);
            let package = request.params.get("package").map(ToString::to_string);
            let digest = Sha256::of(package.unwrap_or_default().as_bytes());
            let question = Question { owner: owner_of, digest, chunk_bytes };
            match self.core.start(question, key.clone(), terms.clone(), now)? {
                Started::Attached(id) => {
                    let run = self.run_of(id);
                    // Its client has heard nothing of it that says from where to go on.
                    self.runs[run].highest = 0;
                    run
                }
                Started::Kept(id) | Started::Bound(id) => {
                    let nth = self.runs.iter().filter(|run| run.work == work).count();
                    let payload = self.works[work].payload(nth).len() as u64;
                    let chunks = usize::try_from(payload.div_ceil(chunk_bytes)).unwrap();
                    self.runs.push(Run {
                        id,
                        key: request.operation.clone(),
                        work,
                        nth,
                        start: now,
                        done: 0,
                        chunk_bytes,
                        is_hashed: is_kept || terms.checksum,
                        growing: None,
                        sent: vec![0; chunks],
                        highest: 0,
                        is_reread: false,
                        latest_connection: connection,
                        alone_since: None,
                        freed: None,
                    });
                    self.runs.len() - 1
                }
            }
        };
        self.runs[run].alone_since = None;
        self.runs[run].latest_connection = connection;
        // Whether there is an alias after all is for the core to decide.
        let terms = self.core.terms(&key).cloned().unwrap_or(terms);
        self.served.push((key.clone(), run));
        self.check_superseded(run);
        self.sendings.push(Sending::new(run, self.runs[run].id, key, terms));
        Ok(())
    }

    fn work_of(request: &IncomingRequest) -> usize {
        let package = request.params.get("package").and_then(serde_json::Value::as_str);
        package.and_then(|package| package.strip_prefix("$Z")?.parse().ok()).unwrap()
    }

    /// The run that the core knows by this id, of the process that runs now.
    fn run_of(&self, id: OperationId) -> usize {
        self.runs.iter().rposition(|run| run.id == id).expect("it was started")
    }

    fn aliases(&mut self, connection: u64) -> &Aliases {
        let known = self.aliases.iter().position(|(of, _)| *of == connection);
        let at = known.unwrap_or_else(|| {
            self.aliases.push((connection, Aliases::default()));
            self.aliases.len() - 1
        });
        &self.aliases[at].1
    }

    /// After a cut no more than a window comes again, unless a request from before the cut comes
    /// after the one that goes on.
    fn check_resent(&mut self, run: usize, next: u64, window: Option<u64>) {
        let run = &mut self.runs[run];
        if next == 1 && std::mem::take(&mut run.is_reread) {
            run.highest = 0;
        }
        let again = run.highest.saturating_sub(next - 1);
        let is_bounded = window.is_none_or(|window| again <= window);
        assert!(is_bounded, "{again} chunks are sent again, and the window is {window:?}");
    }

    /// No two streams send one operation.
    fn check_superseded(&self, run: usize) {
        let id = self.runs[run].id;
        let of = |(_, stream): &(_, &super::super::stream::Stream)| {
            stream.operation == id && !stream.is_ended()
        };
        assert!(self.core.streams.iter().filter(of).count() <= 1, "a superseded stream goes on");
    }

    pub(in crate::server::core) fn handle_disconnected(
        &mut self,
        connection: u64,
        loss: Loss,
        now: Instant,
    ) {
        self.core.handle_disconnected(connection, loss, now);
        self.sendings.retain(|sending| sending.key.connection != connection);
        self.outgoing.retain(|(to, _)| *to != connection);
        let was_on = |run: &&mut Run| run.latest_connection == connection;
        for run in self.runs.iter_mut().filter(was_on) {
            run.alone_since = Some(now);
        }
        self.note_changes(Why::Disconnected, now);
    }

    pub(in crate::server::core) fn next_timeout(&self) -> Option<Instant> {
        let due = |run: &Run| Some(run.start + self.works[run.work].plan.get(run.done)?.0);
        let work = self.runs.iter().filter_map(due).min();
        [work, self.core.next_timeout(), self.wake].into_iter().flatten().min()
    }

    /// The next frame to send, if the line it goes out on has room.
    pub(in crate::server::core) fn poll(
        &mut self,
        now: Instant,
        has_room: impl Fn(u64) -> bool,
    ) -> Option<Sent> {
        if let Some((connection, text)) = self.outgoing.pop_front() {
            let (run, kind, message) = (None, SentKind::Beside, text.into());
            return Some(Sent { connection, run, kind, message });
        }
        self.wake = None;
        for _ in 0..self.sendings.len() {
            self.turn = (self.turn + 1) % self.sendings.len();
            let connection = self.sendings[self.turn].key.connection;
            if has_room(connection)
                && let Some((kind, message)) = self.poll_stream(self.turn, now)
            {
                let run = Some(self.sendings[self.turn].run);
                return Some(Sent { connection, run, kind, message });
            }
        }
        let core = &self.core;
        self.sendings.retain(|sending| core.has_stream(&sending.key));
        None
    }
}

fn other_of(hidden: &Hidden) -> Hidden {
    Hidden(hidden.0.clone())
}

fn owner(key: OperationKey) -> Owner {
    Owner { user: "me".into(), key }
}

pub(super) fn outcome(payload: Arc<Payload>) -> Outcome {
    let data = to_raw_value(&json!({ "objectCount": 3 })).unwrap().into();
    Outcome { payload, data }
}
