//! The same bytes in other pieces: fragments of messages, and small writes, down to 1 byte.

use crate::support::proxy::Plan;
use crate::support::sink::{SINKS, Sink};
use crate::{Case, assert_right, run_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_in_pieces_of_any_size_are_the_same_messages() {
    let both = |fragment: usize, write: usize| Plan {
        write_bytes: Some(write),
        ..Plan::fragments(fragment)
    };
    let plans = [
        Plan::fragments(1),
        Plan::fragments(7),
        Plan::fragments(1_000),
        Plan::writes(1),
        Plan::writes(13),
        Plan::writes(1_460),
        both(100, 3),
        both(5, 1_000),
    ];
    let mut cases = Vec::new();
    for plan in &plans {
        cases.extend(
            SINKS.map(|sink| ("in pieces", Case { size: 12_000, ..Case::new(sink, plan) })),
        );
    }
    // Every byte a frame and every byte of it a write: less of it is as good.
    for sink in [Sink::Memory, Sink::File, Sink::Records] {
        cases.push(("in bytes", Case { size: 6_000, ..Case::new(sink, &both(1, 1)) }));
    }
    let all = cases.len();
    assert_eq!(run_all(cases, assert_right).await, all);
}
