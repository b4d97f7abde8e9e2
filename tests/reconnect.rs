//! What a client does when its connection is gone: go on, start again, or fail, and how often.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt, join_all};
use longhaul::proto::{Feature, Features};
use longhaul::server::{Script, Server};
use longhaul::{
    Attempt, Client, CloseCause, ConnectError, ConnectionState, Credentials, Error, ErrorKind,
    Event, Logon, Retries, TransferOptions,
};
use support::pattern::Pattern;
use support::proxy::{Fault, Plan, Proxy, Spot};
use support::{bare, chain, chunks_of, connect_through, deadline, until};

const SIZE: u64 = 60_000;
const CHUNK: u64 = 2_000;
/// What every request for a payload has in it.
const ASKED: &str = r#""action":"payload""#;
const RESUMED: &str = r#""action":"resume""#;

fn pattern() -> Pattern {
    Pattern::new(SIZE, 5)
}

/// Options with which nothing outlives a connection.
fn without_resume() -> TransferOptions {
    let features = [Feature::Checksum, Feature::Cancel, Feature::Credit];
    chunks_of(CHUNK).features(Features::from_iter(features))
}

/// A server, what stands before it, and a client.
async fn world(script: Script) -> (Server, Proxy, Client) {
    let server = bare(script).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    (server, proxy, client)
}

/// The same, with the connection cut; the first one after the client has connected.
async fn cut_world(script: Script, cut: Spot) -> (Server, Proxy, Client) {
    let server = bare(script).await;
    let proxy = Proxy::new(server.addr()).await;
    proxy.cut_next([cut]);
    let client = connect_through(&proxy).await;
    (server, proxy, client)
}

/// After the welcome, what is accepted, and some chunks.
const IN_THE_MIDDLE: Spot = Spot::bytes_down(20_000);
/// The request reaches the server, and nothing comes back.
const BEFORE_ACCEPTED: Spot = Spot::frames_up(1);

#[tokio::test]
async fn what_may_be_repeated_starts_again_where_nothing_is_kept() {
    for cut in [IN_THE_MIDDLE, BEFORE_ACCEPTED] {
        let (_server, proxy, client) = cut_world(Script::new(), cut).await;
        let transfer = deadline(client.start_with(pattern(), without_resume())).await.unwrap();
        let done = deadline(transfer.collect()).await.unwrap();
        pattern().assert_is(&done.payload, done.receipt.sha256);
        assert_eq!((proxy.asked(ASKED), proxy.asked(RESUMED)), (2, 0), "{cut:?}");
    }
}

#[tokio::test]
async fn without_a_digest_nothing_is_resumed() {
    let (_server, proxy, client) = cut_world(Script::new(), IN_THE_MIDDLE).await;
    let options = chunks_of(CHUNK).without_digest();
    let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    let done = deadline(transfer.collect()).await.unwrap();
    assert_eq!(done.payload.as_ref(), pattern().bytes());
    assert_eq!((done.receipt.sha256, done.receipt.digest_checked), (None, false));
    assert_eq!((proxy.asked(ASKED), proxy.asked(RESUMED)), (2, 0));
}

#[tokio::test]
async fn starting_again_is_said_among_the_events() {
    let (_server, proxy, client) = cut_world(Script::new(), BEFORE_ACCEPTED).await;
    let mut transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
    let (mut story, mut bytes) = (Vec::new(), Vec::new());
    while let Some(event) = deadline(transfer.next()).await {
        match event {
            Event::Interrupted { .. } => story.push("interrupted"),
            Event::Restarted { cause } => {
                assert!(matches!(*cause, Error::Lost { .. }), "{cause:?}");
                story.push("restarted");
            }
            Event::Accepted(_) => story.push("accepted"),
            Event::Data(piece) => bytes.extend_from_slice(&piece.into_bytes()),
            _ => {}
        }
    }
    let receipt = deadline(transfer.finish()).await.unwrap();
    pattern().assert_is(&bytes, receipt.sha256);
    assert_eq!(story, ["interrupted", "restarted", "accepted"]);
    assert_eq!((proxy.asked(ASKED), proxy.asked(RESUMED)), (2, 0));
}

