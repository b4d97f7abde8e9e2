//! Payloads that are sent while they are made.

use super::*;

/// An operation that is kept and makes its payload, in chunks of 3 bytes.
struct Making {
    bench: Bench,
    id: OperationId,
    owner: Owner,
    payload: Arc<Payload>,
}

impl Making {
    fn new(key: &StreamKey, window: Option<u64>) -> Self {
        let (mut bench, owner) = (Bench::new(), owner("me", 1));
        let question =
            Question { owner: Some(owner.clone()), digest: Sha256::of(b"check"), chunk_bytes: 3 };
        let terms = terms(key, window);
        let started = bench.core.start(question, key.clone(), terms, bench.now);
        let Ok(Started::Kept(id)) = started else { panic!() };
        let payload = Payload::new(Box::new(GrowingBytes::default()), 3, None, true);
        Self { bench, id, owner, payload: Arc::new(payload) }
    }

    fn grow(&mut self, bytes: &[u8]) {
        self.payload.grow(bytes).unwrap();
        self.bench.core.handle_growth(self.id, &self.payload);
    }

    fn end(&mut self) {
        let (payload, data) = (Arc::clone(&self.payload), to_raw_value("done").unwrap().into());
        self.bench.core.handle_outcome(self.id, Ok(Outcome { payload, data }));
    }

    fn kinds(&mut self, key: &StreamKey) -> Vec<String> {
        kinds(&self.bench.frames(key))
    }
}

#[test]
fn what_there_is_leaves_while_the_operation_runs() {
    let stream = key(1, "a");
    let mut making = Making::new(&stream, None);
    assert_eq!(making.kinds(&stream), ["accepted"]);
    making.grow(b"01");
    assert_eq!(making.kinds(&stream), ["1"], "less than a full chunk, since nothing else is there");
    making.grow(b"2345678");
    assert_eq!(making.kinds(&stream), ["2", "3", "4"]);
    assert!(making.kinds(&stream).is_empty());
    making.grow(b"9");
    making.end();
    assert_eq!(making.kinds(&stream), ["5", "complete"]);
    assert_eq!(making.payload.digest().unwrap().sha256, Sha256::of(PAYLOAD));
}

#[test]
fn what_comes_while_credit_is_awaited_is_gathered() {
    let stream = key(1, "a");
    let mut making = Making::new(&stream, Some(1));
    making.grow(b"0");
    assert_eq!(making.kinds(&stream), ["accepted", "1"]);
    for byte in [b"1", b"2", b"3"] {
        making.grow(byte);
    }
    assert!(making.kinds(&stream).is_empty());
    making.bench.core.handle_credit(&stream, 9);
    assert_eq!(making.kinds(&stream), ["2"]);
    assert_eq!(making.payload.border(3), Some(4), "a full one");
}

#[test]
fn progress_and_payload_take_turns() {
    let stream = key(1, "a");
    let mut making = Making::new(&stream, None);
    making.bench.poll(&stream);
    let mut frames = Vec::new();
    for done in 0..3 {
        // Faster than it is asked for.
        making.bench.core.handle_progress(making.id, done, 3, "x".into());
        making.grow(b"0");
        frames.extend(making.bench.poll(&stream));
    }
    assert_eq!(kinds(&frames), ["progress", "1", "progress"]);
    making.bench.core.handle_progress(making.id, 3, 3, String::new());
    making.end();
    assert_eq!(making.kinds(&stream), ["2", "progress", "complete"]);
}

#[test]
fn progress_comes_first_where_nothing_was_kept_back() {
    let stream = key(1, "a");
    let mut making = Making::new(&stream, None);
    for expected in [&["accepted", "progress", "1"][..], &["progress", "2"]] {
        making.bench.core.handle_progress(making.id, 0, 3, "x".into());
        making.grow(b"0");
        assert_eq!(making.kinds(&stream), expected);
        making.bench.core.handle_progress(making.id, 1, 3, "y".into());
        assert_eq!(making.kinds(&stream), ["progress"]);
    }
}

#[test]
fn it_is_resumed_at_every_border_at_any_time() {
    for lost_at in 0..=6 {
        for is_ended in [false, true] {
            let stream = key(1, "a");
            let mut making = Making::new(&stream, None);
            let mut chunks = Vec::new();
            for part in [&b"01"[..], b"2345", b"6"] {
                making.grow(part);
                chunks.extend(making.kinds(&stream).into_iter().filter(|kind| kind != "accepted"));
            }
            assert_eq!(chunks, ["1", "2", "3", "4"]);
            making.bench.lose(1);
            making.grow(b"78");
            if is_ended {
                making.grow(b"9");
                making.end();
            }
            let offset = match making.payload.border(lost_at + 1) {
                Some(offset) if lost_at <= 4 => offset,
                _ => 0,
            };
            let resume = Resume {
                operation: making.owner.key.clone(),
                epoch: "e-2".into(),
                next: Seq::new(lost_at + 1).unwrap(),
                offset,
                sha256: Sha256::of(&PAYLOAD[..usize::try_from(offset).unwrap()]),
            };
            let owner = making.owner.clone();
            let resumed = making.bench.resume(&owner, resume, &key(2, "b"));
            if lost_at > 4 {
                assert_eq!(code(resumed), ServerError::RESUME_MISMATCH, "{lost_at}");
                continue;
            }
            resumed.unwrap();
            if is_ended {
                let frames = making.kinds(&key(2, "b"));
                assert_eq!(frames.last().unwrap(), "complete");
                assert_eq!(frames.len() as u64, 1 + (5 - lost_at) + 1, "789 is one full chunk");
            } else {
                let first = making.kinds(&key(2, "b"));
                let expected: Vec<_> = (lost_at + 1..=5).map(|seq| seq.to_string()).collect();
                assert_eq!((&first[0], &first[1..]), (&"accepted".to_owned(), &expected[..]));
                making.grow(b"9");
                making.end();
                assert_eq!(making.kinds(&key(2, "b")), ["6", "complete"]);
            }
            assert_eq!(making.payload.digest().unwrap().sha256, Sha256::of(PAYLOAD));
        }
    }
}

#[test]
fn an_operation_that_fails_midway_is_resumed_to_its_error() {
    let stream = key(1, "a");
    let mut making = Making::new(&stream, None);
    making.grow(b"0123");
    assert_eq!(making.kinds(&stream), ["accepted", "1", "2"]);
    making.bench.lose(1);
    let failed = Refusal::new(Refusal::SERVICE_EXCEPTION, "no more");
    making.bench.core.handle_outcome(making.id, Err(failed));
    let resume = Resume {
        operation: making.owner.key.clone(),
        epoch: "e-2".into(),
        next: Seq::new(3).unwrap(),
        offset: 4,
        sha256: Sha256::of(b"0123"),
    };
    let owner = making.owner.clone();
    making.bench.resume(&owner, resume, &key(2, "b")).unwrap();
    assert_eq!(making.kinds(&key(2, "b")), ["accepted", "SERVICE_EXCEPTION"]);
}

#[test]
fn what_grows_counts_for_the_quota() {
    let stream = key(1, "a");
    let mut making = Making::new(&stream, None);
    making.grow(&[0; 1_001]);
    assert!(making.bench.core.has_stream(&stream), "it is being sent");
    making.bench.lose(1);
    assert!(making.bench.core.poll_changes().contains(&Change::Freed(making.id)));
    let mut other = Making::new(&stream, None);
    other.bench.lose(1);
    other.grow(&[0; 1_001]);
    assert!(other.bench.core.poll_changes().contains(&Change::Freed(other.id)));
}
