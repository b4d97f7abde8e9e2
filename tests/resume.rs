//! A transfer whose connection is cut, at any border of a message and at any byte, ends right.

mod support;

use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, stream};
use longhaul::proto::checksum::Sha256;
use longhaul::server::{Order, Script, Server};
use longhaul::{Client, ConnectError, Error, Event};
use support::pattern::Pattern;
use support::proxy::{Proxy, Spot};
use support::{bare, chain, chunks_of, connect, connect_through, deadline};

const SIZE: u64 = 200_000;
const CHUNK: u64 = 5_000;
const WINDOW: u64 = 8;
/// How many cases run at once; each spends most of its time in the pause before it dials again.
const AT_ONCE: usize = 24;
/// What a chunk takes on the wire, at most: base64 takes 4 bytes for 3.
const CHUNK_ON_WIRE: u64 = CHUNK / 3 * 4 + 200;
/// What else a connection takes: the upgrade, its welcome, accepted, complete.
const ELSE_ON_WIRE: u64 = 3_000;

/// How a payload is taken.
#[derive(Clone, Copy, Debug)]
enum Way {
    Save,
    Collect,
    Events,
}

const WAYS: [Way; 3] = [Way::Save, Way::Collect, Way::Events];

#[derive(Clone, Debug)]
struct Case {
    cuts: Vec<Spot>,
    way: Way,
    seed: u64,
}

/// What all cases come to together.
#[derive(Debug, Default)]
struct Sums {
    cases: u64,
    cuts: u64,
    resumes: u64,
}

/// Runs a case to its end, which has to be a good one.
async fn run(server: &Server, case: &Case, folder: &Path) -> Sums {
    let pattern = Pattern::new(SIZE, case.seed);
    let proxy = Proxy::new(server.addr()).await;
    proxy.cut_next(case.cuts.iter().copied());
    let client = connect_at_last(&proxy, case).await;
    let before = proxy.cuts();
    let taken = take(&client, &pattern, case, folder).await;
    let (bytes, sha256) = taken.unwrap_or_else(|error| panic!("{case:?}: {}", chain(&error)));
    pattern.assert_is(&bytes, sha256);
    let stats = client.stats();
    assert_eq!(stats.chunk_bytes, SIZE, "{case:?}: no chunk was asked for that was there");
    assert_eq!(stats.repeated_chunks + stats.unchecked_repeats, 0, "{case:?}");
    deadline(client.close()).await;
    let (cuts, dials) = (proxy.cuts(), proxy.connections());
    assert!(stats.reconnects <= cuts && dials <= cuts + 1, "{case:?}: {cuts} cuts, {dials} dials");
    let most = SIZE / CHUNK * CHUNK_ON_WIRE
        + dials * ELSE_ON_WIRE
        + (cuts - before) * (WINDOW + 1) * CHUNK_ON_WIRE;
    assert!(proxy.to_client_bytes() <= most, "{case:?}: {}", proxy.to_client_bytes());
    Sums { cases: 1, cuts, resumes: stats.resumes }
}

/// Connects. The first connection is tried once, so one that is cut while it is made has to say so.
async fn connect_at_last(proxy: &Proxy, case: &Case) -> Client {
    for _ in 0..=case.cuts.len() {
        match deadline(Client::builder(proxy.url()).connect()).await {
            Ok(client) => return client,
            Err(error) => assert!(
                error.is_transient()
                    && matches!(
                        error,
                        ConnectError::NoWelcome(_)
                            | ConnectError::Http(_)
                            | ConnectError::Upgrade(_)
                            | ConnectError::Dial { .. }
                    ),
                "{case:?}: {}",
                chain(&error)
            ),
        }
    }
    panic!("{case:?}: no connection");
}

async fn take(
    client: &Client,
    pattern: &Pattern,
    case: &Case,
    folder: &Path,
) -> Result<(Vec<u8>, Sha256), Error> {
    let options = chunks_of(CHUNK).window(WINDOW);
    let mut transfer = deadline(client.start_with(pattern.clone(), options)).await?;
    match case.way {
        Way::Collect => {
            let done = deadline(transfer.collect()).await?;
            assert!(done.receipt.digest_checked);
            Ok((done.payload.as_ref().to_vec(), done.receipt.sha256.unwrap()))
        }
        Way::Save => {
            let path = folder.join(format!("{}.bin", case.seed));
            let saved = deadline(transfer.save(&path)).await?;
            Ok((std::fs::read(&path).unwrap(), saved.receipt.sha256.unwrap()))
        }
        Way::Events => {
            let mut bytes = Vec::new();
            while let Some(event) = deadline(transfer.next()).await {
                if let Event::Data(piece) = event {
                    bytes.extend_from_slice(&piece.into_bytes());
                }
            }
            Ok((bytes, deadline(transfer.finish()).await?.sha256.unwrap()))
        }
    }
}

/// Runs all cases, several at once.
async fn run_all(cases: Vec<Case>) -> Sums {
    run_all_on(bare(Script::new()).await, cases).await
}

