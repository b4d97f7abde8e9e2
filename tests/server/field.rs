//! What servers in the field do to large exports: objects that cost time or fail, requests that are
//! killed, sessions that are refused.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use longhaul::server::{DEFAULT_PATH, Profile, Script, Server, ServerBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{
    Client, assert_demo, code, folder, kind, of_kind, payload, request, serve, soon, unzip, upgrade,
};
use crate::http::basic;
use crate::operation::{KEY, answer, epoch, resume};

/// Longer than any test.
const HOUR: Duration = Duration::from_hours(1);

/// How an export is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Single,
    Stream,
    /// It outlives its connection.
    Kept,
}

/// Every way of every profile.
const WAYS: [(Profile, Way); 6] = [
    (Profile::Full, Way::Single),
    (Profile::Full, Way::Stream),
    (Profile::Full, Way::Kept),
    (Profile::Seed, Way::Single),
    (Profile::Seed, Way::Stream),
    (Profile::Deployed, Way::Single),
];

impl Way {
    fn export(self, id: &str) -> String {
        let mut asked: Value =
            serde_json::from_str(&request(id, "git", "export", json!({"packages": ["$DEMO"]})))
                .unwrap();
        if self != Self::Single {
            asked["stream"] = json!(true);
            asked["features"] = json!(["stream", "checksum", "cancel"]);
        }
        if self == Self::Kept {
            asked["features"] = json!(["stream", "checksum", "cancel", "resume"]);
            asked["operation"] = json!(KEY);
        }
        asked.to_string()
    }
}

/// The frames of a request; `None` if the connection ends, without a Close frame, before the last.
async fn frames(client: &mut Client) -> Option<Vec<Value>> {
    let mut frames = vec![client.try_frame().await?];
    while matches!(kind(frames.last()?), "accepted" | "progress" | "chunk" | "warning") {
        frames.push(client.try_frame().await?);
    }
    Some(frames)
}

/// The archive in these frames.
fn archive(frames: &[Value]) -> Vec<u8> {
    match frames.last().unwrap()["data"]["zipBase64"].as_str() {
        Some(text) => STANDARD.decode(text).unwrap(),
        None => payload(frames),
    }
}

async fn scripted(profile: Profile, script: Script) -> (Server, TempDir) {
    serve(|builder| builder.profile(profile).script(script)).await
}

