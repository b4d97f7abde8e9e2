//! The client's half: one transfer, and the pending table that it is alone in.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::super::halves::{
    CancelOutcome, Cause, Content, Desk, Routed, Sink, Transfer, Verdict as Ending, route,
};
use super::setup::Setup;
use crate::proto::{Counters, Demux, IdMint, Mode, OperationKey, Reply};

#[derive(Debug)]
pub(super) struct Client {
    setup: Rc<Setup>,
    counters: Arc<Counters>,
    demux: Demux<usize>,
    mint: IdMint,
    /// Text to send on the connection there is.
    outgoing: Vec<String>,
    pub(super) transfer: Transfer,
    pub(super) verdict: Option<Verdict>,
}

/// How a transfer ended.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// With the verified payload of this run.
    Payload {
        run: usize,
        reply: Box<Reply>,
    },
    Failed(Cause),
    Cancelled(CancelOutcome),
}

impl Clone for Client {
    fn clone(&self) -> Self {
        let counters = Arc::<Counters>::default();
        let mut demux = Demux::new(Arc::clone(&counters));
        if let Some(id) = self.transfer.id()
            && self.demux.get(id).is_some()
        {
            demux.register(id.clone(), Mode::Stream, 0);
        }
        assert_eq!(self.demux.len(), demux.len(), "nobody else waits");
        Self {
            setup: Rc::clone(&self.setup),
            counters,
            demux,
            mint: self.mint.clone(),
            outgoing: self.outgoing.clone(),
            transfer: self.transfer.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

impl Client {
    pub(super) fn new(setup: &Rc<Setup>) -> Self {
        let counters = Arc::<Counters>::default();
        let sink = Sink::new(setup.work());
        Self {
            setup: Rc::clone(setup),
            demux: Demux::new(Arc::clone(&counters)),
            counters,
            mint: IdMint::new(),
            outgoing: Vec::new(),
            transfer: Transfer::new(0, Rc::new(setup.wishes()), sink, setup.start),
            verdict: None,
        }
    }

    pub(super) fn key(&self) -> OperationKey {
        self.transfer.key()
    }

    /// Whether nobody waits for anything.
    pub(super) fn is_settled(&self) -> bool {
        self.demux.is_empty() && self.verdict.is_some()
    }

    pub(super) fn is_following(&self) -> bool {
        self.transfer.is_following()
    }

    pub(super) fn has_bytes(&self) -> bool {
        !self.transfer.sink.received.is_empty()
    }

    /// How many messages came that nobody waits for.
    pub(super) fn unknown_ids(&self) -> u64 {
        self.counters.snapshot().unknown_ids
    }

    /// When it wants to be connected again.
    pub(super) fn connects_at(&self) -> Option<Instant> {
        self.transfer.connects_at()
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.transfer.next_timeout()
    }

    pub(super) fn poll(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outgoing)
    }

    pub(super) fn handle_connected(&mut self, now: Instant) {
        self.decide(|transfer, desk| transfer.handle_connected(desk, now));
    }

    /// One message from the server.
    pub(super) fn handle_text(&mut self, text: &str, now: Instant) {
        let content = Content::Text(text.into());
        let last = match route(&mut self.demux, &content) {
            Routed::Nobody | Routed::Broken(..) => return,
            Routed::To(..) => None,
            Routed::Last(_, kind) => Some(kind),
        };
        self.decide(|transfer, desk| transfer.handle(desk, &content, last, now));
    }

    /// The consumer has taken what was handed on.
    pub(super) fn take(&mut self, now: Instant) {
        self.decide(|transfer, desk| transfer.take(desk, now));
    }

    /// The connection is gone.
    pub(super) fn handle_lost(&mut self, now: Instant) {
        self.outgoing.clear();
        assert!(self.demux.drain().count() <= 1);
        self.decide(|transfer, _| transfer.handle_lost(now));
    }

    /// A limit may have passed, a grant may be due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.decide(|transfer, desk| transfer.handle_timeout(desk, now));
    }

    /// Whoever wanted the payload does not want it any more.
    pub(super) fn cancel(&mut self, now: Instant) {
        self.decide(|transfer, desk| transfer.cancel(desk, None, now));
    }

    fn decide(&mut self, decide: impl FnOnce(&mut Transfer, &mut Desk<'_>)) {
        let mut desk = Desk {
            demux: &mut self.demux,
            mint: &mut self.mint,
            outgoing: &mut self.outgoing,
            counters: &self.counters,
            server: Some(self.setup.features),
            is_retired: &mut false,
        };
        decide(&mut self.transfer, &mut desk);
        if self.verdict.is_none() {
            self.verdict = self.transfer.verdict.clone().map(|ending| self.verdict_of(ending));
        }
    }

    fn verdict_of(&self, ending: Ending) -> Verdict {
        match ending {
            Ending::Payload(reply) => {
                let (received, work) = (&self.transfer.sink.received, self.setup.work());
                let run = (0..2).find(|run| received.is_whole(&work, *run));
                Verdict::Payload { run: run.expect("what was verified is the payload"), reply }
            }
            Ending::Failed(cause) => Verdict::Failed(cause),
            Ending::Cancelled(outcome) => Verdict::Cancelled(outcome),
        }
    }
}