#[tokio::test]
async fn what_must_not_be_repeated_is_never_asked_for_twice() {
    let plain = chunks_of(CHUNK);
    for (cut, options) in [
        (BEFORE_ACCEPTED, plain.clone()),
        (BEFORE_ACCEPTED, without_resume()),
        (IN_THE_MIDDLE, without_resume()),
    ] {
        let (_server, proxy, client) = cut_world(Script::new(), cut).await;
        let transfer = deadline(client.start_with(pattern().once(), options)).await.unwrap();
        let error = deadline(transfer.collect()).await.unwrap_err();
        assert!(matches!(error, Error::Lost { id: Some(_), .. }), "{}", chain(&error));
        // Whatever would still be sent stands before this.
        deadline(client.run(Pattern::new(1, 0))).await.unwrap();
        assert_eq!(proxy.asked(r#""size":60000"#), 1, "{cut:?}");
    }
    let (_server, proxy, client) = cut_world(Script::new(), IN_THE_MIDDLE).await;
    let transfer = deadline(client.start_with(pattern().once(), plain)).await.unwrap();
    deadline(transfer.collect()).await.expect("what is kept goes on");
    assert_eq!((proxy.asked(ASKED), proxy.asked(RESUMED)), (1, 1));
}

#[tokio::test]
async fn bytes_given_out_forbid_to_start_again() {
    let scripts = [Script::new(), Script::new().lose_operations(), Script::new().new_epoch()];
    for (script, options) in
        scripts.into_iter().zip([without_resume(), chunks_of(CHUNK), chunks_of(CHUNK)])
    {
        let (_server, proxy, client) = cut_world(script, IN_THE_MIDDLE).await;
        let mut transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
        while let Some(event) = deadline(transfer.next()).await {
            assert!(!matches!(event, Event::Restarted { .. }), "{event:?}");
        }
        let error = deadline(transfer.finish()).await.unwrap_err();
        let is_said = match &error {
            Error::Lost { .. } => proxy.asked(RESUMED) == 0,
            Error::Server { source, .. } => source.is_resume_refusal(),
            _ => false,
        };
        assert!(is_said, "{}", chain(&error));
        assert_eq!(proxy.asked(ASKED), 1);
    }
}

/// A server whose operations are gone, or others, once their connection is.
async fn forgetful() -> Vec<(&'static str, Server)> {
    let expiring = Server::builder().retain(Duration::from_millis(1), 1 << 30);
    vec![
        ("RESUME_UNKNOWN", bare(Script::new().lose_operations()).await),
        ("RESUME_MISMATCH", bare(Script::new().new_epoch()).await),
        ("RESUME_EXPIRED", deadline(expiring.bind("127.0.0.1:0")).await.unwrap()),
    ]
}

#[tokio::test]
async fn an_operation_that_is_gone_starts_again_in_a_sink() {
    let folder = tempfile::tempdir().unwrap();
    for (code, server) in forgetful().await {
        for saves in [true, false] {
            let proxy = Proxy::new(server.addr()).await;
            proxy.cut_next([IN_THE_MIDDLE]);
            let client = connect_through(&proxy).await;
            let transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
            if saves {
                let path = folder.path().join("a.bin");
                let saved = deadline(transfer.save(&path)).await.unwrap();
                pattern().assert_is(&std::fs::read(&path).unwrap(), saved.receipt.sha256);
            } else {
                let done = deadline(transfer.collect()).await.unwrap();
                pattern().assert_is(&done.payload, done.receipt.sha256);
            }
            assert_eq!((proxy.asked(ASKED), proxy.asked(RESUMED)), (2, 1), "{code}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// The server is back at the last try, and knows nothing any more.
#[tokio::test]
async fn an_operation_that_is_gone_starts_again_though_the_tries_are_spent() {
    for (code, server) in forgetful().await {
        let proxy = Proxy::new(server.addr()).await;
        // The welcome and accepted.
        proxy.cut_next([Spot::frames_down(2)]);
        let client = connect_through(&proxy).await;
        let options = chunks_of(CHUNK).retries(Retries::default().tries(1));
        let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
        let done = deadline(transfer.collect()).await.unwrap();
        pattern().assert_is(&done.payload, done.receipt.sha256);
        assert_eq!((proxy.asked(ASKED), proxy.asked(RESUMED)), (2, 1), "{code}");
    }
}

#[tokio::test]
async fn an_operation_that_is_gone_starts_again_for_who_has_no_byte_yet() {
    for (code, server) in forgetful().await {
        let proxy = Proxy::new(server.addr()).await;
        // The welcome and accepted.
        proxy.cut_next([Spot::frames_down(2)]);
        let client = connect_through(&proxy).await;
        let mut transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
        let (mut restarts, mut bytes) = (Vec::new(), Vec::new());
        while let Some(event) = deadline(transfer.next()).await {
            match event {
                Event::Restarted { cause } => restarts.push(cause),
                Event::Data(piece) => bytes.extend_from_slice(&piece.into_bytes()),
                _ => {}
            }
        }
        let receipt = deadline(transfer.finish()).await.unwrap();
        pattern().assert_is(&bytes, receipt.sha256);
        let [cause] = &restarts[..] else { panic!("{restarts:?}") };
        let Error::Server { source, .. } = &**cause else { panic!("{cause:?}") };
        assert_eq!(source.code, code);
    }
}

#[tokio::test]
async fn a_server_that_is_gone_for_good_ends_the_tries() {
    let (server, proxy, client) = world(Script::new()).await;
    let retries = Retries::default().tries(3).within(Duration::from_secs(5));
    let options = chunks_of(CHUNK).retries(retries);
    let mut transfer = deadline(client.start_with(pattern().slow(5), options)).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Data(_))) {}
    drop((proxy, server));
    let begun = Instant::now();
    let error = deadline(transfer.finish()).await.unwrap_err();
    let Error::NotReopened { cause, source: ConnectError::Dial { .. }, .. } = &error else {
        panic!("{}", chain(&error));
    };
    assert!(cause.is_transient(), "{cause:?}");
    assert!(begun.elapsed() < Duration::from_secs(15) && error.is_retryable());
}

#[tokio::test]
async fn connections_that_bring_nothing_new_are_counted() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    // The welcome and accepted each time, never a chunk.
    proxy.cut_next([Spot::frames_down(2); 20]);
    let client = connect_through(&proxy).await;
    let options = chunks_of(CHUNK).retries(Retries::default().tries(3));
    let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    let error = deadline(transfer.collect()).await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{}", chain(&error));
    assert_eq!((proxy.connections(), proxy.asked(ASKED), proxy.asked(RESUMED)), (4, 1, 3));
}

#[tokio::test]
async fn a_server_that_comes_back_in_time_is_found() {
    let (_server, proxy, client) = world(Script::new()).await;
    let mut transfer =
        deadline(client.start_with(pattern().slow(5), chunks_of(CHUNK))).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(event) = deadline(transfer.next()).await {
        match event {
            Event::Data(piece) if bytes.is_empty() => {
                bytes.extend_from_slice(&piece.into_bytes());
                proxy.refuse(true);
                proxy.cut_all();
            }
            Event::Data(piece) => bytes.extend_from_slice(&piece.into_bytes()),
            Event::Interrupted { .. } => {
                // Back once it was asked for in vain.
                let proxy = &proxy;
                let back = async {
                    while proxy.connections() < 2 {
                        tokio::task::yield_now().await;
                    }
                    proxy.refuse(false);
                };
                let (next, ()) = deadline(futures::future::join(transfer.next(), back)).await;
                if let Some(Event::Data(piece)) = next {
                    bytes.extend_from_slice(&piece.into_bytes());
                }
            }
            _ => {}
        }
    }
    let receipt = deadline(transfer.finish()).await.unwrap();
    pattern().assert_is(&bytes, receipt.sha256);
    assert!(proxy.connections() >= 3);
}

/// Another password each time.
#[derive(Debug, Default, Clone)]
struct Counting {
    asked: Arc<AtomicU32>,
    /// From this question on the password is wrong.
    wrong_from: u32,
}

impl Credentials for Counting {
    fn logon(
        &self,
        _attempt: Attempt,
    ) -> BoxFuture<'_, Result<Logon, Box<dyn std::error::Error + Send + Sync>>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let password = if asked < self.wrong_from { "right" } else { "wrong" };
        let logon = Logon::Basic { user: "ME".into(), password: password.into() };
        async move { Ok(logon) }.boxed()
    }
}

#[tokio::test]
async fn credentials_are_asked_for_with_each_connection_and_a_refusal_is_final() {
    let server = Server::builder().user("ME", "right");
    let server = deadline(server.bind("127.0.0.1:0")).await.unwrap();
    for wrong_from in [u32::MAX, 2] {
        let proxy = Proxy::new(server.addr()).await;
        let credentials = Counting { wrong_from, ..Counting::default() };
        let asked = Arc::clone(&credentials.asked);
        proxy.cut_next([IN_THE_MIDDLE, IN_THE_MIDDLE]);
        let builder = Client::builder(proxy.url()).credentials(credentials);
        let client = deadline(builder.connect()).await.unwrap();
        let transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
        let ended = deadline(transfer.collect()).await;
        if wrong_from == u32::MAX {
            let done = ended.unwrap();
            pattern().assert_is(&done.payload, done.receipt.sha256);
            assert_eq!(asked.load(Ordering::SeqCst), 3);
            continue;
        }
        let error = ended.unwrap_err();
        let Error::NotReopened { source: ConnectError::Unauthorized { .. }, .. } = &error else {
            panic!("{}", chain(&error));
        };
        assert_eq!(asked.load(Ordering::SeqCst), 3, "once more after the refusal, no other try");
    }
}

#[tokio::test]
async fn states_tell_of_each_connection() {
    let (_server, proxy, client) = world(Script::new()).await;
    let mut states = client.states();
    assert!(matches!(states.current(), ConnectionState::Open));
    proxy.hold(true);
    proxy.cut_all();
    let state = deadline(states.changed()).await;
    assert!(matches!(state, Some(ConnectionState::Closed { .. })), "{state:?}");
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.run(pattern()).await }
    });
    let state = deadline(states.changed()).await;
    assert!(matches!(state, Some(ConnectionState::Opening)), "{state:?}");
    proxy.hold(false);
    let state = deadline(states.changed()).await;
    assert!(matches!(state, Some(ConnectionState::Open)), "{state:?}");
    deadline(asking).await.unwrap().unwrap();
    drop(client);
    deadline(async { while states.changed().await.is_some() {} }).await;
}

