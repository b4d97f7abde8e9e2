//! Several requests at once: each ends once, with what its chunks make up.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::{Event, Exchange, ExchangeError, Recovery, Terms};
use crate::fuzzing::{Input, Vectors, from_hex, message_text};
use crate::proto::checksum::Sha256;
use crate::proto::demux::{Demux, Route};
use crate::proto::feature::{Feature, Features};
use crate::proto::frame::fuzzing::decode;
use crate::proto::id::MessageId;
use crate::proto::limits::Limits;
use crate::proto::request::Mode;
use crate::proto::stats::Counters;

const IDS: [&str; 3] = ["git_1", "git_2", "test_3"];
/// What ends a message.
const END: u8 = 0xff;
/// What a step is, by its first byte: a text from here on.
const TEXT: u8 = 64;
const BINARY: u8 = 0;
const TAKEN: u8 = 1;
const WAIT: u8 = 2;
const FORGET: u8 = 3;
const REGISTER: u8 = 4;
const LOSE: u8 = 5;
/// How a text is cut that is decoded while it comes.
const CUT: [u8; 4] = [210, 7, 64, 1];
/// A text is handed on as it is, even if it can be decoded while it comes.
const IS_KEPT: u8 = 1;

/// What becomes of the bytes that several requests are sent, whoever they are for: a request leaves
/// the table with its end and once; a chunk is the same in each of its forms; what was delivered is
/// what was counted, within the limits; no chunk counts that was not granted, and grants grow.
///
/// Input: how many requests, the features of each, then steps: messages and whatever else may
/// happen to a client.
pub fn exchange(data: &[u8]) {
    let mut input = Input::new(data);
    let count = usize::from(input.byte()) % IDS.len() + 1;
    let mut client = Client::new(count, &mut input);
    while !input.is_empty() {
        let step = input.byte();
        match step {
            BINARY => client.take_binary(&Bytes::copy_from_slice(input.until(END))),
            TAKEN => {
                let index = usize::from(input.byte()) % count;
                client.waiters[index].exchange.handle_taken(client.now);
            }
            WAIT => client.wait(Duration::from_secs(u64::from(input.byte()))),
            FORGET => client.end(usize::from(input.byte()) % count),
            REGISTER => client.begin(usize::from(input.byte()) % count, &mut input),
            LOSE => client.lose(),
            _ => {
                let text = String::from_utf8_lossy(input.until(END));
                client.take_text(&text, step & IS_KEPT != 0);
            }
        }
        client.check();
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in vectors.of("frames") {
        let others = case["others"].as_array();
        let count = 1 + others.map_or(0, Vec::len);
        let requests = std::iter::once(&case["request"]).chain(others.into_iter().flatten());
        let mut seed = vec![u8::try_from(count - 1).unwrap_or_default()];
        for request in requests.take(IDS.len()) {
            let names = request["features"].as_array().into_iter().flatten();
            let names = names.filter_map(|name| name.as_str());
            let agreed = Features::from_names(names);
            let is_agreed = |feature: &Feature| agreed.contains(*feature);
            let bits = Feature::ALL.iter().map(|feature| u8::from(is_agreed(feature)));
            let form =
                bits.rev().fold(u8::from(request["mode"] == "single"), |all, bit| all << 1 | bit);
            seed.extend([form, 255]);
        }
        for message in case["messages"].as_array().into_iter().flatten() {
            if let Some(text) = message_text(message) {
                seed.push(TEXT | u8::from(seed.len() % 2 == 0));
                seed.extend(text.as_bytes());
                seed.push(END);
            } else if let Some(hex) = message["hex"].as_str() {
                seed.push(BINARY);
                seed.extend(from_hex(hex));
                seed.push(END);
            } else if message.get("taken").is_some() {
                seed.extend([TAKEN, 0]);
            } else if let Some(millis) = message["wait"].as_u64() {
                seed.extend([WAIT, u8::try_from(millis / 1000).unwrap_or(u8::MAX)]);
            } else if message.get("forgotten").is_some() {
                seed.extend([FORGET, 0]);
            } else if message.get("lost").is_some() {
                seed.push(LOSE);
            }
        }
        seeds.push(seed);
    }
    seeds
}

struct Client {
    demux: Demux<usize>,
    counters: Arc<Counters>,
    waiters: Vec<Waiter>,
    now: Instant,
}

struct Waiter {
    exchange: Exchange,
    /// All that was delivered.
    payload: BytesMut,
    /// Whether it is in the table.
    waits: bool,
    /// The last `seq` that may come, where there is such a thing.
    granted: Option<u64>,
}

impl Client {
    fn new(count: usize, input: &mut Input<'_>) -> Self {
        let counters: Arc<Counters> = Arc::default();
        let demux = Demux::new(Arc::clone(&counters));
        let mut client = Self { demux, counters, waiters: Vec::new(), now: Instant::now() };
        for index in 0..count {
            let waiter = Waiter::new(input, &client.counters, client.now);
            client.waiters.push(waiter);
            client.register(index);
        }
        client
    }

    /// Sends a new request under an id that may be taken.
    fn begin(&mut self, index: usize, input: &mut Input<'_>) {
        self.waiters[index] = Waiter::new(input, &self.counters, self.now);
        self.register(index);
    }

    fn register(&mut self, index: usize) {
        let (id, waiter) = (id(index), &mut self.waiters[index]);
        let terms = waiter.exchange.terms();
        let old = self.demux.register(id.clone(), terms.mode, index);
        assert!(old.is_none_or(|old| old == index));
        if terms.features.contains(Feature::Binary) {
            self.demux.expect_binary(&id);
        }
        waiter.waits = true;
    }

    fn end(&mut self, index: usize) {
        let was_there = self.demux.forget(&id(index)).is_some();
        assert_eq!(was_there, std::mem::take(&mut self.waiters[index].waits));
    }

    fn take_text(&mut self, text: &str, is_kept: bool) {
        let chunk = decode(text.as_bytes(), Input::new(&CUT).pieces(), 0);
        let route = match &chunk {
            Some(message) if !is_kept => self.demux.route_chunk(message),
            _ => self.demux.route(text),
        };
        let (index, is_last) = match route {
            Route::To(index, kind) => {
                assert!(!kind.ends());
                (*index, false)
            }
            Route::Last(index, kind) => {
                assert!(kind.ends());
                self.waiters[index].leave();
                (index, true)
            }
            Route::Broken(index, _) => {
                let index = *index;
                return self.end(index);
            }
            Route::Nobody => return,
        };
        let (now, waiter) = (self.now, &mut self.waiters[index]);
        assert!(waiter.waits || is_last, "it has ended before");
        let mut as_text = waiter.clone();
        let event = as_text.note(|exchange, out| exchange.handle_text(text, now, out));
        if let Some(message) = chunk {
            let mut decoded = waiter.clone();
            let again =
                decoded.note(|exchange, out| exchange.handle_chunk(message.chunk, now, out));
            assert_eq!((&again, &decoded.payload), (&event, &as_text.payload));
            assert_eq!(decoded.exchange.next_chunk(), as_text.exchange.next_chunk());
            as_text = if is_kept { as_text } else { decoded };
        }
        *waiter = as_text;
        match event {
            Ok(Event::Ended) => assert!(is_last),
            Ok(_) => assert!(!is_last, "it would wait for ever"),
            Err(_) if is_last => {}
            Err(_) => self.end(index),
        }
        if is_last {
            let Waiter { exchange, payload, .. } = self.waiters[index].clone();
            let is_over = matches!(event, Ok(Event::Ended));
            if let Ok(reply) = exchange.finish(Sha256::of(&payload)) {
                assert_eq!(reply.is_some(), is_over);
                let len = reply.map_or(payload.len() as u64, |reply| reply.payload_bytes);
                assert_eq!(len, payload.len() as u64);
            }
        }
    }

    fn take_binary(&mut self, message: &Bytes) {
        let index = match self.demux.route_binary(message) {
            Route::To(index, _) => *index,
            Route::Nobody => return,
            other => unreachable!("{other:?}"),
        };
        let (now, waiter) = (self.now, &mut self.waiters[index]);
        assert!(waiter.waits && waiter.exchange.terms().features.contains(Feature::Binary));
        if waiter.note(|exchange, out| exchange.handle_binary(message, now, out)).is_err() {
            self.end(index);
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for index in 0..self.waiters.len() {
            let waiter = &mut self.waiters[index];
            if waiter.waits && waiter.exchange.handle_timeout(self.now).is_err() {
                self.end(index);
            }
        }
    }

    /// The connection is gone; on a new one, everybody goes on who can.
    fn lose(&mut self) {
        let drained = self.demux.drain().count();
        assert_eq!(drained, self.waiters.iter().filter(|waiter| waiter.waits).count());
        self.demux = Demux::new(Arc::clone(&self.counters));
        for index in 0..self.waiters.len() {
            let waiter = &mut self.waiters[index];
            if !std::mem::take(&mut waiter.waits) {
                continue;
            }
            waiter.exchange.handle_lost();
            match waiter.exchange.recovery(true, false) {
                Recovery::Resume => {
                    let key = crate::proto::OperationKey::from_random([7; 16]);
                    let resume = waiter.exchange.resume(key, Sha256::of(&waiter.payload)).unwrap();
                    assert_eq!(resume.offset, waiter.payload.len() as u64);
                    let features = waiter.exchange.terms().features;
                    waiter.exchange.handle_resumed(features);
                }
                Recovery::Restart => {
                    let terms = waiter.exchange.terms().clone();
                    *waiter = Waiter::with(terms, &self.counters, self.now);
                }
                Recovery::Fail => unreachable!("it may be repeated"),
            }
            waiter.granted = None;
            self.register(index);
        }
    }

    fn check(&mut self) {
        let waiting = self.waiters.iter().filter(|waiter| waiter.waits).count();
        assert_eq!(self.demux.len(), waiting);
        assert_eq!(self.counters.snapshot().pending, waiting as u64);
        for (index, waiter) in self.waiters.iter_mut().enumerate() {
            assert_eq!(self.demux.get(&id(index)).is_some(), waiter.waits);
            if waiter.waits {
                waiter.check(self.now);
            }
        }
    }
}

impl Clone for Waiter {
    fn clone(&self) -> Self {
        let Self { exchange, payload, waits, granted } = self;
        let (exchange, payload) = (exchange.clone(), payload.clone());
        Self { exchange, payload, waits: *waits, granted: *granted }
    }
}

impl Waiter {
    /// Input: the features as bits, the mode above them; then limits.
    fn new(input: &mut Input<'_>, counters: &Arc<Counters>, now: Instant) -> Self {
        let (form, size) = (input.byte(), u64::from(input.byte()));
        let is_agreed = |at: &usize| form >> at & 1 != 0;
        let features = Feature::ALL.into_iter().enumerate().filter(|(at, _)| is_agreed(at));
        let features = features.map(|(_, feature)| feature).collect();
        let mode = if form & 64 == 0 { Mode::Stream } else { Mode::Single };
        let mut terms = Terms::new(mode, features);
        terms.answer_payload = Some("zipBase64");
        terms.window = size % 4 + 1;
        terms.idle_limit = Some(Duration::from_mins(1));
        terms.limits = Limits {
            max_payload_bytes: size * 16,
            max_parked_bytes: 4096,
            max_parked_chunks: 8,
            remembered_chunks: 4,
            max_empty_chunks: 5,
        };
        Self::with(terms, counters, now)
    }

    fn with(terms: Terms, counters: &Arc<Counters>, now: Instant) -> Self {
        let mut exchange = Exchange::new(terms, Arc::clone(counters));
        exchange.handle_sent(now);
        Self { exchange, payload: BytesMut::new(), waits: false, granted: None }
    }

    fn leave(&mut self) {
        assert!(std::mem::take(&mut self.waits), "it has ended before");
    }

    fn note(
        &mut self,
        handle: impl FnOnce(&mut Exchange, &mut BytesMut) -> Result<Event, ExchangeError>,
    ) -> Result<Event, ExchangeError> {
        let before = self.payload.len();
        let event = handle(&mut self.exchange, &mut self.payload);
        let got = (self.payload.len() - before) as u64;
        match &event {
            Ok(Event::Data(bytes)) => assert_eq!(*bytes, got),
            // The payload inside an answer, and what was due before a parked chunk failed.
            Ok(Event::Ended) | Err(_) => {}
            Ok(_) => assert_eq!(got, 0),
        }
        event
    }

    fn check(&mut self, now: Instant) {
        let (limits, len) = (&self.exchange.terms().limits, self.payload.len() as u64);
        assert!(len <= limits.max_payload_bytes);
        assert!(self.exchange.assembler.parked_bytes() <= limits.max_parked_bytes);
        assert_eq!(self.exchange.delivered_bytes(), len);
        let Some(credit) = &self.exchange.credit else { return };
        let (granted, delivered) = (credit.granted(), self.exchange.assembler.delivered_chunks());
        assert!(self.granted.is_none_or(|before| before <= granted));
        assert!(delivered <= granted && granted <= delivered + self.exchange.terms().window);
        let highest = self.exchange.assembler.highest_parked();
        assert!(highest.is_none_or(|seq| seq.get() <= granted), "nobody granted that");
        self.granted = Some(granted);
        if let Some(up_to) = self.exchange.poll_grant(now) {
            assert!(granted <= up_to);
            self.granted = Some(up_to);
        }
    }
}

fn id(index: usize) -> MessageId {
    MessageId::new(IDS[index]).unwrap()
}
