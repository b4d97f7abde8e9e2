//! The client towards servers of today.

use std::time::Duration;

use futures::StreamExt as _;
use longhaul::ops::git::{Export, ObjectKey};
use longhaul::ops::system::Ping;
use longhaul::proto::request::Form;
use longhaul::proto::{OperationError, Unwritable};
use longhaul::server::{RawMessage, Script, Server};
use longhaul::{
    Client, ClientBuilder, CloseCause, Error, ErrorKind, Event, Retries, TransferOptions,
};
use serde_json::Value;

use crate::raw::{assert_demo, soon};
use crate::{serve, support};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

/// A client that waits for requests it has dropped, on the one connection it makes.
async fn client_of(server: &Server) -> Client {
    let once = |builder: ClientBuilder| builder.wait_for_dropped(true).retries(Retries::never());
    support::connect_with(server, once).await
}

fn within(limit: Duration) -> TransferOptions {
    TransferOptions::default().deadline(Some(limit))
}

fn demo() -> Export {
    Export::packages(["$DEMO"])
}

/// From here on the clock stands still but when there is nothing to do; then it jumps on.
fn hold_the_clock() {
    tokio::time::pause();
}

/// Waits for what must come within a day of such a clock.
async fn today<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(HOUR * 24, step).await.expect("a day has passed")
}

#[tokio::test]
async fn r_answers_that_are_invalid_json_are_read() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    match soon(client.run(Export::packages(["$NONE"]))).await.unwrap_err() {
        Error::Server { source, operation, .. } => {
            assert_eq!((source.code.as_str(), operation.as_str()), ("GIT_ERROR", "git.export"));
            assert!(source.message.contains('\u{1}') && source.message.contains('\t'));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(client.stats().repaired, 1);
    soon(client.ping()).await.unwrap();
}

#[tokio::test]
async fn r_a_parse_error_is_the_one_request_s_in_flight() {
    let refusal = r#"{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR","message":"Invalid message format"}}"#;
    let script = Script::new().raw(vec![refusal.into()]);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let client = client_of(&server).await;
    // Others are waiting in line, so it is still the only one.
    let (failed, pong) = soon(futures::future::join(client.run(demo()), client.ping())).await;
    match failed.unwrap_err() {
        Error::Server { source, .. } => assert_eq!(source.code, "PARSE_ERROR"),
        other => panic!("{other:?}"),
    }
    pong.unwrap();
    assert_eq!(client.stats().unknown_ids, 0);
}

#[tokio::test]
async fn r_what_came_is_compared_with_what_was_asked_for() {
    let (server, folder) = serve(|builder| builder).await;
    std::fs::remove_file(folder.path().join("zcl_a.clas.xml")).unwrap();
    let client = client_of(&server).await;
    let class = ObjectKey::new("CLAS", "ZCL_A");
    let error = soon(client.run(Export::objects([class.clone()]))).await.unwrap_err();
    assert!(
        matches!(&error, Error::Operation { source: OperationError::Empty, .. }),
        "an archive without objects is no export: {error:?}"
    );
    let both = Export::objects([class.clone(), ObjectKey::new("PROG", "ZB")]);
    let partial = soon(client.run(both)).await.unwrap().output;
    assert_eq!((partial.counted, partial.objects), (Some(2), 1));
    assert_eq!(partial.missing.objects, [class]);
    assert!(!partial.is_complete());
}

#[tokio::test]
async fn r_what_would_be_misread_is_refused_and_nothing_is_sent() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    for character in ['{', '}', ']', '"', '\\', '\n', '\u{1}'] {
        let request = client.request("rfc", "call").param("REQUTEXT", format!("a{character}b"));
        match soon(request.call::<Value>()).await.unwrap_err() {
            error @ Error::Unwritable { .. } => {
                assert_eq!((error.kind(), error.is_remote()), (ErrorKind::Local, false));
                let Error::Unwritable { source, operation } = error else { unreachable!() };
                let at = "params.REQUTEXT".to_owned();
                assert_eq!(source, Unwritable::Character { at, character });
                assert_eq!(operation, "rfc.call");
            }
            other => panic!("{other:?}"),
        }
    }
    let nested = client.request("rfc", "call").param("ROWS", vec![vec!["a"]]);
    match soon(nested.call::<Value>()).await.unwrap_err() {
        Error::Unwritable { source: Unwritable::Form { at, found, .. }, .. } => {
            assert_eq!((at.as_str(), found), ("params.ROWS[0]", Form::List));
        }
        other => panic!("{other:?}"),
    }
    let error = soon(client.run(Export::packages(["$A]"]))).await.unwrap_err();
    assert!(matches!(error, Error::Unwritable { .. }), "{error:?}");
    assert_eq!(client.stats().requests, 0, "nothing was sent");
    soon(client.ping()).await.unwrap();
    assert_eq!((client.stats().requests, client.stats().messages), (1, 1));
}

#[tokio::test]
async fn r_scalars_reach_the_server_as_strings() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    let call = client.request("rfc", "call").param("function", "STFC_CONNECTION");
    let call = call.param("REQUTEXT", 1.5).param("OTHER", "not mine");
    let echo: Value = soon(call.call()).await.unwrap();
    assert_eq!(echo["exports"]["ECHOTEXT"], "1.5");
}