#[tokio::test]
async fn a_message_above_the_limit_is_not_asked_for_again() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let builder = Client::builder(proxy.url()).max_message_bytes(2_000);
    let client = deadline(builder.connect()).await.unwrap();
    let transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
    let error = deadline(transfer.collect()).await.unwrap_err();
    let Error::Lost { cause, .. } = &error else { panic!("{}", chain(&error)) };
    assert!(matches!(**cause, CloseCause::MessageTooLarge { .. }), "{cause:?}");
    assert_eq!((error.kind(), proxy.connections()), (ErrorKind::Limit, 1));
}

#[tokio::test]
async fn all_transfers_go_on_after_one_cut_with_one_dial() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    proxy.cut_next([Spot::bytes_down(150_000)]);
    let client = connect_through(&proxy).await;
    let transfers = (0..6).map(|seed| {
        let client = client.clone();
        async move {
            let pattern = Pattern::new(SIZE, seed).once();
            let transfer = client.start_with(pattern.clone(), chunks_of(CHUNK)).await.unwrap();
            let done = transfer.collect().await.unwrap();
            pattern.assert_is(&done.payload, done.receipt.sha256);
        }
    });
    deadline(join_all(transfers)).await;
    assert_eq!((proxy.cuts(), proxy.connections(), client.stats().reconnects), (1, 2, 1));
    assert_eq!(proxy.asked(ASKED), 6);
    assert!(proxy.asked(RESUMED) > 1);
}