async fn run_all_on(server: Server, cases: Vec<Case>) -> Sums {
    let server = Arc::new(server);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let runs = stream::iter(cases).map(|case| {
        let (server, folder) = (Arc::clone(&server), Arc::clone(&folder));
        tokio::spawn(async move { run(&server, &case, folder.path()).await })
    });
    let sums = runs.buffer_unordered(AT_ONCE).fold(Sums::default(), |sums, ran| async move {
        let ran = ran.expect("a case failed");
        Sums {
            cases: sums.cases + ran.cases,
            cuts: sums.cuts + ran.cuts,
            resumes: sums.resumes + ran.resumes,
        }
    });
    let sums = sums.await;
    let left = std::fs::read_dir(folder.path()).unwrap().filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.path().extension().is_none_or(|end| end != "bin"))
    });
    assert_eq!(left.count(), 0, "only the files are left");
    sums
}

/// How many messages a transfer has, for the client and for the server, and how many bytes come.
async fn uncut() -> ([u64; 2], u64) {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let options = chunks_of(CHUNK).window(WINDOW);
    let transfer = deadline(client.start_with(Pattern::new(SIZE, 0), options)).await.unwrap();
    deadline(transfer.collect()).await.unwrap();
    deadline(client.close()).await;
    (proxy.frames(), proxy.to_client_bytes())
}

/// Whatever the number, always the same numbers, evenly spread.
fn scattered(count: usize, below: u64) -> Vec<u64> {
    let words = Pattern::new(count as u64 * 8, 0x10a6_4a01).bytes();
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    words.chunks_exact(8).map(|bytes| word(bytes) % below).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_border_of_a_message_for_the_client() {
    let ([frames, _], _) = uncut().await;
    assert!(frames > SIZE / CHUNK, "{frames}");
    let border = |n: u64| WAYS.map(|way| (n, way));
    let cases = (0..=frames).flat_map(border).enumerate().map(|(seed, (n, way))| Case {
        cuts: vec![Spot::frames_down(n)],
        way,
        seed: seed as u64,
    });
    let sums = run_all(cases.collect()).await;
    // How many answers to grants follow the chunks differs from run to run, and beyond complete
    // there is nothing left to cut, or to go on with. Every chunk is cut before, in every way.
    assert!(sums.cuts >= SIZE / CHUNK * 3 && sums.resumes > SIZE / CHUNK * 2, "{sums:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_border_of_a_message_for_the_server() {
    let ([_, frames], _) = uncut().await;
    assert!(frames > 2, "{frames}");
    let border = |n: u64| WAYS.map(|way| (n, way));
    let cases = (0..=frames).flat_map(border).enumerate().map(|(seed, (n, way))| Case {
        cuts: vec![Spot::frames_up(n)],
        way,
        seed: seed as u64,
    });
    let sums = run_all(cases.collect()).await;
    assert!(sums.cuts >= frames && sums.resumes > 0, "{sums:?}");
}

/// How many bytes the connections are cut at; an unoptimized build would take too long for all.
const SCATTERED: usize = if cfg!(debug_assertions) { 250 } else { 500 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_any_byte_for_the_client() {
    let (_, bytes) = uncut().await;
    let places = scattered(SCATTERED, bytes);
    let cases = places.into_iter().zip(WAYS.into_iter().cycle()).enumerate();
    let cases = cases.map(|(seed, (place, way))| {
        let mut cuts = vec![Spot::bytes_down(place)];
        if seed % 4 == 3 {
            // Another one, while the connection is opened again or soon after.
            cuts.push(Spot::bytes_down(place % 1_500));
        }
        Case { cuts, way, seed: seed as u64 }
    });
    let sums = run_all(cases.collect()).await;
    assert!(sums.cuts >= SCATTERED as u64 && sums.resumes > sums.cuts / 2, "{sums:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn again_and_again_as_long_as_something_new_comes() {
    // More often than a request tries without anything new, also while it is being opened again.
    let places = scattered(24, 40_000);
    let cases = places.chunks(12).zip(WAYS).enumerate().map(|(seed, (places, way))| {
        let cut = |place: &u64| Spot::bytes_down(8_000 + place);
        Case { cuts: places.iter().map(cut).collect(), way, seed: seed as u64 }
    });
    let sums = run_all(cases.collect()).await;
    assert!(sums.cuts > 12, "{sums:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_ahead_of_a_gap_is_forgotten_and_comes_again() {
    let server = bare(Script::new().order(Order::Shuffled(3))).await;
    let places = scattered(24, 250_000);
    let cases = places.into_iter().zip(WAYS.into_iter().cycle()).enumerate();
    let cases = cases.map(|(seed, (place, way))| {
        let cuts = vec![Spot::bytes_down(8_000 + place), Spot::bytes_down(30_000)];
        Case { cuts, way, seed: seed as u64 }
    });
    let sums = run_all_on(server, cases.collect()).await;
    assert!(sums.resumes > 24, "{sums:?}");
}

#[tokio::test]
async fn a_chunk_that_was_damaged_is_asked_for_again() {
    let server = bare(Script::new().corrupt_bit(20_000, 3).only_first(1)).await;
    let client = connect(&server).await;
    let pattern = Pattern::new(SIZE, 7);
    let options = chunks_of(CHUNK).window(WINDOW);
    let transfer = deadline(client.start_with(pattern.clone(), options)).await.unwrap();
    let done = deadline(transfer.collect()).await.unwrap();
    pattern.assert_is(&done.payload, done.receipt.sha256);
    assert_eq!(client.stats().resumes, 1);
}
