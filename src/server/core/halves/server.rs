//! The server's half: its core, and what its sessions do with it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use serde_json::value::to_raw_value;

use super::super::{
    Aliases, Change, GrowingBytes, Loss, OperationId, Operations, Outcome, Owner, Pace, Payload,
    Question, Retention, Started, StreamKey, StreamTerms,
};
use super::pipe::WireMessage;
use super::sending::{Sending, Sent, SentKind};
use super::work::{Hidden, Work, WorkStep};
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

/// One run of an operation.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Run {
    pub(in crate::server::core) id: OperationId,
    /// What it is a run of.
    pub(in crate::server::core) work: usize,
    /// Which run of that it is, counted from 0.
    pub(in crate::server::core) nth: usize,
    start: Instant,
    /// How much of the plan is done; all of it once the run was stopped.
    done: usize,
    chunk_bytes: u64,
    is_hashed: bool,
    growing: Option<(Arc<Payload>, usize)>,
    /// How often each chunk was sent.
    sent: Vec<u16>,
    /// The last chunk that was sent.
    highest: u64,
    /// Whether its client asks for all of it once more, next time.
    pub(in crate::server::core) is_reread: bool,
    latest_connection: u64,
    /// Since when nobody is sent anything of it.
    alone_since: Option<Instant>,
    pub(in crate::server::core) freed: Option<Why>,
}

/// Why something is not known any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum Why {
    Control,
    Disconnected,
    Time,
    Quota,
    Ended,
    Fault,
}

impl Run {
    /// One of its chunks goes out.
    pub(super) fn note_sent(&mut self, seq: u64) {
        if let Some(sent) = self.sent.get_mut(usize::try_from(seq - 1).unwrap()) {
            *sent += 1;
        }
        self.highest = self.highest.max(seq);
    }
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
            self.check_resent(run, next, terms.window);
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

    /// After a cut no more than a window comes again.
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

    /// Works on what is due, and frees what has expired.
    pub(in crate::server::core) fn handle_timeout(&mut self, now: Instant) {
        let works = Rc::clone(&self.works);
        for at in 0..self.runs.len() {
            let work = &works[self.runs[at].work];
            while let Some((after, step)) = work.plan.get(self.runs[at].done) {
                if self.runs[at].start + *after > now {
                    break;
                }
                self.runs[at].done += 1;
                self.work(at, work, *step, now);
            }
        }
        self.handle_expired(now);
    }

    fn handle_expired(&mut self, now: Instant) {
        self.note_changes(Why::Quota, now);
        self.core.handle_timeout(now);
        self.note_changes(Why::Time, now);
    }

    fn work(&mut self, at: usize, work: &Work, step: WorkStep, now: Instant) {
        let run = &mut self.runs[at];
        let (id, payload) = (run.id, work.payload(run.nth));
        match step {
            WorkStep::Progress(n) => {
                self.core.handle_progress(id, n, 100, format!("CLAS ZCL_{n}"));
            }
            WorkStep::Warning(n) => {
                self.core.handle_warning(id, format!("PROG Z{n}"), "ODD", "odd".into());
            }
            WorkStep::Grow(bytes) => {
                let (chunk_bytes, is_hashed) = (run.chunk_bytes, run.is_hashed);
                let source = || Box::new(GrowingBytes::default());
                let growing = run.growing.get_or_insert_with(|| {
                    (Arc::new(Payload::new(source(), chunk_bytes, None, is_hashed)), 0)
                });
                let end = (growing.1 + bytes).min(payload.len());
                growing.0.grow(&payload[growing.1..end]).unwrap();
                growing.1 = end;
                let payload = Arc::clone(&growing.0);
                self.core.handle_growth(id, &payload);
            }
            WorkStep::Finish => {
                let whole = if let Some((growing, grown)) = &run.growing {
                    growing.grow(&payload[*grown..]).unwrap();
                    Arc::clone(growing)
                } else {
                    let source = Box::new(Hidden(payload.clone()));
                    let pace = work.pace.map(|every| Pace { start: now, every });
                    let whole = Payload::new(source, run.chunk_bytes, pace, run.is_hashed);
                    whole.hash().unwrap();
                    Arc::new(whole)
                };
                self.core.handle_outcome(id, Ok(outcome(whole)));
            }
            WorkStep::Fail => {
                let refusal = Refusal::new(Refusal::GIT_ERROR, "no such package");
                self.core.handle_outcome(id, Err(refusal));
            }
        }
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

    /// The last frame of a stream was sent.
    pub(super) fn note_last_sent(&mut self, run: usize, now: Instant) {
        let run = &mut self.runs[run];
        if self.core.known.get(&run.id).is_none_or(|operation| operation.stream.is_none()) {
            run.alone_since = Some(now);
        }
        self.note_changes(Why::Ended, now);
    }

    /// How many bytes of chunks were sent that had been sent before.
    pub(in crate::server::core) fn resent_bytes(&self) -> u64 {
        let again = |run: &Run| run.sent.iter().map(|sent| sent.saturating_sub(1)).sum::<u16>();
        self.runs.iter().map(|run| u64::from(again(run)) * run.chunk_bytes).sum()
    }

    /// Notes what was freed, and why. `true` if there was anything.
    pub(in crate::server::core) fn note_changes(&mut self, why: Why, now: Instant) -> bool {
        let mut has_freed = false;
        for change in self.core.poll_changes() {
            let Change::Freed(id) = change else { continue };
            let Some(run) = self.runs.iter_mut().rfind(|run| run.id == id) else { continue };
            has_freed = true;
            run.done = usize::MAX;
            run.freed.get_or_insert(why);
            let ttl = self.offer.retention.ttl;
            let is_due = run.alone_since.is_some_and(|since| since + ttl <= now);
            assert!(why != Why::Time || is_due, "freed before its time");
        }
        has_freed
    }
}

fn other_of(hidden: &Hidden) -> Hidden {
    Hidden(hidden.0.clone())
}

fn owner(key: OperationKey) -> Owner {
    Owner { user: "me".into(), key }
}

fn outcome(payload: Arc<Payload>) -> Outcome {
    let data = to_raw_value(&json!({ "objectCount": 3 })).unwrap().into();
    Outcome { payload, data }
}
