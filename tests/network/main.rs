//! A network that does its worst between the client and a real server: whatever is done to the
//! connection, what comes out is right, or a typed error before the deadline, and the client and the
//! folder are as they should be afterwards.

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod matrix;
mod mixtures;
mod pieces;
mod silence;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use longhaul::server::{Script, Server};
use longhaul::{Client, ClientBuilder, Error, ErrorKind, TransferOptions};
use support::ask::Echo;
use support::proxy::{Plan, Proxy};
use support::sink::{FILE, Order, Sink};
use support::{chain, chunks_of, deadline, nothing_is_left_pending, scripted};

const SIZE: u64 = 60_000;
const CHUNK: u64 = 2_000;
/// How many cases run at once; each spends most of its time in pauses and silence.
const AT_ONCE: usize = 12;
/// A peer that is silent for three of these is gone.
const PING_INTERVAL: Duration = Duration::from_millis(150);
/// What ends a request whose frames were lost on a connection that lives.
const IDLE_LIMIT: Duration = Duration::from_secs(2);

/// One transfer over connections of which the first ones are harmed.
#[derive(Clone, Debug)]
struct Case {
    plans: Vec<Plan>,
    sink: Sink,
    size: u64,
    seed: u64,
    options: TransferOptions,
}

impl Case {
    fn new(sink: Sink, plan: &Plan) -> Self {
        // Several sessions have a connection each, beside the first.
        let connections = if sink == Sink::Sharded { 3 } else { 1 };
        let options = chunks_of(CHUNK).window(8).idle_limit(None);
        Self { plans: vec![plan.clone(); connections], sink, size: SIZE, seed: 5, options }
    }

    /// One whose frames may get lost while the connection lives.
    fn limited(mut self) -> Self {
        self.options = self.options.idle_limit(Some(IDLE_LIMIT));
        self
    }
}

/// What came of a case.
struct Outcome {
    taken: Result<(), Error>,
    /// Whether anything was done to a connection at all.
    was_harmed: bool,
}

fn builder(proxy: &Proxy) -> ClientBuilder {
    Client::builder(proxy.url()).ping_interval(PING_INTERVAL)
}

/// Runs a case and sees to it that nothing is left of it.
async fn run(server: &Server, case: &Case) -> Outcome {
    let proxy = Proxy::new(server.addr()).await;
    proxy.plan_next(case.plans.iter().cloned());
    let client = deadline(builder(&proxy).connect()).await.expect("the client connects");
    let folder = tempfile::tempdir().unwrap();
    let order =
        Order { size: case.size, seed: case.seed, delay_ms: 0, options: case.options.clone() };
    let taken = case.sink.take(&client, &order, folder.path()).await;
    let was_harmed = !proxy.has_done_nothing();
    assert_folder(folder.path(), case, taken.as_ref().err());
    // Whatever is left of the plans is for other connections than these.
    proxy.plan_no_more();
    nothing_is_left_pending(&client).await;
    if taken.as_ref().is_err_and(|error| error.kind() == ErrorKind::Timeout) {
        // A frame that never ends swallows whatever comes, and looks like one that is slow.
        deadline(client.close()).await;
    }
    assert_eq!(deadline(client.run(Echo(7))).await.expect("the client goes on").output, 7);
    if taken.is_err() {
        // The same client takes the same payload, with or without what is left of the first try.
        case.sink.take(&client, &order, folder.path()).await.expect("the client goes on");
        assert_folder(folder.path(), case, None);
    }
    nothing_is_left_pending(&client).await;
    deadline(client.close()).await;
    support::until(|| proxy.open() == 0).await;
    Outcome { taken, was_harmed }
}

/// Only a file that is whole has its name, and only a journal leaves anything else.
#[track_caller]
fn assert_folder(folder: &Path, case: &Case, error: Option<&Error>) {
    let writes = !matches!(case.sink, Sink::Memory | Sink::Writer | Sink::Events | Sink::Records);
    let mut names: BTreeSet<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.remove(FILE), writes && error.is_none(), "{case:?}: {error:?}");
    if error.is_some() && case.sink.has_journal() {
        let is_left = |name: &String| {
            let extension = Path::new(name).extension();
            extension.is_some_and(|found| found == "part" || found == "journal")
        };
        names.retain(|name| !is_left(name));
    }
    assert!(names.is_empty(), "{case:?}: {names:?} after {error:?}");
}

/// Runs all cases, several at once, and hands each outcome to `look`; gives how many were harmed.
async fn run_all<L: Debug>(cases: Vec<(L, Case)>, look: impl Fn(&L, &Case, &Outcome)) -> usize {
    let server = Arc::new(scripted(Script::new()).await);
    let runs = stream::iter(cases).map(|(label, case)| {
        let server = Arc::clone(&server);
        async move {
            let ran = case.clone();
            let outcome = tokio::spawn(async move { run(&server, &ran).await }).await;
            let outcome = outcome.unwrap_or_else(|_| panic!("{label:?} with {case:?} failed"));
            (label, case, outcome)
        }
    });
    let mut runs = runs.buffer_unordered(AT_ONCE);
    let mut harmed = 0;
    while let Some((label, case, outcome)) = runs.next().await {
        look(&label, &case, &outcome);
        harmed += usize::from(outcome.was_harmed);
    }
    drop(runs);
    support::until(|| server.sessions() == 0).await;
    harmed
}

/// Fails unless the payload came.
#[track_caller]
fn assert_right<L: Debug>(label: &L, case: &Case, outcome: &Outcome) {
    if let Err(error) = &outcome.taken {
        panic!("{label:?} with {case:?}: {}", chain(error));
    }
}
