//! Where a payload goes: what fails there, what is left then, and when the server may forget it.

mod support;

use std::fs;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::future::join;
use longhaul::client::LeftoverInfo;
use longhaul::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};
use longhaul::server::{Script, Server};
use longhaul::{Client, Error, ErrorKind, Transfer, TransferOptions};
use support::pattern::Pattern;
use support::proxy::Proxy;
use support::{bare, chain, chunks_of, connect_through, deadline};
use tokio::io::{AsyncReadExt, AsyncWrite};

const SIZE: u64 = 100_000;
const CHUNK: u64 = 2_000;
const RELEASE: &str = r#""action":"release""#;
const CANCEL: &str = r#""action":"cancel""#;

fn pattern() -> Pattern {
    Pattern::new(SIZE, 9)
}

/// A server, what stands before it, and a client.
async fn world() -> (Server, Proxy, Client) {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    (server, proxy, client)
}

async fn start(client: &Client, options: TransferOptions) -> Transfer<Pattern> {
    deadline(client.start_with(pattern(), options)).await.unwrap()
}

/// What stands in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until the server was sent `part` so often.
async fn asked(proxy: &Proxy, part: &str, times: usize) {
    deadline(async {
        while proxy.asked(part) < times {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn nothing_is_under_way(client: &Client) {
    deadline(async {
        while client.stats().pending > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[track_caller]
fn file_error(error: &Error) -> (&'static str, io::ErrorKind) {
    let Error::File { action, source, .. } = error else { panic!("{}", chain(error)) };
    assert_eq!((error.kind(), error.is_remote()), (ErrorKind::Local, false));
    (action, source.kind())
}

#[tokio::test]
async fn a_folder_as_target_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, proxy, client) = world().await;
    let transfer = start(&client, chunks_of(CHUNK)).await;
    let error = deadline(transfer.save(folder.path())).await.unwrap_err();
    assert_eq!(file_error(&error).1, io::ErrorKind::IsADirectory);
    let missing = folder.path().join("none/a.bin");
    let error = deadline(start(&client, chunks_of(CHUNK)).await.save(missing)).await.unwrap_err();
    assert_eq!(file_error(&error).1, io::ErrorKind::NotFound);
    nothing_is_under_way(&client).await;
    assert!(names(folder.path()).is_empty());
    assert_eq!((client.stats().chunk_bytes, proxy.asked(RELEASE)), (0, 0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_takes_no_file_fails_at_once() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let set = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    // Some users may write everywhere; where nobody can, they cannot either.
    let is_bound = fs::write(folder.path().join("probe"), "").is_err();
    let path = if is_bound { folder.path() } else { Path::new("/proc") };
    if path.exists() {
        let (_server, proxy, client) = world().await;
        let transfer = start(&client, chunks_of(CHUNK)).await;
        let error = deadline(transfer.save(path.join("a.bin"))).await.unwrap_err();
        file_error(&error);
        nothing_is_under_way(&client).await;
        assert_eq!((client.stats().chunk_bytes, proxy.asked(RELEASE)), (0, 0));
    }
    set(0o755);
}

#[tokio::test]
async fn a_target_that_becomes_a_folder_is_left_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let (_server, proxy, client) = world().await;
    let becomes = path.clone();
    let transfer = start(&client, chunks_of(CHUNK)).await.on_progress(move |status| {
        if status.bytes > SIZE / 2 {
            fs::create_dir_all(&becomes).unwrap();
        }
    });
    let error = deadline(transfer.save(&path)).await.unwrap_err();
    assert_eq!(file_error(&error).1, io::ErrorKind::IsADirectory);
    assert!(path.is_dir());
    assert_eq!(names(folder.path()), ["a.bin"]);
    asked(&proxy, RELEASE, 1).await;
}

#[tokio::test]
async fn a_target_that_changes_meanwhile_is_replaced_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let (_server, _cutter, client) = world().await;
    for journaled in [false, true] {
        fs::write(&path, "before").unwrap();
        let plain = chunks_of(CHUNK);
        let options = if journaled { plain.journal_for(&path) } else { plain };
        let changes = path.clone();
        let transfer = start(&client, options).await.on_progress(move |status| {
            if status.bytes < SIZE {
                assert!(fs::metadata(&changes).unwrap().len() < 20, "untouched so far");
                fs::write(&changes, "meanwhile").unwrap();
            }
        });
        let saved = deadline(transfer.save(&path)).await.unwrap();
        pattern().assert_is(&fs::read(&path).unwrap(), saved.receipt.sha256);
        assert_eq!(names(folder.path()), ["a.bin"]);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_device_that_is_full_says_so() {
    let (_server, proxy, client) = world().await;
    let error = start(&client, chunks_of(CHUNK)).await.save("/dev/full").await.unwrap_err();
    assert_eq!(file_error(&error), ("writing", io::ErrorKind::StorageFull));
    asked(&proxy, RELEASE, 1).await;
    let spools = names(&std::env::temp_dir());
    assert!(!spools.iter().any(|name| name.starts_with("full.") && name.contains(".part")));
}

#[tokio::test]
async fn the_server_is_told_to_let_go_only_once_the_file_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, proxy, client) = world().await;
    let (path, early) = (folder.path().join("a.bin"), Arc::new(AtomicUsize::new(0)));
    let (target, counted) = (path.clone(), Arc::clone(&early));
    proxy.watch(move |text| {
        if text.contains(RELEASE) && fs::metadata(&target).map_or(0, |found| found.len()) != SIZE {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    for journaled in [false, true] {
        let plain = chunks_of(CHUNK);
        let options = if journaled { plain.journal_for(&path) } else { plain };
        let released = proxy.asked(RELEASE);
        let staged = deadline(start(&client, options).await.stage(&path)).await.unwrap();
        // Whatever was said before it has been heard once this is answered.
        deadline(client.run(Pattern::new(1, 0))).await.unwrap();
        asked(&proxy, RELEASE, released + 1).await;
        assert_eq!(proxy.asked(RELEASE), released + 1, "that of the other payload");
        early.store(0, Ordering::SeqCst);
        assert!(!path.exists());
        deadline(tokio::task::spawn_blocking(|| staged.file.commit())).await.unwrap().unwrap();
        asked(&proxy, RELEASE, released + 2).await;
        assert_eq!(early.load(Ordering::SeqCst), 0, "journaled: {journaled}");
        assert_eq!(names(folder.path()), ["a.bin"]);
        fs::remove_file(&path).unwrap();
    }
    let released = proxy.asked(RELEASE);
    let staged = deadline(start(&client, chunks_of(CHUNK)).await.stage(&path)).await.unwrap();
    drop(staged);
    asked(&proxy, RELEASE, released + 1).await;
    assert!(names(folder.path()).is_empty(), "what is given up is freed on both sides");
}

#[tokio::test]
async fn every_way_to_the_end_lets_the_server_go() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, proxy, client) = world().await;
    let collected = start(&client, chunks_of(CHUNK)).await;
    deadline(collected.collect()).await.unwrap();
    asked(&proxy, RELEASE, 1).await;
    let mut read = start(&client, chunks_of(CHUNK)).await;
    while deadline(read.next()).await.is_some() {}
    deadline(read.finish()).await.unwrap();
    asked(&proxy, RELEASE, 2).await;
    deadline(start(&client, chunks_of(CHUNK)).await.write_to(&mut tokio::io::sink()))
        .await
        .unwrap();
    asked(&proxy, RELEASE, 3).await;
    let path = folder.path().join("a.bin");
    deadline(start(&client, chunks_of(CHUNK)).await.save(&path)).await.unwrap();
    asked(&proxy, RELEASE, 4).await;
    assert_eq!(proxy.asked(CANCEL), 0);
}

/// Takes nothing for right.
struct Never;

impl Operation for Never {
    type Output = ();

    fn name(&self) -> OperationName {
        pattern().name()
    }

    fn params(&self) -> Params {
        pattern().params()
    }

    fn has_payload(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        _reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<(), OperationError> {
        Err(OperationError::Empty)
    }
}

#[tokio::test]
async fn what_the_operation_refuses_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    fs::write(&path, "before").unwrap();
    let (_server, proxy, client) = world().await;
    let options = chunks_of(CHUNK).journal_for(&path);
    let transfer = deadline(client.start_with(Never, options)).await.unwrap();
    let error = deadline(transfer.save(&path)).await.unwrap_err();
    assert!(matches!(error, Error::Operation { .. }), "{}", chain(&error));
    assert_eq!(
        (names(folder.path()), fs::read(&path).unwrap()),
        (vec!["a.bin".into()], b"before".to_vec())
    );
    asked(&proxy, RELEASE, 1).await;
    assert!(LeftoverInfo::peek(&path).is_none());
}

/// Fails after so many bytes.
struct Failing(usize);

impl AsyncWrite for Failing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let n = bytes.len().min(self.0).min(700);
        self.0 -= n;
        Poll::Ready(if n > 0 { Ok(n) } else { Err(io::ErrorKind::StorageFull.into()) })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        panic!("the writer is the caller's to shut down");
    }
}

#[tokio::test]
async fn a_writer_that_fails_midway_stops_the_server() {
    let (_server, proxy, client) = world().await;
    for taken in [0, 1, 30_000] {
        let cancelled = proxy.asked(CANCEL);
        let transfer = start(&client, chunks_of(CHUNK)).await;
        let error = deadline(transfer.write_to(&mut Failing(taken))).await.unwrap_err();
        let Error::Output { source, .. } = &error else { panic!("{}", chain(&error)) };
        assert_eq!((source.kind(), error.kind()), (io::ErrorKind::StorageFull, ErrorKind::Local));
        asked(&proxy, CANCEL, cancelled + 1).await;
    }
    deadline(start(&client, chunks_of(CHUNK)).await.collect()).await.expect("all goes on");
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_slow_writer_holds_up_nobody_and_loses_nothing() {
    let (_server, _cutter, client) = world().await;
    let (mut writer, mut reader) = tokio::io::duplex(100);
    let transfer = start(&client, chunks_of(CHUNK)).await;
    let writing = async move {
        let receipt = transfer.write_to(&mut writer).await;
        drop(writer);
        receipt
    };
    let reading = async {
        let mut bytes = vec![0; 150];
        reader.read_exact(&mut bytes).await.unwrap();
        // The writer waits; everybody else goes on.
        for _ in 0..5 {
            client.run(Pattern::new(SIZE, 1)).await.unwrap();
        }
        assert!(client.stats().chunk_bytes < 6 * SIZE, "no more is asked for than is taken");
        reader.read_to_end(&mut bytes).await.unwrap();
        bytes
    };
    let (receipt, bytes) = deadline(join(writing, reading)).await;
    pattern().assert_is(&bytes, receipt.unwrap().sha256);
}
