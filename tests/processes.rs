//! A save that a process leaves, killed at any moment, and another goes on with.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use futures::{StreamExt, stream};
use longhaul::client::LeftoverInfo;
use longhaul::proto::Stats;
use longhaul::proto::limits::WINDOW;
use longhaul::server::{Script, Server};
use longhaul::{Client, Error, Event};
use support::pattern::Pattern;
use support::proxy::{Proxy, Spot};
use support::{bare, chain, chunks_of, connect_through, deadline};

const SIZE: u64 = 200_000;
const CHUNK: u64 = 5_000;
const ASKED: &str = r#""action":"payload""#;
/// What a chunk takes on the wire, at most, and what all else takes.
const CHUNK_ON_WIRE: u64 = CHUNK / 3 * 4 + 200;
const ELSE_ON_WIRE: u64 = 3_000;
/// The URL and the file, for the process that saves.
const URL: &str = "LONGHAUL_TEST_URL";
const FILE: &str = "LONGHAUL_TEST_FILE";

fn pattern() -> Pattern {
    Pattern::new(SIZE, 11).slow(3).once()
}

/// Saves for a parent that watches and kills it; nothing where there is none.
#[tokio::test]
async fn saving_process() {
    let (Ok(url), Some(file)) = (std::env::var(URL), std::env::var_os(FILE)) else { return };
    let client = deadline(Client::builder(url).connect()).await.unwrap();
    let transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK).resume_from(&file)));
    let transfer = transfer.await.unwrap().on_progress(|status| say(&status.bytes.to_string()));
    match deadline(transfer.save(&file)).await {
        Ok(_) => deadline(client.close()).await,
        Err(Error::File { action: "writing", .. }) => say("full"),
        Err(error) => panic!("{}", chain(&error)),
    }
}

fn say(what: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "longhaul {what}").unwrap();
    stdout.flush().unwrap();
}

/// The process that saves, killed when dropped.
struct Saving(Child);

