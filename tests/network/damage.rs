//! Bits that flip and bytes that get lost, anywhere: what is repaired is right, and what is not is a
//! typed error. A connection whose frames no longer make sense cannot be mended, and a frame that is
//! nobody's any more is missed when the idle limit runs out.

use longhaul::ErrorKind;

use crate::support::chain;
use crate::support::proxy::{Fault, Place, Plan, Spot, Way};
use crate::support::sink::Sink;
use crate::{CHUNK, Case, Outcome, assert_right, run_all};

/// The header of a frame with a chunk, and that of the chunk.
const FRAME_HEADER: u64 = 4;
const CHUNK_HEADER: u64 = 32;
/// Where the checksum of a chunk stands in its header.
const CRC: std::ops::Range<u64> = 24..28;

const SINK: [Sink; 4] = [Sink::Memory, Sink::File, Sink::Journal, Sink::Events];

/// So many bytes into what follows the welcome, what is accepted, and three chunks.
fn into_a_message(bytes: u64) -> Spot {
    Spot { way: Way::Down, place: Place::Frames(5, bytes) }
}

/// Right, or an error that says that what came was not.
fn assert_not_wrong(place: &Place, case: &Case, outcome: &Outcome) {
    assert!(outcome.was_harmed, "{place:?}: {case:?}");
    if let Err(error) = &outcome.taken {
        let is_said =
            matches!(error.kind(), ErrorKind::Broken | ErrorKind::Timeout | ErrorKind::Limit);
        assert!(is_said, "{place:?}: {case:?}: {}", chain(error));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bit_of_a_chunk_s_data_is_repaired() {
    let places = (0..8).map(|bit| (u64::from(bit) * CHUNK / 8, Fault::Flip(bit)));
    let cases = places.flat_map(|(byte, fault)| {
        let plan = Plan::of(Spot::chunk(4, byte), fault);
        SINK.map(|sink| (byte, Case::new(sink, &plan)))
    });
    let cases: Vec<_> = cases.collect();
    let all = cases.len();
    assert_eq!(run_all(cases, assert_right).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bit_of_a_chunk_s_checksum_is_repaired() {
    let cases = CRC.flat_map(|byte| {
        let plan = Plan::of(into_a_message(FRAME_HEADER + byte), Fault::Flip((byte % 8) as u8));
        SINK.map(|sink| (byte, Case::new(sink, &plan)))
    });
    let cases: Vec<_> = cases.collect();
    let all = cases.len();
    assert_eq!(run_all(cases, assert_right).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bit_of_a_websocket_header_never_gives_wrong_bytes() {
    let bits = (0..FRAME_HEADER).flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
    let cases = bits.zip(SINK.into_iter().cycle()).map(|((byte, bit), sink)| {
        let plan = Plan::of(into_a_message(byte), Fault::Flip(bit));
        (into_a_message(byte).place, Case::new(sink, &plan).limited())
    });
    run_all(cases.collect(), assert_not_wrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bit_of_a_chunk_s_header_never_gives_wrong_bytes() {
    let bytes = (0..CHUNK_HEADER).filter(|byte| !CRC.contains(byte));
    let cases = bytes.zip(SINK.into_iter().cycle()).map(|(byte, sink)| {
        let plan = Plan::of(into_a_message(FRAME_HEADER + byte), Fault::Flip((byte % 8) as u8));
        (into_a_message(FRAME_HEADER + byte).place, Case::new(sink, &plan).limited())
    });
    run_all(cases.collect(), assert_not_wrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_get_lost_never_give_wrong_bytes() {
    let whole = FRAME_HEADER + CHUNK_HEADER + CHUNK;
    let losses = [(0, 1), (0, whole), (3, 1), (0, whole + 1), (500, 1), (500, 100), (20, whole)];
    let cases = losses.into_iter().flat_map(|(place, bytes)| {
        let plan = Plan::of(into_a_message(place), Fault::Swallow(bytes));
        SINK.map(|sink| (into_a_message(place).place, Case::new(sink, &plan).limited()))
    });
    run_all(cases.collect(), assert_not_wrong).await;
}
