//! How many sessions there are, and what a server does that wants fewer.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt;

use longhaul::ops::git::{ObjectKey, ShardedExport};
use longhaul::server::{Profile, RawMessage, Script, Server};
use longhaul::{Client, ConnectError, Error, ErrorKind, Event, Retries};

use crate::support::front::{Answer, Front};
use crate::support::{PACKAGE, connect, connect_with, deadline};
use crate::{objects, package, run, serve};

#[tokio::test]
async fn there_are_never_more_sessions_than_asked_for() {
    let folder = package(120);
    for sessions in [1, 3, 5] {
        let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(5)).await;
        let client = connect(&server).await;
        let export = ShardedExport::objects(objects(120)).sessions(sessions);
        run(&client, export).await.unwrap();
        assert_eq!(server.most_sessions(), sessions);
    }
}

#[tokio::test]
async fn a_server_that_refuses_sessions_gets_fewer() {
    let folder = package(120);
    for most in [1, 2] {
        let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Deployed);
        let builder = builder.object_delay(Duration::from_millis(2)).max_sessions(most);
        let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
        let client = connect(&server).await;
        let export = ShardedExport::objects(objects(120)).sessions(8);
        let done = run(&client, export).await.unwrap();
        assert!(done.output.is_complete());
        assert_eq!(server.most_sessions(), most);
    }
}

#[tokio::test]
async fn a_server_that_is_busy_gets_fewer() {
    let folder = package(120);
    let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Full);
    let builder = builder.object_delay(Duration::from_millis(2)).max_concurrent(1);
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    let export = ShardedExport::objects(objects(120)).sessions(4);
    let mut transfer = deadline(Box::pin(client.start_sharded(export))).await.unwrap();
    let mut allowed = usize::MAX;
    while let Some(event) = deadline(transfer.next()).await {
        if let Event::Sessions(sessions) = event {
            assert!(sessions.allowed <= allowed, "never more again");
            allowed = sessions.allowed;
        }
    }
    deadline(transfer.finish()).await.unwrap();
    assert_eq!(allowed, 1);
}

#[tokio::test]
async fn a_server_that_stays_busy_ends_it_after_the_idle_limit() {
    let folder = package(20);
    let place = tempfile::tempdir().unwrap();
    let busy = Script::new().busy(u32::MAX, Duration::from_millis(1));
    let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Full);
    let server = deadline(builder.script(busy).bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    let options = client.options().clone().idle_limit(Some(Duration::from_millis(400)));
    let options = options.journal_for(place.path().join("a.zip"));
    let export = ShardedExport::objects(objects(20)).sessions(16);
    let start = async { client.start_sharded_with(export, options).await?.collect().await };
    let error = deadline(Box::pin(start)).await.unwrap_err();
    assert!(matches!(&error, Error::Server { source, .. } if source.is_busy()), "{error:?}");
}

#[tokio::test]
async fn others_go_on_while_the_first_session_has_no_connection() {
    let folder = package(150);
    // What is asked for first is asked for by the first session.
    let script = Script::new().before(vec![RawMessage::Cut]).only_first(1);
    let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Deployed);
    let builder = builder.object_delay(Duration::from_millis(5)).script(script);
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let (target, count) = (server.addr().to_string(), AtomicU32::new(0));
    let front = Front::new(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Answer::Tunnel { say: String::new(), target: target.clone(), replay: true },
        _ => Answer::Text("HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n".into()),
    });
    let front = deadline(front).await;
    let client = Client::builder(front.url()).retries(Retries::default().tries(1));
    let client = deadline(client.connect()).await.unwrap();
    let done = run(&client, ShardedExport::objects(objects(150)).sessions(2)).await.unwrap();
    assert!(done.output.is_complete());
    assert!(front.heads().len() > 3, "the first tried to come back");
}

#[tokio::test]
async fn while_it_is_merged_no_session_is_held() {
    let folder = package(60);
    let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Deployed);
    let builder = builder.object_delay(Duration::from_millis(2)).max_sessions(3);
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    let export = ShardedExport::objects(objects(60)).sessions(3);
    let mut transfer = deadline(Box::pin(client.start_sharded(export))).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Data(_))) {}
    let free = async {
        while Client::builder(server.url()).connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    deadline(free).await;
}