#[tokio::test]
async fn r_keys_like_the_request_s_own_do_no_harm_inside_params() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    let call = client.request("rfc", "call").param("id", "x").param("domain", "git");
    let call = call.param("action", "getTypes").param("function", "STFC_CONNECTION");
    let echo: Value = soon(call.param("REQUTEXT", "mine").call()).await.unwrap();
    assert_eq!(echo["exports"]["ECHOTEXT"], "mine");
}

#[tokio::test]
async fn r_one_request_runs_and_the_others_wait_in_line() {
    let (server, _folder) = serve(|builder| builder.object_delay(HOUR)).await;
    let client = client_of(&server).await;
    let mut export = soon(client.start(demo())).await.unwrap();
    assert!(matches!(soon(export.next()).await, Some(Event::Sent)));
    let limit = Duration::from_millis(50);
    let waiting = client.start_with(Ping, within(limit));
    match soon(waiting).await.unwrap_err() {
        Error::Deadline { operation, limit: passed } => {
            assert_eq!((operation.as_str(), passed), ("system.ping", limit));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(client.stats().requests, 1, "what waits in line is not sent");
}

#[tokio::test]
async fn a_transfer_that_is_not_read_to_its_end_does_not_block_the_line() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    let unread = soon(client.start(demo())).await.unwrap();
    soon(client.ping()).await.unwrap();
    assert_demo(&soon(unread.collect()).await.unwrap().payload);
}

#[tokio::test]
async fn a_dropped_request_keeps_its_turn_until_its_last_frame() {
    let delay = Duration::from_millis(20);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let client = client_of(&server).await;
    let mut export = soon(client.start(demo())).await.unwrap();
    assert!(matches!(soon(export.next()).await, Some(Event::Sent)));
    drop(export);
    soon(client.ping()).await.unwrap();
    assert_eq!(client.stats().unknown_ids, 1, "the answer came first and was thrown away");
    assert_eq!(client.stats().chunk_bytes, 0);
}

#[tokio::test]
async fn a_request_past_its_deadline_keeps_its_turn_too() {
    let (server, _folder) = serve(|builder| builder.object_delay(HOUR)).await;
    let client = client_of(&server).await;
    hold_the_clock();
    let late = today(client.start_with(demo(), within(SECOND * 60))).await.unwrap();
    assert!(matches!(today(late.collect()).await, Err(Error::Deadline { .. })));
    let early = today(client.start_with(Ping, within(SECOND))).await.unwrap_err();
    assert!(matches!(early, Error::Deadline { .. }), "{early:?}");
    assert_eq!(client.stats().requests, 1);
}

#[tokio::test]
async fn many_dropped_requests_leave_nothing_behind() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    for _ in 0..200 {
        drop(soon(client.start(Ping)).await.unwrap());
    }
    soon(client.ping()).await.unwrap();
    let stats = client.stats();
    assert!(stats.requests <= 201 && stats.unknown_ids < stats.requests, "{stats:?}");
    soon(async {
        while client.stats().pending > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn frames_of_a_dropped_request_go_nowhere() {
    let progress = r#"{"id":"{id}","type":"progress","message":"x"}"#;
    let chunk = r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8g"}"#;
    let script = Script::new().before([progress, chunk].map(RawMessage::from).into()).only_first(1);
    let delay = Duration::from_millis(20);
    let (server, _folder) = serve(|builder| builder.script(script).object_delay(delay)).await;
    let client = client_of(&server).await;
    let mut dropped = soon(client.start(demo())).await.unwrap();
    assert!(matches!(soon(dropped.next()).await, Some(Event::Sent)));
    drop(dropped);
    assert_demo(&soon(client.run(demo())).await.unwrap().payload);
    let stats = client.stats();
    assert_eq!((stats.unknown_ids, stats.chunks), (3, 0), "two frames and the answer");
}

#[tokio::test]
async fn d_minutes_of_silence_survive_as_long_as_pongs_come() {
    let (server, _folder) = serve(|builder| builder.object_delay(Duration::from_mins(3))).await;
    let client = client_of(&server).await;
    hold_the_clock();
    let begun = tokio::time::Instant::now();
    let export = today(client.run(demo())).await.unwrap();
    assert_demo(&export.payload);
    assert!(begun.elapsed() >= Duration::from_mins(9), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_idle_limit_starts_when_the_request_is_sent() {
    let (server, _folder) = serve(|builder| builder.object_delay(Duration::from_mins(3))).await;
    let client = client_of(&server).await;
    hold_the_clock();
    let options = TransferOptions::default().idle_limit(Some(SECOND * 10));
    let ping = async { client.start_with(Ping, options).await?.collect().await };
    let (export, answer) = today(futures::future::join(client.run(demo()), ping)).await;
    assert_demo(&export.unwrap().payload);
    answer.unwrap();
}

#[tokio::test]
async fn c_a_report_that_never_answers_ends_by_its_deadline_and_later_the_connection() {
    let (server, _folder) = serve(|builder| builder).await;
    let client = client_of(&server).await;
    hold_the_clock();
    let run = client.request("report", "runReport").param("report", "ZB");
    let run = run.options(within(SECOND * 120)).call::<Value>();
    assert!(matches!(today(run).await, Err(Error::Deadline { .. })));
    let begun = tokio::time::Instant::now();
    match today(client.ping()).await.unwrap_err() {
        Error::Lost { cause, .. } => match &*cause {
            CloseCause::NeverEnded { id, silent } => {
                assert_eq!(id.as_str(), "report_1");
                assert!(*silent >= SECOND * 600);
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    assert!(begun.elapsed() < SECOND * 700, "{:?}", begun.elapsed());
}
