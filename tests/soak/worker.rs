//! Clients that work until their time is over.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures::FutureExt;
use futures::future::join_all;
use longhaul::{Client, Retries};
use tokio::time::timeout;

use crate::job::Job;
use crate::support::{chain, nothing_is_left_pending};
use crate::tally::{Ended, Tally};

/// How many clients there are at once, and how many operations run at once on each.
const CLIENTS: usize = 8;
const LANES: usize = 3;
/// How many operations each lane of a client has before the client makes way for another.
const ROUND: usize = 25;
/// How many operations there are at most, however much time there is.
const MOST_OPERATIONS: usize = 4_000_000;
/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// The longest time until memory is looked at for the first time.
const WARM_UP: Duration = Duration::from_secs(30);
/// How often a connection is tried that is harmed while it is made.
const DIALS: usize = 20;

/// Runs all clients for that time, and says when they are warm.
pub(crate) async fn run(
    url: &str,
    folder: &Path,
    time: Duration,
    seed: u64,
    is_warm: impl FnOnce(),
) -> Tally {
    let begun = Instant::now();
    let end = begun + time;
    let workers: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (url, folder) = (url.to_owned(), folder.join(number.to_string()));
            let seed = seed.wrapping_mul(CLIENTS as u64).wrapping_add(number as u64);
            let rng = Rng::with_seed(seed);
            tokio::spawn(async move { work(&url, &folder, end, rng).await })
        })
        .collect();
    tokio::time::sleep_until((begun + WARM_UP.min(time / 4)).into()).await;
    is_warm();
    let mut sum = Tally::default();
    for worker in workers {
        sum.add(worker.await.unwrap());
    }
    sum
}

/// One client after the other.
async fn work(url: &str, folder: &Path, end: Instant, mut rng: Rng) -> Tally {
    let mut sum = Tally::default();
    let mut operations = 0;
    while Instant::now() < end && operations < MOST_OPERATIONS / CLIENTS {
        let Some(client) = connect(url, &mut sum).await else { break };
        let lanes = (0..LANES).map(|lane| {
            let (client, folder) = (client.clone(), folder.join(lane.to_string()));
            lane_of_jobs(client, folder, end, rng.fork())
        });
        for tally in join_all(lanes).await {
            sum.add(tally);
        }
        operations += ROUND * LANES;
        let closing = async {
            nothing_is_left_pending(&client).await;
            client.close().await;
        };
        if timeout(PATIENCE, closing).await.is_err() {
            sum.note("close".to_owned(), "the client", Ended::Hung);
        }
        sum.note_client(&client.stats());
    }
    let _ = std::fs::remove_dir(folder);
    sum
}

async fn connect(url: &str, sum: &mut Tally) -> Option<Client> {
    for _ in 0..DIALS {
        let retries = Retries::default().tries(30).within(PATIENCE);
        let builder = Client::builder(url)
            .ping_interval(Duration::from_millis(250))
            .connect_timeout(Duration::from_secs(3))
            .retries(retries);
        match builder.connect().await {
            Ok(client) => return Some(client),
            Err(error) if error.is_transient() => sum.redials += 1,
            Err(error) => {
                sum.note("connect".to_owned(), url, Ended::Failed(chain(&error)));
                return None;
            }
        }
    }
    sum.note("connect".to_owned(), url, Ended::Failed("too many dials".to_owned()));
    None
}

async fn lane_of_jobs(
    client: Client,
    folder: std::path::PathBuf,
    end: Instant,
    mut rng: Rng,
) -> Tally {
    let mut tally = Tally::default();
    std::fs::create_dir_all(&folder).unwrap();
    for _ in 0..ROUND {
        if Instant::now() >= end {
            break;
        }
        let job = Job::random(&mut rng);
        let (name, what) = (job.name(), format!("{job:?}"));
        // What a panic leaves half done is thrown away.
        let running = AssertUnwindSafe(job.run(&client, &folder)).catch_unwind();
        let ended = match timeout(PATIENCE, running).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) => Ended::Wrong,
            Err(_) => Ended::Hung,
        };
        tally.note(name, &what, ended);
    }
    // Fails where anything is left in it, which the parent then finds.
    let _ = std::fs::remove_dir(&folder);
    tally
}
