//! One behaviour: what the peer does, what the client is asked, how that ends and what it may cost.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, Semaphore};

use crate::child::{ASKED, Asked, MARK, Task};
use crate::launch::{Launched, Order, launch};
use crate::support::peer::{Listening, Peer};
use crate::support::scripted;

/// What a behaviour may cost beyond an idle client, unless it says otherwise: 16 MiB.
pub(crate) const MOST_KIB: u64 = 16 << 10;
/// How many clients run at once.
const AT_ONCE: usize = 4;

pub(crate) type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;
type Serve = Box<dyn FnOnce(Listening) -> Serving + Send>;

pub(crate) struct Case {
    name: &'static str,
    client: Client,
    serve: Serve,
    ends: &'static str,
    most_kib: u64,
}

/// Who meets the peer.
enum Client {
    /// The library.
    Library(Asked),
    /// The command, with these words and the peer's URL.
    Command(Vec<String>),
}

impl Case {
    /// A behaviour that a client of the library meets. `ends` is how it ends.
    pub(crate) fn new<F>(
        name: &'static str,
        asked: Asked,
        ends: &'static str,
        serve: impl FnOnce(Listening) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve: Serve = Box::new(|listening| Box::pin(serve(listening)));
        let asked = asked.patient_unless(ends);
        Self { name, client: Client::Library(asked), serve, ends, most_kib: MOST_KIB }
    }

    /// A behaviour that the command meets; it says `error.kind` in its JSON, or `ok`.
    pub(crate) fn command<F>(
        name: &'static str,
        words: &[&str],
        ends: &'static str,
        serve: impl FnOnce(Listening) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve: Serve = Box::new(|listening| Box::pin(serve(listening)));
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { name, client: Client::Command(words), serve, ends, most_kib: MOST_KIB }
    }

    /// What it may cost beyond an idle client, where that is what the limits leave to a peer.
    pub(crate) fn costs_at_most(mut self, mib: u64) -> Self {
        self.most_kib = mib << 10;
        self
    }
}

/// Runs all of them, some at a time, prints a row for each, and fails if any was not as expected.
pub(crate) fn run_all(kind: &str, cases: Vec<Case>) {
    let word = std::env::var("LONGHAUL_HOSTILE").unwrap_or_default();
    let runtime = Runtime::new().unwrap();
    let rows = runtime.block_on(async {
        let chosen = cases.into_iter().filter(|case| case.name.contains(&word));
        let running: Vec<_> = chosen.map(|case| tokio::spawn(run(case))).collect();
        let mut rows = Vec::new();
        for row in running {
            rows.push(row.await.unwrap());
        }
        rows
    });
    // In one piece, since others print as well.
    let table: Vec<_> = rows.iter().map(|row| format!("| {kind} {}\n", row.text)).collect();
    let table = table.concat();
    eprint!("{table}");
    let wrong: Vec<_> = rows.iter().filter_map(|row| row.wrong.as_deref()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

struct Row {
    text: String,
    wrong: Option<String>,
}

async fn run(case: Case) -> Row {
    static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);
    let (is_command, name) = (matches!(case.client, Client::Command(_)), case.name);
    let idle_kib = idle_kib(is_command).await;
    let _place = PLACES.acquire().await.unwrap();
    let listening = Peer::listen().await;
    let url = listening.url();
    let peer = tokio::spawn((case.serve)(listening));
    let folder = tempfile::tempdir().unwrap();
    let order = match case.client {
        Client::Library(asked) => library(&Asked { url, ..asked }, &folder),
        Client::Command(words) => command(&url, &words, &folder),
    };
    let launched = launch(&order).await;
    // One that waits for another client waits for ever.
    peer.abort();
    let wrong_peer = peer.await.is_err_and(|error| error.is_panic());
    let ending = ending(&launched, is_command);
    let above = launched.peak_kib.saturating_sub(idle_kib);
    let text = format!("| {name} | {ending} | {} | {above} |", launched.peak_kib);
    let is_as_expected = case.ends.split(" or ").any(|ends| ends == ending);
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    let is_done = matches!(&*ending, "exit 0 ok" | "exit 6 ok");
    let is_clean = is_done || left.iter().all(|path| is_left_on_purpose(path));
    let is_small = above <= case.most_kib || !cfg!(target_os = "linux");
    let is_right = is_as_expected && is_clean && is_small && !wrong_peer;
    let wrong = (!is_right).then(|| {
        format!(
            "{name}: {ending}, not {}; {above} KiB above idle of {} at most; left {left:?}; \
             peer failed: {wrong_peer}; {}",
            case.ends,
            case.most_kib,
            launched.stderr.chars().take(2_000).collect::<String>()
        )
    });
    Row { text, wrong }
}

/// Whether a file is what an export that broke off leaves, to be gone on with.
fn is_left_on_purpose(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|found| found == "part" || found == "journal")
}

fn library(asked: &Asked, folder: &tempfile::TempDir) -> Order {
    let asked = serde_json::to_string(asked).unwrap();
    Order {
        program: std::env::current_exe().unwrap().to_str().unwrap().to_owned(),
        args: ["--exact", "child", "--nocapture", "--test-threads=1"].map(str::to_owned).into(),
        env: vec![(ASKED.to_owned(), asked)],
        folder: folder.path().to_str().unwrap().to_owned(),
    }
}

fn command(url: &str, words: &[String], folder: &tempfile::TempDir) -> Order {
    let folder = folder.path().to_str().unwrap().to_owned();
    Order {
        program: env!("CARGO_BIN_EXE_longhaul").to_owned(),
        args: words.to_vec(),
        env: vec![("SAP_URL".into(), url.into()), ("HOME".into(), folder.clone())],
        folder,
    }
}

/// How a client ended, as it says; what it does not say is a panic, a signal, or its time.
fn ending(launched: &Launched, is_command: bool) -> String {
    let Some(code) = launched.code else { return "killed".into() };
    if launched.stderr.contains("panicked at") {
        return format!("panic: {}", launched.stderr);
    }
    if is_command {
        let said: Option<HashMap<String, serde_json::Value>> =
            launched.stdout.lines().next_back().and_then(|line| serde_json::from_str(line).ok());
        let kind = said.as_ref().and_then(|said| said.get("error")?.get("kind")?.as_str());
        return format!("exit {code} {}", kind.unwrap_or("ok"));
    }
    let said = launched.stdout.lines().find_map(|line| line.strip_prefix(MARK));
    said.map_or_else(|| format!("exit {code}"), str::to_owned)
}

/// The peak of a client that connects to an honest server, and of the command that does.
async fn idle_kib(is_command: bool) -> u64 {
    static IDLE: OnceLock<[OnceCell<u64>; 2]> = OnceLock::new();
    let cells = IDLE.get_or_init(Default::default);
    let measured = cells[usize::from(is_command)].get_or_init(|| async {
        let server = scripted(longhaul::server::Script::new()).await;
        let folder = tempfile::tempdir().unwrap();
        let order = if is_command {
            command(&server.url(), &["ping".into(), "--json".into()], &folder)
        } else {
            library(&Asked { url: server.url(), ..Asked::to(Task::Ping(1)) }, &folder)
        };
        let launched = launch(&order).await;
        let ending = ending(&launched, is_command);
        assert!(matches!(&*ending, "ok" | "exit 0 ok"), "{ending}: {}", launched.stderr);
        let what = if is_command { "idle command" } else { "idle client" };
        eprintln!("| idle | {what} | {ending} | {} | 0 |", launched.peak_kib);
        launched.peak_kib
    });
    *measured.await
}
