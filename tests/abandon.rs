//! Futures that are dropped at each place where they wait: whatever a request was doing, the
//! client is ready for the next one, nothing is pending and no file is left.

mod support;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::StreamExt;
use longhaul::ops::git::Export;
use longhaul::server::{Profile, Script, Server};
use longhaul::{Client, OperationHandle};
use support::bulk::Bulk;
use support::{
    PACKAGE, assert_holds, chunks_of, connect, connect_with, deadline, nothing_is_left_pending,
    scripted, serve, small_sample, until,
};

/// Chunks small enough that there are several.
const CHUNK: u64 = 4000;
const CHUNKS: u64 = 5;
/// No future here waits more often.
const MOST_WAITS: usize = 2000;

/// Its chunks come one by one, so that each is waited for.
fn bulk() -> Bulk {
    Bulk { chunk_delay_ms: 1, ..Bulk::new(CHUNK * CHUNKS) }
}

/// Polls a future each time it is woken, for so many times at most.
struct Abandoned<F> {
    future: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Abandoned<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        match self.future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Drops what `make` makes after one poll, two polls and so on, and looks whether the client is
/// as good as new each time, until one gets through. Gives how many were dropped.
async fn at_every_wait<F: Future>(
    client: &Client,
    mut make: impl FnMut() -> F,
    mut check: impl FnMut(Option<F::Output>),
) -> usize {
    for left in 1..MOST_WAITS {
        let output = deadline(Abandoned { future: Box::pin(make()), left }).await;
        let is_through = output.is_some();
        check(output);
        deadline(client.ping()).await.unwrap_or_else(|error| panic!("after {left}: {error:?}"));
        nothing_is_left_pending(client).await;
        if is_through {
            return left - 1;
        }
    }
    panic!("it waits more often than {MOST_WAITS} times");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

/// The kinds of connection that each test goes through: one that is kept, and one that is not.
async fn clients(server: &Server) -> [Client; 2] {
    let plain = longhaul::proto::Features::NONE;
    [
        connect_with(server, |builder| builder.options(chunks_of(CHUNK))).await,
        connect_with(server, |builder| builder.options(chunks_of(CHUNK).features(plain))).await,
    ]
}

#[tokio::test]
async fn start_and_collect() {
    let server = scripted(Script::new()).await;
    for client in clients(&server).await {
        let dropped = at_every_wait(
            &client,
            || client.run(bulk()),
            |output| {
                if let Some(completed) = output {
                    assert_eq!(completed.unwrap().receipt.sha256, Some(bulk().sha256()));
                }
            },
        )
        .await;
        // To be sent and to be answered; what comes at once is one wait.
        assert!(dropped >= 2, "{dropped}");
    }
}

#[tokio::test]
async fn save() {
    let server = scripted(Script::new()).await;
    for client in clients(&server).await {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("bulk.bin");
        let folders = std::cell::Cell::new(0);
        let save = || async { client.start(bulk()).await?.save(&target).await };
        let dropped = at_every_wait(&client, save, |output| {
            if let Some(saved) = output {
                assert_eq!(saved.unwrap().receipt.sha256, Some(bulk().sha256()));
                folders.set(folders.get() + 1);
            }
        })
        .await;
        assert!(dropped > 4 && folders.get() == 1, "{dropped}");
        // What was being written ends beside the runtime; only the rename cannot be stopped.
        until(|| std::fs::read_dir(folder.path()).unwrap().count() == 1).await;
        assert_eq!(std::fs::metadata(&target).unwrap().len(), bulk().size);
    }
}

#[tokio::test]
async fn save_with_a_journal() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("bulk.bin");
    let save = || async {
        let options = chunks_of(CHUNK).resume_from(&target);
        client.start_with(bulk(), options).await?.save(&target).await
    };
    at_every_wait(&client, save, |output| {
        if let Some(saved) = output {
            assert_eq!(saved.unwrap().receipt.sha256, Some(bulk().sha256()));
        }
    })
    .await;
    until(|| std::fs::read_dir(folder.path()).unwrap().count() == 1).await;
}

#[tokio::test]
async fn events_and_their_verdict() {
    let server = scripted(Script::new()).await;
    for client in clients(&server).await {
        let read = || async {
            let mut transfer = client.start(bulk()).await?;
            while transfer.next().await.is_some() {}
            transfer.finish().await
        };
        at_every_wait(&client, read, |output| {
            if let Some(receipt) = output {
                assert_eq!(receipt.unwrap().chunks, CHUNKS);
            }
        })
        .await;
    }
}

#[tokio::test]
async fn records_and_their_verdict() {
    let lines: Vec<_> = (0..2000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let server = scripted(Script::new().payload(lines.concat())).await;
    for client in clients(&server).await {
        let read = || async {
            let request = client.request("git", "export").param("packages", [PACKAGE]).stream();
            let mut records = request.start().await?.records();
            while records.next().await.is_some() {}
            records.finish().await
        };
        at_every_wait(&client, read, |output| {
            if let Some(recorded) = output {
                assert_eq!(recorded.unwrap().records, 2000);
            }
        })
        .await;
    }
}

#[tokio::test]
async fn writing_into_a_slow_writer() {
    let server = scripted(Script::new()).await;
    for client in clients(&server).await {
        let write = || async {
            let (mut near, mut far) = tokio::io::duplex(100);
            let mut sink = tokio::io::sink();
            let read = tokio::io::copy(&mut far, &mut sink);
            let written = async {
                let receipt = client.start(bulk()).await?.write_to(&mut near).await;
                drop(near);
                receipt
            };
            futures::future::join(written, read).await.0
        };
        at_every_wait(&client, write, |output| {
            if let Some(receipt) = output {
                assert_eq!(receipt.unwrap().sha256, Some(bulk().sha256()));
            }
        })
        .await;
    }
}

#[tokio::test]
async fn cancel() {
    let server = scripted(Script::new()).await;
    for client in clients(&server).await {
        let cancel = || async {
            let mut transfer = client.start(Bulk::endless()).await.unwrap();
            transfer.next().await;
            transfer.cancel().await
        };
        at_every_wait(&client, cancel, |_| {}).await;
    }
}

#[tokio::test]
async fn detach_and_attach() {
    let server = scripted(Script::new()).await;
    let client = connect_with(&server, |builder| builder.options(chunks_of(CHUNK))).await;
    // What is dropped has been given up, and is not attached to a second time.
    let detach = || async {
        let mut transfer = client.start(bulk()).await?;
        let handle: OperationHandle = loop {
            match transfer.next().await {
                Some(longhaul::Event::Accepted(_)) => break transfer.detach().unwrap(),
                Some(_) => {}
                None => panic!("the server keeps it"),
            }
        };
        client.attach(bulk(), handle).await?.collect().await
    };
    at_every_wait(&client, detach, |output| {
        if let Some(completed) = output {
            assert_eq!(completed.unwrap().receipt.sha256, Some(bulk().sha256()));
        }
    })
    .await;
}

#[tokio::test]
async fn ping_and_single_answers() {
    for profile in [Profile::Full, Profile::Seed, Profile::Deployed] {
        let server = serve(profile, small_sample(), Script::new()).await;
        let client = connect(&server).await;
        let ping = || client.ping();
        at_every_wait(&client, ping, |output| {
            if let Some(pong) = output {
                pong.unwrap();
            }
        })
        .await;
    }
}

#[tokio::test]
async fn exports_of_servers_without_features() {
    for profile in [Profile::Seed, Profile::Deployed] {
        let server = serve(profile, small_sample(), Script::new()).await;
        for waits in [false, true] {
            let client = connect_with(&server, |builder| builder.wait_for_dropped(waits)).await;
            let export = || client.run(Export::packages([PACKAGE]));
            at_every_wait(&client, export, |output| {
                if let Some(export) = output {
                    assert_holds(&export.unwrap().payload, PACKAGE, &small_sample());
                }
            })
            .await;
        }
    }
}

#[tokio::test]
async fn requests_across_a_lost_connection() {
    // Each connection is cut in the midst of the payload, so that all of it takes several.
    let cuts = |script: Script, n: u64| script.cut_connection_after(6_000 + n % 7 * 500);
    let server = scripted((0..3000).fold(Script::new(), cuts)).await;
    let client = connect_with(&server, |builder| builder.options(chunks_of(CHUNK))).await;
    let folder = tempfile::tempdir().unwrap();
    let mut left = 1;
    loop {
        let target = folder.path().join("bulk.bin");
        let save = async { client.start(bulk()).await?.save(&target).await };
        let saved = deadline(Abandoned { future: Box::pin(save), left }).await;
        nothing_is_left_pending(&client).await;
        if let Some(saved) = saved {
            assert_eq!(saved.unwrap().receipt.sha256, Some(bulk().sha256()));
            std::fs::remove_file(&target).unwrap();
            break;
        }
        left += 1;
    }
    assert!(client.stats().resumes > 0);
    until(|| is_empty(folder.path())).await;
}
