//! Requests by the thousand that are answered, run out of time or are dropped: the table is empty
//! afterwards, and memory is what it was.
//!
//! 10,000 of each as a rule; `LONGHAUL_MILLION=1 cargo test --release --test million` makes a
//! million of each.

#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod support;

use std::time::Duration;

use futures::StreamExt;
use longhaul::server::Script;
use longhaul::{Client, Error, TransferOptions};
use support::{connect, nothing_is_left_pending, scripted};

/// How many requests run at once; the server takes 16 heavy ones.
const AT_ONCE: usize = 12;
/// How many are made before the table is looked at.
const BATCH: usize = 1_000;
/// What memory may grow by: less than 5 bytes for each of a million requests.
const MOST_GROWTH_BYTES: u64 = 4 << 20;
/// What is made before memory is looked at, so that pools and tables have their size.
const WARM_UP: usize = 2_000;

#[derive(Clone, Copy, Debug)]
enum Ending {
    Answered,
    TimedOut,
    Dropped,
}

/// Makes one request that ends so.
async fn one(client: &Client, ending: Ending) {
    let sleep = || client.request("test", "sleep").param("ms", 3_600_000);
    match ending {
        Ending::Answered => drop(client.ping().await.unwrap()),
        Ending::TimedOut => {
            let limit = Some(Duration::from_micros(1));
            let options = TransferOptions::default().idle_limit(limit);
            let error = sleep().options(options).call::<()>().await.unwrap_err();
            assert!(matches!(error, Error::Idle { .. }), "{error:?}");
        }
        Ending::Dropped => drop(sleep().start().await.unwrap()),
    }
}

/// The memory of this process that is in use, in bytes; `None` where that is not known.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

#[tokio::test]
async fn requests_of_every_end_leave_nothing() {
    let is_long = std::env::var_os("LONGHAUL_MILLION").is_some_and(|value| value == "1");
    let requests = if is_long { 1_000_000 } else { 10_000 };
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let make = async |ending, count| {
        // A request that is dropped has its turn until its last frame came: they must not pile up.
        for _ in 0..count / BATCH {
            let batch = futures::stream::iter(0..BATCH);
            batch.for_each_concurrent(AT_ONCE, |_| one(&client, ending)).await;
            nothing_is_left_pending(&client).await;
        }
    };
    for ending in [Ending::Dropped, Ending::Answered, Ending::TimedOut] {
        make(ending, WARM_UP).await;
        let before = resident_bytes();
        let begun = std::time::Instant::now();
        make(ending, requests).await;
        let (after, took) = (resident_bytes(), begun.elapsed());
        let Some((before, after)) = before.zip(after) else {
            eprintln!("{ending:?}: memory is not looked at on this system");
            continue;
        };
        eprintln!(
            "{requests} {ending:?}: {} KiB before, {} KiB after, {:.0} a second",
            before >> 10,
            after >> 10,
            requests as f64 / took.as_secs_f64()
        );
        assert!(after < before + MOST_GROWTH_BYTES, "{ending:?}: from {before} to {after} bytes");
    }
    client.ping().await.unwrap();
    assert_eq!((client.stats().pending, client.stats().reconnects), (0, 0));
}