#[tokio::test]
async fn a_transfer_that_is_not_read_keeps_nobody_from_a_new_connection() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let start = client.start_with(pattern().slow(5), chunks_of(CHUNK));
    let mut unread = deadline(start).await.unwrap();
    while !matches!(deadline(unread.next()).await, Some(Event::Data(_))) {}
    proxy.cut_all();
    let mut states = client.states();
    // Read until a connection is being opened for it, and then no more.
    deadline(async {
        while !matches!(states.current(), ConnectionState::Opening) {
            let _ = unread.next().now_or_never();
            tokio::task::yield_now().await;
        }
    })
    .await;
    deadline(client.run(Pattern::new(1, 0))).await.expect("others have what was opened");
    deadline(client.run(Pattern::new(1, 1))).await.unwrap();
    assert_eq!(client.stats().reconnects, 1);
}

#[tokio::test]
async fn a_resume_that_is_cut_before_it_was_accepted_frees_nothing() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    // The second connection passes the resume on, and nothing that comes back.
    let silent = Plan::of(Spot::frames_down(1), Fault::Stall);
    proxy.plan_next([Plan::from(IN_THE_MIDDLE), silent]);
    let client = connect_through(&proxy).await;
    let start = client.start_with(pattern().once(), chunks_of(CHUNK));
    let mut transfer = deadline(start).await.unwrap();
    until(|| {
        let _ = transfer.next().now_or_never();
        proxy.asked(RESUMED) > 0
    })
    .await;
    proxy.cut_all();
    // A third one is open before the transfer learns of that.
    let mut states = client.states();
    until(|| matches!(states.current(), ConnectionState::Closed { .. })).await;
    deadline(client.run(Pattern::new(1, 0))).await.unwrap();
    while deadline(transfer.next()).await.is_some() {}
    deadline(transfer.finish()).await.expect("the server has kept it");
    assert_eq!(proxy.asked(ASKED), 2, "and the small one");
}