#[tokio::test]
async fn what_is_too_large_for_others_goes_to_the_first_session() {
    let folder = package(30);
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(5 << 20).collect();
    std::fs::write(folder.path().join("z00001.prog.abap"), noise).unwrap();
    let server = serve(Profile::Deployed, folder.path(), Duration::ZERO).await;
    // The others have 4 MiB each.
    let client = connect_with(&server, |builder| builder.max_message_bytes(16 << 20)).await;
    let done = run(&client, ShardedExport::objects(objects(30)).sessions(5)).await.unwrap();
    assert!(done.output.is_complete(), "{:?}", done.output.skipped);
    // And what is too large for any is left out and named.
    let client = connect_with(&server, |builder| builder.max_message_bytes(4 << 20)).await;
    let done = run(&client, ShardedExport::objects(objects(30)).sessions(2)).await.unwrap();
    assert_eq!(done.output.missing.objects, [objects(30).nth(1).unwrap()]);
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_and_what_came_stays() {
    let folder = package(120);
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(2)).await;
    let client: Client = connect(&server).await;
    let export = ShardedExport::objects(objects(120)).sessions(2);
    let options = client.options().clone().journal_for(&target);
    let start = client.start_sharded_with(export, options);
    let transfer = deadline(Box::pin(start)).await.unwrap();
    let mut server = Some(server);
    let transfer = transfer.on_event(move |event| {
        if let Event::Sessions(sessions) = event
            && sessions.shards >= 2
        {
            drop(server.take());
        }
    });
    let error = deadline(transfer.save(&target)).await.unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{error:?}");
    assert!(!target.exists());
    assert!(longhaul::client::LeftoverInfo::peek(&target).is_some());
}

#[tokio::test]
async fn a_logon_that_is_refused_is_not_tried_again_and_again() {
    let folder = package(20);
    let script = Script::new().before(vec![RawMessage::Cut]).only_first(1);
    let builder = Server::builder().package(PACKAGE, folder.path()).script(script);
    let server = deadline(builder.profile(Profile::Seed).bind("127.0.0.1:0")).await.unwrap();
    let (target, count) = (server.addr().to_string(), AtomicU32::new(0));
    let front = Front::new(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::Tunnel { say: String::new(), target: target.clone(), replay: true },
        _ => Answer::Text("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".into()),
    });
    let front = deadline(front).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let export = ShardedExport::objects(objects(20)).sessions(1);
    let error = run(&client, export).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::Unauthorized { .. })), "{error:?}");
    assert_eq!(front.heads().len(), 2, "each try counts towards a lock");
}

#[tokio::test]
async fn what_a_server_refuses_it_is_not_asked_for_again() {
    let folder = package(200);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(4)).await;
    let (target, count) = (server.addr().to_string(), AtomicU32::new(0));
    let front = Front::new(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Answer::Tunnel { say: String::new(), target: target.clone(), replay: true },
        _ => Answer::Text("HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n".into()),
    });
    let front = deadline(front).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let done = run(&client, ShardedExport::objects(objects(200)).sessions(6)).await.unwrap();
    assert!(done.output.is_complete());
    assert_eq!(server.most_sessions(), 2);
    assert_eq!(front.heads().len(), 6, "each session was asked for once");
}

#[tokio::test]
async fn the_limit_on_the_payload_is_one_for_all_shards() {
    let folder = package(0);
    for n in 0..40 {
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(20_000).collect();
        std::fs::write(folder.path().join(format!("z{n:05}.prog.abap")), noise).unwrap();
    }
    let server = serve(Profile::Deployed, folder.path(), Duration::ZERO).await;
    let client = connect(&server).await;
    let keys = || (0..40).map(|n| ObjectKey::new("PROG", &format!("Z{n:05}")));
    for (limit, fits) in [(500_000, false), (900_000, true)] {
        let options = client.options().clone().max_payload_bytes(limit);
        let start = client.start_sharded_with(ShardedExport::objects(keys()), options);
        let done = deadline(Box::pin(async { start.await?.collect().await })).await;
        assert_eq!(done.is_ok(), fits, "{limit}");
        if let Err(error) = done {
            assert_eq!(error.kind(), ErrorKind::Limit, "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_password_that_is_no_longer_right_is_tried_once() {
    let folder = package(200);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(5)).await;
    let (target, count) = (server.addr().to_string(), AtomicU32::new(0));
    // All sessions are let in, and none comes back.
    let front = Front::new(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0..8 => Answer::Tunnel { say: String::new(), target: target.clone(), replay: true },
        _ => Answer::Text("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".into()),
    });
    let front = deadline(front).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let export = ShardedExport::objects(objects(200)).sessions(8);
    let start = client.start_sharded(export);
    let mut server = Some(server);
    let transfer = deadline(Box::pin(start)).await.unwrap().on_event(move |event| {
        if matches!(event, Event::Sessions(sessions) if sessions.at_work == 8) {
            drop(server.take());
        }
    });
    let error = deadline(transfer.collect()).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::Unauthorized { .. })), "{error:?}");
    assert_eq!(front.heads().len(), 9, "each try counts towards a lock");
}

#[tokio::test]
async fn names_that_do_not_exist_are_found_out_without_rests() {
    let folder = package(30);
    let server = serve(Profile::Deployed, folder.path(), Duration::ZERO).await;
    let client = connect(&server).await;
    let unknown: Vec<_> = (0..60).map(|n| ObjectKey::new("CLAS", &format!("NO_{n}"))).collect();
    let export = ShardedExport::objects(objects(30).chain(unknown.clone())).sessions(3);
    let done = run(&client, export).await.unwrap();
    assert_eq!((done.output.objects, done.output.missing.objects.len()), (30, unknown.len()));
}
