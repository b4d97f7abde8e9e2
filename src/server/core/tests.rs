//! The server's core on a virtual clock, and as a pair with the client's.

mod aliases;
mod growing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use serde_json::value::to_raw_value;

use super::*;
use crate::proto::checksum::Sha256;
use crate::proto::frame::write::FrameWriter;
use crate::proto::{
    Event, Exchange, Feature, Features, Mode, OperationKey, Resume, Seq, ServerError, Terms,
};
use crate::server::refusal::Refusal;

const TTL: Duration = Duration::from_mins(10);
const PAYLOAD: &[u8] = b"0123456789";

/// A server's core with a clock.
struct Bench {
    core: Operations,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::keeping(1_000, 10)
    }

    fn keeping(max_bytes: u64, max_operations: usize) -> Self {
        let retention = Retention { ttl: TTL, max_bytes, max_operations };
        Self { core: Operations::new(retention, "e".into()), now: Instant::now() }
    }

    fn start(&mut self, owner: Option<Owner>, key: &StreamKey) -> Result<Started, Refusal> {
        let question = Question { owner, digest: Sha256::of(b"export"), chunk_bytes: 3 };
        self.core.start(question, key.clone(), terms(key, None), self.now)
    }

    /// Starts an operation that is kept, and gives it its payload.
    fn run(&mut self, owner: &Owner, key: &StreamKey) -> OperationId {
        let Ok(Started::Kept(id)) = self.start(Some(owner.clone()), key) else { panic!() };
        self.finish(id);
        id
    }

    fn finish(&mut self, id: OperationId) {
        let payload = Payload::new(Box::new(Bytes::from_static(PAYLOAD)), 3, None, true);
        payload.hash().unwrap();
        let data = to_raw_value("done").unwrap().into();
        self.core.handle_outcome(id, Ok(Outcome { payload: Arc::new(payload), data }));
    }

    fn resume(
        &mut self,
        owner: &Owner,
        resume: Resume,
        key: &StreamKey,
    ) -> Result<OperationId, Refusal> {
        let check = self.core.check_resume(owner, resume, self.now)?;
        let is_right = check.is_right().unwrap();
        self.core.resume(&check, is_right, key.clone(), terms(key, None))
    }

    /// The next frame of a stream as a server without faults writes it.
    fn poll(&mut self, key: &StreamKey) -> Option<String> {
        let frames = FrameWriter::new(&key.id);
        let (text, is_last) = match self.core.poll(key, self.now) {
            Next::Frame(text) => (text, false),
            Next::Chunks { payload, seqs } => {
                let seq = *seqs.start();
                let text = frames.chunk(seq, &payload.chunk(seq).unwrap(), payload.border(seq));
                self.core.handle_sent(key, *seqs.start());
                (text, false)
            }
            Next::Complete { payload, data } => {
                assert!(self.core.close(key));
                let total = payload.total_chunks();
                (frames.complete(total, payload.digest(), &&*data), true)
            }
            Next::Error(text) => (text, true),
            Next::Wait(_) | Next::Over => return None,
        };
        if is_last {
            self.core.handle_last_sent(key, self.now);
        }
        Some(text)
    }

    fn frames(&mut self, key: &StreamKey) -> Vec<String> {
        std::iter::from_fn(|| self.poll(key)).collect()
    }

    fn lose(&mut self, connection: u64) {
        self.core.handle_disconnected(connection, Loss::Kept, self.now);
    }
}

fn terms(key: &StreamKey, window: Option<u64>) -> StreamTerms {
    StreamTerms {
        frames: FrameWriter::new(&key.id),
        is_stream: true,
        checksum: true,
        resume: true,
        alias: None,
        window,
    }
}

fn key(connection: u64, id: &str) -> StreamKey {
    StreamKey { connection, id: id.into() }
}

fn owner(user: &str, number: u8) -> Owner {
    Owner { user: user.into(), key: OperationKey::from_random([number; 16]) }
}