/// Serves so many programs and classes as `$DEMO`.
async fn serve_many(
    objects: usize,
    set_up: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> (Server, TempDir) {
    let kinds = ["clas", "prog"].into_iter();
    let names =
        kinds.flat_map(|kind| (0..objects).map(move |n| format!("{kind}/z{n}.{kind}.abap")));
    let names: Vec<_> = names.collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let folder = folder(&files);
    let builder = Server::builder().package("$DEMO", folder.path());
    (soon(set_up(builder).bind("127.0.0.1:0")).await.unwrap(), folder)
}

async fn time<T>(step: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let outcome = soon(step).await;
    (start.elapsed(), outcome)
}

#[tokio::test]
async fn objects_cost_what_their_type_does() {
    let cost = Duration::from_millis(4);
    for profile in [Profile::Full, Profile::Seed, Profile::Deployed] {
        let costs = |builder: ServerBuilder| {
            builder.profile(profile).object_delay(cost).object_delay_of("clas", cost * 20)
        };
        let (server, _folder) = serve_many(10, costs).await;
        let mut client = Client::connect(&server).await;
        let mut export = async |package| {
            let export = client.ask("a", "git", "export", json!({"packages": [package]}));
            let (taken, answer) = time(export).await;
            assert_eq!(answer["data"]["fileCount"], 10);
            taken
        };
        let (programs, classes) = (export("PROG").await, export("CLAS").await);
        assert!(programs >= cost * 10 && classes >= cost * 200, "{programs:?} {classes:?}");
        assert!(classes > programs * 3, "{programs:?} {classes:?}");
        assert!(server.longest_request() >= cost * 200);
        assert!(server.longest_request() <= classes);
    }
}

#[tokio::test]
async fn sessions_work_side_by_side_and_each_in_turn() {
    let cost = Duration::from_millis(30);
    for profile in [Profile::Full, Profile::Seed, Profile::Deployed] {
        let (server, _folder) =
            serve_many(10, |builder| builder.profile(profile).object_delay(cost)).await;
        let export = |id: &str| request(id, "git", "export", json!({"packages": ["PROG"]}));
        let mut clients = Vec::new();
        for _ in 0..6 {
            clients.push(Client::connect(&server).await);
        }
        let asking = clients.iter_mut().map(async |client| {
            client.send(export("a")).await;
            client.frame().await
        });
        let (together, answers) = time(join_all(asking)).await;
        assert!(answers.iter().all(|answer| answer["success"] == true));
        assert!(together < cost * 10 * 4, "six sessions took {together:?}");
        // One session has one work process, whatever it is asked at once.
        let client = &mut clients[0];
        let twice = async {
            client.send(export("b")).await;
            client.send(export("c")).await;
            (client.frame().await, client.frame().await)
        };
        let (in_turn, _) = time(twice).await;
        assert!(in_turn >= cost * 20, "two requests of a session took {in_turn:?}");
        assert_eq!(server.most_sessions(), 6);
    }
}

#[tokio::test]
async fn there_may_be_only_so_many_sessions() {
    let (server, _folder) = serve(|builder| builder.max_sessions(2).user("ME", "secret")).await;
    let first = Client::connect_as(&server, "ME").await;
    let _second = Client::connect_as(&server, "ME").await;
    let url = format!("ws://{}{DEFAULT_PATH}", server.addr());
    // Who may not log on is not told how many others there are.
    let stranger = upgrade(&server, url.as_str()).await;
    assert!(matches!(stranger, Err(Error::Http(response)) if response.status() == 401));
    let third = async || {
        let mut request = url.as_str().into_client_request().unwrap();
        request.headers_mut().insert("authorization", basic("ME:secret").parse().unwrap());
        match upgrade(&server, request).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(third().await, 503);
    assert_eq!(server.most_sessions(), 2);
    first.close().await;
    soon(async { while third().await != 101 {} }).await;
    assert_eq!(server.most_sessions(), 2);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_killed() {
    for (profile, way) in WAYS {
        let limit = Duration::from_millis(100);
        let set_up = |builder: ServerBuilder| {
            builder.profile(profile).request_limit(limit).object_delay_of("PROG", HOUR)
        };
        let (server, _folder) = serve(set_up).await;
        let mut client = Client::connect(&server).await;
        client.send(way.export("a")).await;
        let mut epoch_of = None;
        if way == Way::Kept {
            epoch_of = Some(epoch(&client.frame().await));
        }
        assert_eq!(frames(&mut client).await, None, "{profile:?} {way:?}");
        assert!(server.longest_request() >= limit);
        // Others are not touched, and nothing is left of it.
        let mut client = Client::connect(&server).await;
        assert_eq!(client.ask("p", "system", "ping", json!({})).await["success"], true);
        if let Some(epoch) = epoch_of {
            let resumed = answer(&mut client, &resume("b", &epoch, 0)).await;
            assert_eq!(code(&resumed), "RESUME_UNKNOWN");
        }
    }
    let (server, _folder) = serve(|builder| builder.request_limit(HOUR)).await;
    let mut client = Client::connect(&server).await;
    client.send(Way::Stream.export("a")).await;
    assert_demo(&payload(&client.frames().await));
}

#[tokio::test]
async fn an_object_may_fail_the_whole_request() {
    for (profile, way) in WAYS {
        let script = Script::new().fail_object("prog", "zb", "dump in the serializer");
        let (server, _folder) = scripted(profile, script).await;
        let mut client = Client::connect(&server).await;
        client.send(way.export("a")).await;
        let frames = frames(&mut client).await.unwrap();
        let last = frames.last().unwrap();
        assert_eq!(code(last), "GIT_ERROR", "{profile:?} {way:?}");
        let message = last["error"]["message"].as_str().unwrap();
        assert!(message.contains("PROG ZB") && message.contains("dump in the serializer"));
        let without = json!({"packages": ["$DEMO_SUB"]});
        assert_eq!(client.ask("b", "git", "export", without).await["success"], true);
    }
}

#[tokio::test]
async fn an_object_may_be_left_out() {
    for (profile, way) in WAYS {
        let script = Script::new().skip_object("PROG", "ZB", "locked");
        let (server, _folder) = scripted(profile, script).await;
        let mut client = Client::connect(&server).await;
        client.send(way.export("a")).await;
        let frames = frames(&mut client).await.unwrap();
        let data = &frames.last().unwrap()["data"];
        assert_eq!((&data["objectCount"], &data["fileCount"]), (&json!(3), &json!(3)));
        assert!(!unzip(&archive(&frames)).contains_key("src/$demo/zb.prog.abap"));
        let skipped = data.get("skipped").cloned().unwrap_or_else(|| json!([]));
        let warnings = of_kind(&frames, "warning");
        if profile == Profile::Full {
            assert_eq!(skipped, json!([{"type": "PROG", "name": "ZB", "reason": "locked"}]));
            assert_eq!(warnings.len(), usize::from(way != Way::Single));
            assert!(warnings.iter().all(|warning| warning["item"] == "PROG ZB"));
        } else {
            assert_eq!((skipped, warnings.len()), (json!([]), 0), "{profile:?} {way:?}");
        }
    }
}

#[tokio::test]
async fn an_object_may_crash_its_work_process() {
    for (profile, way) in WAYS {
        let script = Script::new().crash_object("PROG", "ZB");
        let (server, _folder) = scripted(profile, script).await;
        let mut client = Client::connect(&server).await;
        client.send(way.export("a")).await;
        assert_eq!(frames(&mut client).await, None, "{profile:?} {way:?}");
        let mut client = Client::connect(&server).await;
        let without = json!({"packages": ["$DEMO_SUB"]});
        assert_eq!(client.ask("b", "git", "export", without).await["success"], true);
    }
}

#[tokio::test]
async fn a_crash_leaves_nothing_to_resume() {
    let script = Script::new().crash_object("PROG", "ZC").only_first(1);
    let (server, _folder) = scripted(Profile::Full, script).await;
    let mut client = Client::connect(&server).await;
    client.send(Way::Kept.export("a")).await;
    // Whatever came before the crash, no frame says that there was one.
    let mut before = Vec::new();
    while let Some(frame) = client.try_frame().await {
        before.push(frame);
    }
    assert!(before.iter().all(|frame| matches!(kind(frame), "accepted" | "progress")));
    let mut client = Client::connect(&server).await;
    if let Some(accepted) = before.first() {
        let resumed = answer(&mut client, &resume("b", &epoch(accepted), 0)).await;
        assert_eq!(code(&resumed), "RESUME_UNKNOWN");
    }
    let (server, _folder) =
        scripted(Profile::Full, Script::new().kill_requests(100, 0).only_first(1)).await;
    let mut client = Client::connect(&server).await;
    client.send(Way::Kept.export("a")).await;
    assert_eq!(frames(&mut client).await, None);
    let mut client = Client::connect(&server).await;
    client.send(Way::Kept.export("a")).await;
    assert_demo(&payload(&frames(&mut client).await.unwrap()));
}

#[tokio::test]
async fn requests_may_be_killed_midway() {
    for (profile, way) in WAYS {
        let script = Script::new().kill_requests(100, 7).only_first(1);
        let (server, _folder) = scripted(profile, script).await;
        let mut client = Client::connect(&server).await;
        client.send(way.export("a")).await;
        assert_eq!(frames(&mut client).await, None, "{profile:?} {way:?}");
        let mut client = Client::connect(&server).await;
        client.send(Way::Single.export("b")).await;
        assert_demo(&archive(&frames(&mut client).await.unwrap()));
        assert_eq!(server.times_exported("PROG", "ZB"), 2);
    }
    // What has no objects is killed at once.
    let (server, _folder) = scripted(Profile::Full, Script::new().kill_requests(100, 7)).await;
    let mut client = Client::connect(&server).await;
    client.send(crate::client::generated("a", 20).to_string()).await;
    assert_eq!(client.try_frame().await, None);
}

#[tokio::test]
async fn requests_may_never_be_answered() {
    for (profile, way) in WAYS {
        let script = Script::new().stall_requests(100, 7).only_first(1);
        let (server, _folder) = scripted(profile, script).await;
        let mut client = Client::connect(&server).await;
        client.send(way.export("a")).await;
        if profile == Profile::Full {
            client.assert_quiet().await;
        } else {
            // Whatever comes next on the session waits for it, for ever.
            client.send(request("p", "system", "ping", json!({}))).await;
            client.send_message(Message::Ping("alive".into())).await;
            assert!(matches!(client.message().await, Some(Ok(Message::Pong(_)))));
        }
        client.close().await;
        let mut client = Client::connect(&server).await;
        client.send(Way::Single.export("b")).await;
        assert_demo(&archive(&frames(&mut client).await.unwrap()));
    }
}

#[tokio::test]
async fn a_stalled_request_can_be_cancelled_or_killed() {
    let stalled = Script::new().stall_requests(100, 7);
    let (server, _folder) = scripted(Profile::Full, stalled.clone()).await;
    let mut client = Client::connect(&server).await;
    client.send(Way::Stream.export("a")).await;
    let frames_before = client.control("cancel", json!({"target": "a"})).await;
    let cancelled = match frames_before.into_iter().next() {
        Some(frame) => frame,
        None => client.frame().await,
    };
    assert_eq!(code(&cancelled), "CANCELLED");
    let limit = Duration::from_millis(50);
    let (server, _folder) = serve(|builder| builder.script(stalled).request_limit(limit)).await;
    let mut client = Client::connect(&server).await;
    client.send(Way::Single.export("a")).await;
    assert_eq!(frames(&mut client).await, None);
}

#[tokio::test]
async fn a_share_of_the_requests_is_the_same_each_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let script = Script::new().kill_requests(40, 3);
        let (server, _folder) = scripted(Profile::Deployed, script).await;
        let mut fates = Vec::new();
        for _ in 0..20 {
            let mut client = Client::connect(&server).await;
            client.send(Way::Single.export("a")).await;
            fates.push(frames(&mut client).await.is_some());
        }
        assert!(fates.contains(&true) && fates.contains(&false));
        runs.push(fates);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn the_server_knows_what_it_was_asked() {
    for profile in [Profile::Full, Profile::Seed, Profile::Deployed] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        assert_eq!((server.most_sessions(), server.longest_request()), (0, Duration::ZERO));
        let mut client = Client::connect(&server).await;
        for package in ["$DEMO", "$DEMO_SUB", "$DEMO"] {
            client.ask("a", "git", "export", json!({"packages": [package]})).await;
        }
        let times = |kind, name| server.times_exported(kind, name);
        assert_eq!((times("prog", "zb"), times("PROG", "ZC"), times("PROG", "ZX")), (2, 3, 0));
        assert_eq!(server.most_sessions(), 1);
        assert!(server.longest_request() > Duration::ZERO);
    }
}
