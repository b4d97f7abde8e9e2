use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::proto::base64::encode;

fn chunk(seq: u64, bytes: &[u8]) -> Chunk<'static> {
    Chunk { seq, data: encode(bytes).into(), offset: None, crc32: None }
}

/// Chunks of `size` bytes, with what `checksum` adds.
fn slices(payload: &[u8], size: usize) -> Vec<Chunk<'static>> {
    payload
        .chunks(size)
        .enumerate()
        .map(|(at, bytes)| Chunk {
            offset: Some((at * size) as u64),
            crc32: Some(Crc32::of(bytes)),
            ..chunk(at as u64 + 1, bytes)
        })
        .collect()
}

fn assemble(
    limits: Limits,
    chunks: &[Chunk<'_>],
) -> (Result<Pushed, AssembleError>, BytesMut, ChunkAssembler) {
    let (mut assembler, mut out) = (ChunkAssembler::new(limits), BytesMut::new());
    let mut last = Ok(Pushed::Parked);
    for chunk in chunks {
        last = assembler.push(chunk, &mut out);
        if last.is_err() {
            break;
        }
    }
    (last, out, assembler)
}

fn failure(chunks: &[Chunk<'_>]) -> AssembleError {
    assemble(Limits::default(), chunks).0.unwrap_err()
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

proptest! {
    #[test]
    fn any_order_with_any_repeats_gives_the_payload(
        payload in proptest::collection::vec(any::<u8>(), 0..2000),
        size in 1_usize..300,
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let chunks = slices(&payload, size);
        let total = chunks.len() as u64;
        // Arbitrary chunks first (repeats among them), then each once more.
        let mut sent: Vec<_> = order.iter().filter(|_| total > 0).map(|i| i.get(&chunks).clone()).collect();
        sent.extend(chunks);
        let (last, out, assembler) = assemble(Limits::default(), &sent);
        prop_assert!(sent.is_empty() || last.is_ok());
        prop_assert_eq!(assembler.parked_bytes(), 0);
        prop_assert_eq!(&out[..], &payload[..]);
        let assembled = assembler.finish(total, Some(payload.len() as u64)).unwrap();
        prop_assert_eq!(assembled.bytes, payload.len() as u64);
    }
}

#[test]
fn seq_zero() {
    assert_eq!(failure(&[chunk(0, b"x")]), AssembleError::SeqZero);
}

#[test]
fn gap_at_the_end_names_the_missing_chunk() {
    let (_, _, assembler) = assemble(Limits::default(), &[chunk(1, b"a"), chunk(3, b"c")]);
    let error = assembler.finish(3, None).unwrap_err();
    assert_eq!(error, AssembleError::Gap { missing: seq(2), total: 3, parked: 1 });
}

#[test]
fn totals_that_lie_either_way() {
    let (_, _, assembler) = assemble(Limits::default(), &[chunk(1, b"a"), chunk(2, b"b")]);
    let error = assembler.finish(1, None).unwrap_err();
    assert_eq!(error, AssembleError::PastTotal { seq: seq(2), total: 1 });
    let (_, _, assembler) = assemble(Limits::default(), &[chunk(1, b"a"), chunk(9, b"b")]);
    let error = assembler.finish(5, None).unwrap_err();
    assert_eq!(error, AssembleError::PastTotal { seq: seq(9), total: 5 });
    let (_, _, assembler) = assemble(Limits::default(), &[chunk(1, b"a")]);
    let error = assembler.finish(u64::MAX, None).unwrap_err();
    assert_eq!(error, AssembleError::Gap { missing: seq(2), total: u64::MAX, parked: 0 });
}

#[test]
fn nothing_at_all_is_an_empty_payload() {
    let assembled = ChunkAssembler::new(Limits::default()).finish(0, Some(0)).unwrap();
    assert_eq!((assembled.chunks, assembled.bytes), (0, 0));
}

#[test]
fn the_same_seq_with_other_bytes_delivered_or_parked() {
    let conflict = |at| AssembleError::Conflict {
        seq: seq(at),
        expected_bytes: 1,
        expected: Crc32::of(b"a"),
        got_bytes: 2,
        got: Crc32::of(b"ab"),
    };
    assert_eq!(failure(&[chunk(1, b"a"), chunk(1, b"ab")]), conflict(1));
    assert_eq!(failure(&[chunk(5, b"a"), chunk(5, b"ab")]), conflict(5));
}

#[test]
fn repeats_are_dropped_and_old_ones_unchecked() {
    let limits = Limits { remembered_chunks: 2, ..Limits::default() };
    let chunks = [chunk(1, b"a"), chunk(2, b"b"), chunk(3, b"c")];
    let (_, mut out, mut assembler) = assemble(limits, &chunks);
    assert_eq!(assembler.push(&chunk(3, b"c"), &mut out), Ok(Pushed::Repeated));
    assert_eq!(assembler.push(&chunk(2, b"b"), &mut out), Ok(Pushed::Repeated));
    assert_eq!(assembler.push(&chunk(1, b"other"), &mut out), Ok(Pushed::Unchecked));
    assert_eq!(&out[..], b"abc");
}

#[test]
fn with_nothing_to_be_remembered_no_repeat_is_compared() {
    let limits = Limits { remembered_chunks: 0, ..Limits::default() };
    let (last, out, _) = assemble(limits, &[chunk(1, b"a"), chunk(1, b"b")]);
    assert_eq!(last, Ok(Pushed::Unchecked));
    assert_eq!(&out[..], b"a");
}

#[test]
fn repeats_of_parked_chunks_are_dropped() {
    let (last, out, assembler) = assemble(Limits::default(), &[chunk(3, b"c"), chunk(3, b"c")]);
    assert_eq!((last, out.len()), (Ok(Pushed::Repeated), 0));
    assert_eq!(assembler.parked_bytes(), 1 + CHUNK_OVERHEAD_BYTES);
}

#[test]
fn parking_is_bounded_in_bytes() {
    let limit = 2 * (100 + CHUNK_OVERHEAD_BYTES);
    let limits = Limits { max_parked_bytes: limit, ..Limits::default() };
    let parked = |at| chunk(at, &[7; 100]);
    let (last, _, mut assembler) = assemble(limits, &[parked(2), parked(3)]);
    assert_eq!(last, Ok(Pushed::Parked));
    let error = assembler.push(&chunk(4, b""), &mut BytesMut::new()).unwrap_err();
    assert_eq!(error, AssembleError::ParkedBytes { missing: seq(1), seq: seq(4), limit });
}

#[test]
fn parking_is_bounded_in_chunks() {
    let limits = Limits { max_parked_chunks: 2, ..Limits::default() };
    let (last, _, assembler) = assemble(limits, &[chunk(2, b""), chunk(9, b""), chunk(5, b"")]);
    let error = AssembleError::ParkedChunks { missing: seq(1), seq: seq(5), limit: 2 };
    assert_eq!(last, Err(error));
    assert_eq!(assembler.parked.len(), 2);
}

#[test]
fn the_payload_is_bounded_exactly() {
    let limits = Limits { max_payload_bytes: 10, ..Limits::default() };
    let (last, out, _) = assemble(limits.clone(), &[chunk(1, &[1; 5]), chunk(2, &[2; 5])]);
    assert!(last.is_ok() && out.len() == 10);
    let too_large = |at| Err(AssembleError::TooLarge { seq: seq(at), limit: 10 });
    let (last, out, _) = assemble(limits.clone(), &[chunk(1, &[1; 5]), chunk(2, &[2; 6])]);
    assert_eq!((last, out.len()), (too_large(2), 5));
    let (last, out, _) = assemble(limits.clone(), &[chunk(2, &[2; 6]), chunk(1, &[1; 5])]);
    assert_eq!((last, out.len()), (too_large(2), 5));
    let (last, _, _) = assemble(limits, &[chunk(7, &[2; 11])]);
    assert_eq!(last, too_large(7));
}

#[test]
fn white_space_does_not_count_towards_the_limit() {
    let limits = Limits { max_payload_bytes: 3, ..Limits::default() };
    let spaced = Chunk { data: "Q U\r\n J D   ".into(), ..chunk(1, b"") };
    let (last, out, _) = assemble(limits, &[spaced]);
    assert!(last.is_ok() && &out[..] == b"ABC");
}

#[test]
fn empty_chunks_are_legal_but_not_without_end() {
    let limits = Limits { max_empty_chunks: 2, ..Limits::default() };
    let sent = [chunk(1, b""), chunk(2, b""), chunk(3, b"x"), chunk(4, b""), chunk(5, b"")];
    let (last, out, mut assembler) = assemble(limits, &sent);
    assert!(last.is_ok() && &out[..] == b"x");
    let error = assembler.push(&chunk(6, b""), &mut BytesMut::new()).unwrap_err();
    assert_eq!(error, AssembleError::TooManyEmpty { seq: seq(6), limit: 2 });
}

#[test]
fn what_checksum_declares_is_checked_also_on_parked_chunks() {
    let wrong = Chunk { crc32: Some(Crc32(1)), ..chunk(1, b"a") };
    let crc = |at| AssembleError::Crc { seq: seq(at), expected: Crc32(1), got: Crc32::of(b"a") };
    assert_eq!(failure(std::slice::from_ref(&wrong)), crc(1));
    assert_eq!(failure(&[Chunk { seq: 4, ..wrong }]), crc(4));
    let elsewhere = Chunk { offset: Some(7), ..chunk(2, b"b") };
    let offset = AssembleError::Offset { seq: seq(2), expected: 1, got: 7 };
    assert_eq!(failure(&[chunk(1, b"a"), elsewhere.clone()]), offset);
    assert_eq!(failure(&[elsewhere, chunk(1, b"a")]), offset);
}

#[test]
fn size_at_the_end() {
    let whole = || assemble(Limits::default(), &[chunk(1, b"abc")]).2;
    let error = whole().finish(1, Some(4)).unwrap_err();
    assert_eq!(error, AssembleError::Size { expected: 4, got: 3 });
    let assembled = whole().finish(1, Some(3)).unwrap();
    assert_eq!((assembled.chunks, assembled.bytes), (1, 3));
}

#[test]
fn bad_base64_leaves_the_output_alone() {
    let bad = Chunk { data: "QUJ$".into(), ..chunk(2, b"") };
    let (last, out, _) = assemble(Limits::default(), &[chunk(1, b"a"), bad]);
    assert_eq!(last, Err(AssembleError::Base64 { seq: seq(2), chars: 4 }));
    assert_eq!(&out[..], b"a");
}