/// A resume after the first `chunks` chunks.
fn after(owner: &Owner, epoch: &str, chunks: u64) -> Resume {
    let offset = (chunks * 3).min(10);
    Resume {
        operation: owner.key.clone(),
        epoch: epoch.into(),
        next: Seq::new(chunks + 1).unwrap(),
        offset,
        sha256: Sha256::of(&PAYLOAD[..usize::try_from(offset).unwrap()]),
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> &'static str {
    outcome.unwrap_err().code
}

/// What the frames are, in short.
fn kinds(frames: &[String]) -> Vec<String> {
    let kind = |text: &String| {
        let frame: serde_json::Value = serde_json::from_str(text).unwrap();
        match (&frame["seq"], &frame["error"]["code"]) {
            (serde_json::Value::Number(seq), _) => seq.to_string(),
            (_, serde_json::Value::String(code)) => code.clone(),
            _ => frame["type"].as_str().unwrap().to_owned(),
        }
    };
    frames.iter().map(kind).collect()
}

#[test]
fn nothing_is_sent_beyond_the_grant() {
    let mut bench = Bench::new();
    let stream = key(1, "a");
    let question = Question { owner: None, digest: Sha256::of(b""), chunk_bytes: 3 };
    let terms = terms(&stream, Some(1));
    let Ok(Started::Bound(id)) = bench.core.start(question, stream.clone(), terms, bench.now)
    else {
        panic!()
    };
    bench.core.handle_progress(id, 0, 1, "x".into());
    assert_eq!(kinds(&bench.frames(&stream)), ["progress"]);
    bench.finish(id);
    assert_eq!(kinds(&bench.frames(&stream)), ["1"]);
    bench.core.handle_credit(&key(2, "a"), 9);
    bench.core.handle_credit(&key(1, "b"), 9);
    bench.core.handle_credit(&stream, 0);
    assert!(bench.frames(&stream).is_empty());
    bench.core.handle_credit(&stream, 3);
    bench.core.handle_credit(&stream, 2);
    assert_eq!(kinds(&bench.frames(&stream)), ["2", "3"]);
    bench.core.handle_credit(&stream, u64::MAX);
    assert_eq!(kinds(&bench.frames(&stream)), ["4", "complete"]);
    assert!(!bench.core.has_stream(&stream));
}

#[test]
fn an_operation_is_resumed_at_every_border() {
    for chunks in 0..=4 {
        let mut bench = Bench::new();
        let owner = owner("me", 1);
        bench.run(&owner, &key(1, "a"));
        bench.frames(&key(1, "a"));
        bench.lose(1);
        bench.resume(&owner, after(&owner, "e-2", chunks), &key(2, "b")).unwrap();
        let mut expected = vec!["accepted".to_owned()];
        expected.extend((chunks + 1..=4).map(|seq| seq.to_string()));
        expected.push("complete".into());
        assert_eq!(kinds(&bench.frames(&key(2, "b"))), expected);
    }
}

#[test]
fn a_resume_that_does_not_fit_is_refused() {
    let mut bench = Bench::new();
    let owner = owner("me", 1);
    bench.run(&owner, &key(1, "a"));
    let right = after(&owner, "e-2", 1);
    for wrong in [
        Resume { epoch: "e-1".into(), ..right.clone() },
        Resume { offset: 4, ..right.clone() },
        Resume { next: Seq::new(3).unwrap(), ..right.clone() },
        Resume { next: Seq::new(6).unwrap(), offset: 10, ..right.clone() },
        Resume { sha256: Sha256::of(b"013"), ..right.clone() },
    ] {
        let outcome = bench.resume(&owner, wrong, &key(2, "b"));
        assert_eq!(code(outcome), ServerError::RESUME_MISMATCH);
    }
    let other = Owner { user: "other".into(), ..owner.clone() };
    let outcome = bench.resume(&other, right.clone(), &key(2, "b"));
    assert_eq!(code(outcome), ServerError::RESUME_UNKNOWN);
    assert_eq!(kinds(&bench.frames(&key(1, "a"))).len(), 6, "the first stream goes on");
    bench.resume(&owner, right, &key(2, "b")).unwrap();
}

#[test]
fn the_latest_stream_wins() {
    let mut bench = Bench::new();
    let owner = owner("me", 1);
    let (first, second) = (key(1, "a"), key(2, "b"));
    let id = bench.run(&owner, &first);
    assert_eq!(bench.poll(&first).is_some(), bench.poll(&first).is_some());
    assert_eq!(bench.start(Some(owner.clone()), &second), Ok(Started::Attached(id)));
    assert_eq!(kinds(&bench.frames(&first)), ["SUPERSEDED"]);
    bench.core.cancel(&first);
    assert_eq!(kinds(&bench.frames(&second)), ["accepted", "1", "2", "3", "4", "complete"]);
    let question =
        Question { owner: Some(owner), digest: Sha256::of(b"something else"), chunk_bytes: 3 };
    let outcome = bench.core.start(question, key(1, "c"), terms(&first, None), bench.now);
    assert_eq!(code(outcome), ServerError::RESUME_MISMATCH);
}

#[test]
fn cancel_frees_what_is_kept() {
    let mut bench = Bench::new();
    let owner = owner("me", 1);
    let stream = key(1, "a");
    let id = bench.run(&owner, &stream);
    bench.poll(&stream);
    bench.core.cancel(&stream);
    assert!(bench.core.poll_changes().contains(&Change::Freed(id)));
    assert_eq!(kinds(&bench.frames(&stream)), ["CANCELLED"]);
    bench.core.cancel(&stream);
    let outcome = bench.resume(&owner, after(&owner, "e-2", 1), &key(2, "b"));
    assert_eq!(code(outcome), ServerError::RESUME_UNKNOWN);
    // One that has ended is freed as well, and its last frame stays the last.
    bench.run(&owner, &stream);
    assert_eq!(kinds(&bench.frames(&stream)).last().unwrap(), "complete");
    bench.core.cancel(&stream);
    assert!(bench.frames(&stream).is_empty());
    let outcome = bench.resume(&owner, after(&owner, "e-4", 1), &key(2, "b"));
    assert_eq!(code(outcome), ServerError::RESUME_UNKNOWN);
}

#[test]
fn what_ends_a_stream_is_what_came_first() {
    let mut bench = Bench::new();
    let stream = key(1, "a");
    for (is_cancelled, expected) in [(true, "CANCELLED"), (false, "complete")] {
        let Ok(Started::Bound(id)) = bench.start(None, &stream) else { panic!() };
        bench.finish(id);
        bench.core.handle_sent(&stream, 4);
        assert!(matches!(bench.core.poll(&stream, bench.now), Next::Complete { .. }));
        if is_cancelled {
            bench.core.cancel(&stream);
            assert!(bench.core.is_ended(&stream) && !bench.core.close(&stream));
            assert_eq!(kinds(&bench.frames(&stream)), [expected]);
        } else {
            assert!(bench.core.close(&stream));
            bench.core.cancel(&stream);
            assert!(bench.frames(&stream).is_empty(), "{expected} is on its way");
        }
    }
}

#[test]
fn an_operation_goes_on_alone_and_is_kept_for_its_time() {
    let mut bench = Bench::new();
    let owner = owner("me", 1);
    let Ok(Started::Kept(id)) = bench.start(Some(owner.clone()), &key(1, "a")) else { panic!() };
    bench.now += TTL * 2;
    bench.core.handle_timeout(bench.now);
    assert_eq!(bench.core.next_timeout(), None, "it has its stream");
    bench.lose(1);
    bench.finish(id);
    bench.now += TTL.checked_sub(Duration::from_millis(1)).unwrap();
    bench.resume(&owner, after(&owner, "e-2", 4), &key(2, "b")).unwrap();
    bench.now += TTL;
    assert_eq!(kinds(&bench.frames(&key(2, "b"))), ["accepted", "complete"]);
    // From the last frame on, and again from the loss of the connection on.
    assert_eq!(bench.core.next_timeout(), Some(bench.now + TTL));
    bench.now += TTL / 2;
    bench.lose(2);
    assert_eq!(bench.core.next_timeout(), Some(bench.now + TTL));
    bench.now += TTL;
    let outcome = bench.resume(&owner, after(&owner, "e-2", 4), &key(3, "c"));
    assert_eq!(code(outcome), ServerError::RESUME_EXPIRED);
    assert_eq!(code(bench.start(Some(owner.clone()), &key(3, "c"))), ServerError::RESUME_EXPIRED);
    bench.now += Duration::from_hours(1);
    let outcome = bench.resume(&owner, after(&owner, "e-2", 4), &key(3, "c"));
    assert_eq!(code(outcome), ServerError::RESUME_UNKNOWN);
}

#[test]
fn release_frees_once_nothing_is_sent() {
    let mut bench = Bench::new();
    let owner = owner("me", 1);
    let stream = key(1, "a");
    bench.run(&owner, &stream);
    bench.core.release(&self::owner("other", 1));
    bench.frames(&stream);
    bench.core.release(&owner);
    bench.core.release(&owner);
    let outcome = bench.resume(&owner, after(&owner, "e-2", 1), &key(2, "b"));
    assert_eq!(code(outcome), ServerError::RESUME_UNKNOWN);
    let id = bench.run(&owner, &stream);
    bench.poll(&stream);
    bench.core.release(&owner);
    assert_eq!(kinds(&bench.frames(&stream)).last().unwrap(), "complete");
    assert!(bench.core.poll_changes().contains(&Change::Freed(id)));
}

#[test]
fn a_quota_frees_what_was_alone_longest() {
    let mut bench = Bench::keeping(35, 4);
    let owners: Vec<_> = (1..=5).map(|number| owner("me", number)).collect();
    for (connection, owner) in (1..=3).zip(&owners) {
        bench.run(owner, &key(connection, "a"));
        bench.frames(&key(connection, "a"));
    }
    for connection in [2, 1] {
        bench.now += Duration::from_secs(1);
        bench.lose(connection);
    }
    let knows = |bench: &mut Bench, owner: &Owner, epoch: &str| {
        let resume = after(owner, epoch, 1);
        let now = bench.now;
        bench.core.check_resume(owner, resume, now).is_ok()
    };
    // 40 bytes: the second lost its connection first, the third still has one.
    bench.run(&owners[3], &key(4, "a"));
    assert!(!knows(&mut bench, &owners[1], "e-4"));
    assert!(knows(&mut bench, &owners[0], "e-2") && knows(&mut bench, &owners[2], "e-6"));
    bench.run(&owners[4], &key(5, "a"));
    assert!(!knows(&mut bench, &owners[0], "e-2"));
    assert!(knows(&mut bench, &owners[2], "e-6"));
    // What is being sent is never freed, and what finds no place is not kept.
    let mut full = Bench::keeping(1, 1);
    full.run(&owners[0], &key(1, "a"));
    assert!(matches!(full.start(Some(owners[1].clone()), &key(2, "b")), Ok(Started::Bound(_))));
    assert_eq!(kinds(&full.frames(&key(1, "a"))).last().unwrap(), "complete");
    assert!(!knows(&mut full, &owners[0], "e-2"), "too large to be kept");
}

#[test]
fn a_loss_may_take_operations_with_it() {
    for (loss, expected) in [
        (Loss::Forgotten, ServerError::RESUME_UNKNOWN),
        (Loss::Renamed, ServerError::RESUME_MISMATCH),
    ] {
        let mut bench = Bench::new();
        let owner = owner("me", 1);
        bench.run(&owner, &key(1, "a"));
        bench.core.handle_disconnected(1, loss, bench.now);
        let outcome = bench.resume(&owner, after(&owner, "e-2", 1), &key(2, "b"));
        assert_eq!(code(outcome), expected);
    }
}

#[test]
fn the_client_gets_through_whatever_chunk_the_connection_is_lost_at() {
    for lost_at in 0..=5 {
        let mut bench = Bench::new();
        let owner = owner("me", 1);
        bench.run(&owner, &key(1, "a"));
        let agreed = Features::from_iter([Feature::Resume, Feature::Checksum]);
        let mut client = Exchange::new(Terms::new(Mode::Stream, agreed), Arc::default());
        let mut received = BytesMut::new();
        for _ in 0..=lost_at {
            let frame = bench.poll(&key(1, "a")).unwrap();
            client.handle_text(&frame, bench.now, &mut received).unwrap();
        }
        if lost_at < 5 {
            client.handle_lost();
            bench.lose(1);
            let sha256 = Sha256::of(&received);
            let resume = client.resume(owner.key.clone(), sha256).unwrap();
            bench.resume(&owner, resume, &key(2, "b")).unwrap();
            client.handle_resumed(agreed);
            let mut last = Event::Ignored;
            for frame in bench.frames(&key(2, "b")) {
                last = client.handle_text(&frame, bench.now, &mut received).unwrap();
            }
            assert_eq!(last, Event::Ended);
        }
        assert_eq!(received, PAYLOAD);
        let reply = client.finish(Sha256::of(&received)).unwrap().unwrap();
        assert_eq!((reply.chunks, reply.payload_bytes), (4, 10));
    }
}

#[test]
fn a_resumed_stream_repeats_no_warning() {
    let mut bench = Bench::new();
    let owner = owner("me", 1);
    let Ok(Started::Kept(id)) = bench.start(Some(owner.clone()), &key(1, "a")) else { panic!() };
    bench.core.handle_warning(id, "PROG ZRAY".into(), "ODD", "odd".into());
    assert_eq!(kinds(&bench.frames(&key(1, "a"))), ["accepted", "warning"]);
    bench.lose(1);
    bench.resume(&owner, after(&owner, "e-2", 0), &key(2, "b")).unwrap();
    assert_eq!(kinds(&bench.frames(&key(2, "b"))), ["accepted"]);
    bench.core.handle_warning(id, "PROG ZRAZ".into(), "ODD", "odd".into());
    assert_eq!(kinds(&bench.frames(&key(2, "b"))), ["warning"]);
    // Whoever asks anew has nothing.
    bench.start(Some(owner), &key(3, "c")).unwrap();
    assert_eq!(kinds(&bench.frames(&key(3, "c"))), ["accepted", "warning", "warning"]);
}