impl Saving {
    fn start(proxy: &Proxy, file: &Path) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()), proxy, file)
    }

    fn spawn(mut command: Command, proxy: &Proxy, file: &Path) -> Self {
        command.args(["--exact", "saving_process", "--nocapture"]);
        command.env(URL, proxy.url()).env(FILE, file);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Reads what it says until `is_enough`, kills it, and gives how far it was. `None` if it came
    /// to its end first.
    async fn kill_when(
        mut self,
        is_enough: impl Fn(&str) -> bool + Send + 'static,
    ) -> Option<String> {
        let reading = tokio::task::spawn_blocking(move || {
            let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
            // The runner's own words come before the first of ours.
            let mut said = lines
                .map_while(Result::ok)
                .filter_map(|line| line.split_once("longhaul ").map(|(_, what)| what.to_owned()));
            said.find(|what| is_enough(what))
        });
        deadline(reading).await.unwrap()
    }

    async fn kill_from(self, bytes: u64) -> Option<u64> {
        let at = move |what: &str| what.parse::<u64>().is_ok_and(|there| there >= bytes);
        Some(self.kill_when(at).await?.parse().unwrap())
    }

    /// Waits until `is_enough`, and kills it.
    async fn kill_once(self, is_enough: impl Fn() -> bool) {
        deadline(async {
            while !is_enough() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Goes on in this process, to the right file.
async fn finish(proxy: &Proxy, file: &Path) -> Stats {
    let client = connect_through(proxy).await;
    let options = chunks_of(CHUNK).resume_from(file);
    let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    let saved = deadline(transfer.save(file)).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
    pattern().assert_is(&fs::read(file).unwrap(), saved.receipt.sha256);
    let stats = client.stats();
    deadline(client.close()).await;
    stats
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Kills a save once it has so many bytes, and goes on with what it has left.
async fn kill_and_go_on(server: &Server, at: u64) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bin");
    let proxy = Proxy::new(server.addr()).await;
    let Some(there) = Saving::start(&proxy, &file).kill_from(at).await else { return false };
    if file.exists() {
        // It was faster than the one who was to kill it.
        assert!(fs::read(&file).unwrap() == pattern().bytes());
        return false;
    }
    let Some(left) = LeftoverInfo::peek(&file) else {
        assert!(there < 3 * CHUNK, "{there} bytes came, and nothing was left");
        return false;
    };
    assert!(left.bytes + 2 * CHUNK >= there, "{there} bytes came, {} were left", left.bytes);
    let before = proxy.to_client_bytes();
    let stats = finish(&proxy, &file).await;
    assert_eq!(stats.chunk_bytes, SIZE - left.bytes, "what is there is not taken again");
    // What was on its way to the killed one may still have come.
    let chunks = (SIZE - left.bytes) / CHUNK + WINDOW;
    let most = chunks * CHUNK_ON_WIRE + ELSE_ON_WIRE;
    let sent = proxy.to_client_bytes() - before;
    assert!(sent <= most, "{sent} bytes for {}", SIZE - left.bytes);
    assert_eq!((proxy.asked(ASKED), entries(folder.path())), (1, 1));
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_save_is_gone_on_with_whenever_it_was_killed() {
    const MOMENTS: usize = 50;
    let server = Arc::new(bare(Script::new()).await);
    let words = Pattern::new(MOMENTS as u64 * 8, 77).bytes();
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let moments: Vec<_> = words.chunks_exact(8).map(|bytes| word(bytes) % SIZE).collect();
    let runs = stream::iter(moments).map(|at| {
        let server = Arc::clone(&server);
        tokio::spawn(async move { kill_and_go_on(&server, at).await })
    });
    let went_on: Vec<_> =
        runs.buffer_unordered(4).map(|ran| ran.expect("a run failed")).collect().await;
    let count = went_on.iter().filter(|went_on| **went_on).count();
    assert!(went_on.len() == MOMENTS && count > MOMENTS * 3 / 4, "{count} of {MOMENTS}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_is_killed_again_and_again_comes_to_its_end() {
    let server = bare(Script::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bin");
    let proxy = Proxy::new(server.addr()).await;
    let (mut kills, mut far) = (0, 0);
    while Saving::start(&proxy, &file).kill_from(far + 4 * CHUNK).await.is_some() && !file.exists()
    {
        let left = LeftoverInfo::peek(&file).expect("something to go on with");
        assert!(left.bytes > far, "{far}, and then {}", left.bytes);
        (kills, far) = (kills + 1, left.bytes);
    }
    assert!(kills > 5, "{kills}");
    assert_eq!((proxy.asked(ASKED), entries(folder.path())), (1, 1));
    let bytes = fs::read(&file).unwrap();
    assert!(bytes == pattern().bytes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_the_turns_of_its_life() {
    let server = bare(Script::new()).await;
    let release = r#""action":"release""#;
    for turn in ["started", "connected", "asked", "released"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.bin");
        let proxy = Proxy::new(server.addr()).await;
        let saving = Saving::start(&proxy, &file);
        match turn {
            "started" => drop(saving),
            "connected" => saving.kill_once(|| proxy.connections() > 0).await,
            "asked" => saving.kill_once(|| proxy.asked(ASKED) > 0).await,
            _ => saving.kill_once(|| proxy.asked(release) > 0).await,
        }
        assert_eq!(file.exists(), turn == "released");
        finish(&proxy, &file).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_restarted_has_it_start_over() {
    let server = bare(Script::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bin");
    let proxy = Proxy::new(server.addr()).await;
    Saving::start(&proxy, &file).kill_from(SIZE / 2).await.expect("killed on the way");
    drop(server);
    let server = bare(Script::new()).await;
    proxy.retarget(server.addr());
    // What must not be run twice is not, and what is left then is of no use to anybody.
    let client = connect_through(&proxy).await;
    let resume = |pattern| client.start_with(pattern, chunks_of(CHUNK).resume_from(&file));
    let transfer = deadline(resume(pattern())).await.unwrap();
    let handle = transfer.detach().expect("it is not known yet that nothing is kept");
    let error = deadline(client.attach(pattern(), handle)).await.unwrap();
    let error = deadline(error.collect()).await.unwrap_err();
    assert!(matches!(&error, Error::Server { source, .. } if source.is_resume_refusal()));
    // What may be run twice starts over.
    let again = Pattern::new(SIZE, 11).slow(3);
    let mut transfer = deadline(resume(again.clone())).await.unwrap();
    let cause = loop {
        if let Some(Event::Restarted { cause }) = deadline(transfer.next()).await {
            break cause;
        }
    };
    assert!(matches!(&*cause, Error::Server { source, .. } if source.is_resume_refusal()));
    let saved = deadline(transfer.save(&file)).await.unwrap();
    again.assert_is(&fs::read(&file).unwrap(), saved.receipt.sha256);
    assert_eq!((proxy.asked(ASKED), client.stats().chunk_bytes), (2, SIZE));
    assert_eq!(entries(folder.path()), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_restarted_meanwhile_has_it_start_over() {
    let (server, other) = (bare(Script::new()).await, bare(Script::new()).await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bin");
    let proxy = Proxy::new(server.addr()).await;
    proxy.cut_next([Spot::bytes_down(100_000)]);
    let client = connect_through(&proxy).await;
    proxy.retarget(other.addr());
    let again = Pattern::new(SIZE, 11);
    let options = chunks_of(CHUNK).journal_for(&file);
    let transfer = deadline(client.start_with(again.clone(), options)).await.unwrap();
    let saved = deadline(transfer.save(&file)).await.unwrap();
    again.assert_is(&fs::read(&file).unwrap(), saved.receipt.sha256);
    assert_eq!((proxy.asked(ASKED), entries(folder.path())), (2, 1));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_what_there_was_room_for() {
    let server = bare(Script::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bin");
    let proxy = Proxy::new(server.addr()).await;
    let mut command = Command::new("sh");
    // Blocks of 512 or 1024 bytes; an end by the signal would be no error to be told.
    let limited = r#"trap "" XFSZ; ulimit -f 100; exec "$0" "$@""#;
    command.args(["-c", limited]).arg(std::env::current_exe().unwrap());
    let full = Saving::spawn(command, &proxy, &file).kill_when(|what| what == "full").await;
    assert!(full.is_some(), "the disk was not full");
    let left = LeftoverInfo::peek(&file).expect("something to go on with");
    assert!(left.bytes >= 51_200 - CHUNK && !file.exists(), "{left:?}");
    let stats = finish(&proxy, &file).await;
    assert_eq!(stats.chunk_bytes, SIZE - left.bytes);
    assert_eq!((proxy.asked(ASKED), entries(folder.path())), (1, 1));
}
