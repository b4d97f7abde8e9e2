//! Many at once: requests on one connection, and connections to one server.

mod support;

use std::time::{Duration, Instant};

use futures::future::{join_all, try_join_all};
use longhaul::Client;
use longhaul::server::Script;
use support::ask::Echo;
use support::pattern::Pattern;
use support::peer::{FINAL, Peer, TEXT, frame};
use support::proxy::Proxy;
use support::{
    bare, chunks_of, connect, connect_through, deadline, nothing_is_left_pending, until,
};

const REQUESTS: u64 = 10_000;
const CONNECTIONS: usize = 200;
/// How many transfers each of the connections has, and how many of them at once.
const TRANSFERS: u64 = 4;
const SIZE: u64 = if cfg!(debug_assertions) { 50_000 } else { 500_000 };
const CHUNK: u64 = 8_000;

/// Asks so many questions at once and looks at each answer.
async fn ask_all(client: &Client, count: u64) {
    let asked = (0..count)
        .map(|n| async move { Ok::<_, longhaul::Error>((n, client.run(Echo(n)).await?)) });
    let answers = deadline(try_join_all(asked)).await.expect("all are answered");
    assert_eq!(answers.len() as u64, count);
    for (n, answer) in answers {
        assert_eq!(answer.output, n, "each gets its own");
    }
}

#[tokio::test]
async fn ten_thousand_requests_on_one_connection_are_each_answered_rightly() {
    let server = bare(Script::new()).await;
    let client = connect(&server).await;
    let begun = Instant::now();
    ask_all(&client, REQUESTS).await;
    eprintln!("{REQUESTS} requests in {:?}", begun.elapsed());
    nothing_is_left_pending(&client).await;
    let stats = client.stats();
    assert_eq!((stats.requests, stats.messages), (REQUESTS, REQUESTS));
    assert_eq!((stats.unknown_ids, stats.unreadable, stats.reconnects), (0, 0, 0));
    assert_eq!(server.most_sessions(), 1);
    drop(client);
    until(|| server.sessions() == 0).await;
}

/// A peer that answers nobody before all have asked, and then in another order.
#[tokio::test]
async fn ten_thousand_that_wait_at_the_same_moment_are_told_apart() {
    let listening = Peer::listen().await;
    let url = listening.url();
    let welcome = r#"{"id":"welcome","success":true,"data":{"features":["stream"]}}"#;
    let answering = tokio::spawn(async move {
        let mut peer = listening.accept(frame(FINAL | TEXT, welcome.as_bytes())).await;
        let mut asked = Vec::new();
        while (asked.len() as u64) < REQUESTS {
            let request: serde_json::Value = serde_json::from_str(&peer.text().await).unwrap();
            asked
                .push((request["id"].as_str().unwrap().to_owned(), request["params"]["n"].clone()));
        }
        fastrand::Rng::with_seed(1).shuffle(&mut asked);
        for (id, n) in asked {
            let answer = format!(r#"{{"id":"{id}","success":true,"data":{{"n":{n}}}}}"#);
            peer.send(&frame(FINAL | TEXT, answer.as_bytes())).await;
        }
        peer
    });
    let client = deadline(Client::builder(url).connect()).await.unwrap();
    ask_all(&client, REQUESTS).await;
    nothing_is_left_pending(&client).await;
    let stats = client.stats();
    assert_eq!((stats.requests, stats.messages, stats.unknown_ids), (REQUESTS, REQUESTS, 0));
    drop(deadline(answering).await.unwrap());
}

/// All of them lose their connection, and all are asked again and answered.
#[tokio::test]
async fn ten_thousand_that_lose_their_connection_are_each_answered_over_another() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let control = proxy.control();
    let seen = std::sync::atomic::AtomicU64::new(0);
    proxy.watch(move |_| {
        if seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == REQUESTS / 2 {
            control.cut_all();
        }
    });
    ask_all(&client, REQUESTS).await;
    nothing_is_left_pending(&client).await;
    assert_eq!((client.stats().reconnects, proxy.connections()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_connections_at_once_each_have_their_transfers() {
    let server = bare(Script::new()).await;
    let connecting = (0..CONNECTIONS).map(|_| {
        let builder = Client::builder(server.url()).connect_timeout(Duration::from_mins(1));
        builder.connect()
    });
    let clients = deadline(try_join_all(connecting)).await.expect("all connect");
    assert_eq!(server.sessions(), CONNECTIONS);
    let begun = Instant::now();
    let runs = clients.into_iter().enumerate().map(|(n, client)| {
        tokio::spawn(async move {
            let transfers = (0..TRANSFERS).map(|m| {
                let pattern = Pattern::new(SIZE, n as u64 * TRANSFERS + m);
                let client = &client;
                async move {
                    let transfer = client.start_with(pattern.clone(), chunks_of(CHUNK)).await?;
                    let done = transfer.collect().await?;
                    pattern.assert_is(&done.payload, done.receipt.sha256);
                    Ok::<_, longhaul::Error>(())
                }
            });
            join_all(transfers).await.into_iter().collect::<Result<(), _>>().expect("all verify");
            assert_eq!(client.stats().chunk_bytes, TRANSFERS * SIZE);
            assert_eq!(client.stats().reconnects, 0);
            nothing_is_left_pending(&client).await;
            client
        })
    });
    let clients = deadline(try_join_all(runs)).await.expect("no transfer fails");
    let bytes = CONNECTIONS as u64 * TRANSFERS * SIZE;
    eprintln!("{bytes} bytes over {CONNECTIONS} connections in {:?}", begun.elapsed());
    assert_eq!((server.sessions(), server.most_sessions()), (CONNECTIONS, CONNECTIONS));
    deadline(join_all(clients.iter().map(Client::close))).await;
    until(|| server.sessions() == 0).await;
}
