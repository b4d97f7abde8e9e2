//! Requests that are not as they should be: each has its error, and the session lives on.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::host::{Host, small};
use crate::raw::Raw;

#[tokio::test]
async fn each_bad_request_has_its_error_and_the_session_lives_on() {
    let Some(host) = Host::of_folder(&small(), &[]) else { return };
    let mut raw = Raw::connect(&host, "me").await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let long =
        format!(r#"{{"id":"a","domain":"git","action":"export","x":"{}"}}"#, "x".repeat(5 << 20));
    for (text, id, code) in [
        ("garbage", "unknown", "PARSE_ERROR"),
        ("", "unknown", "PARSE_ERROR"),
        ("[]", "unknown", "PARSE_ERROR"),
        ("null", "unknown", "PARSE_ERROR"),
        (r#"{"id":"a","domain":"git","action":"export""#, "unknown", "PARSE_ERROR"),
        (r#"{"domain":"git","action":"export"}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":7,"domain":"git","action":"export"}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":"welcome","domain":"git","action":"export"}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":"a b","domain":"git","action":"export"}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":"a","domain":1,"action":"export"}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":"a","domain":"git","action":"export","params":[]}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":"a","domain":"git","action":"export","stream":"yes"}"#, "unknown", "PARSE_ERROR"),
        (r#"{"id":"a","domain":"git","action":"export","features":7}"#, "unknown", "PARSE_ERROR"),
        (&*deep, "unknown", "PARSE_ERROR"),
        (&*long, "unknown", "PARSE_ERROR"),
        (r#"{"id":"a","domain":"nope","action":"export"}"#, "a", "UNKNOWN_DOMAIN"),
        (r#"{"id":"a","domain":"git","action":"nope"}"#, "a", "UNKNOWN_ACTION"),
        (r#"{"id":"a","domain":"system","action":"nope"}"#, "a", "UNKNOWN_ACTION"),
        (r#"{"id":"a","domain":"stream","action":"nope"}"#, "a", "UNKNOWN_ACTION"),
        (r#"{"id":"a","domain":"git","action":"export"}"#, "a", "MISSING_PARAM"),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"packages":"$DEMO"}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"packages":[7]}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"objects":[7]}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"objects":[{"type":"CLAS"}]}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"packages":["$DEMO"],"includeSubpackages":"no"}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"packages":["$DEMO"]},"stream":true,"chunkSize":0}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"git","action":"export","params":{"packages":["$NOPE"]}}"#,
            "a",
            "GIT_ERROR",
        ),
        (
            r#"{"id":"a","domain":"atc","action":"run","params":{"packages":["$NOPE"]}}"#,
            "a",
            "ATC_ERROR",
        ),
        (r#"{"id":"a","domain":"git","action":"list","params":{}}"#, "a", "MISSING_PARAM"),
        (r#"{"id":"a","domain":"stream","action":"cancel","params":{}}"#, "a", "MISSING_PARAM"),
        (
            r#"{"id":"a","domain":"stream","action":"credit","params":{"target":"b","upTo":"1"}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (
            r#"{"id":"a","domain":"stream","action":"release","params":{"operation":"short"}}"#,
            "a",
            "MISSING_PARAM",
        ),
        (r#"{"id":"a","domain":"stream","action":"resume","params":{}}"#, "a", "MISSING_PARAM"),
    ] {
        let shown = &text[..text.len().min(120)];
        assert_eq!(raw.error_code(text).await, (id.to_owned(), code.to_owned()), "{shown}");
    }
    raw.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(raw.frame().await["error"]["code"], "PARSE_ERROR");
    raw.send(r#"{"id":"p","domain":"system","action":"ping"}"#).await;
    assert_eq!(raw.frame().await["data"]["pong"], true);
}

#[tokio::test]
async fn sizes_beyond_all_bounds_are_brought_into_them() {
    let Some(host) = Host::of_folder(&small(), &[]) else { return };
    let mut raw = Raw::connect(&host, "me").await;
    let request = |id: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","domain":"git","action":"export","params":{{"packages":["$DEMO"]}},"stream":true,{more}}}"#
        )
    };
    // A window of 0 is none: credit is not agreed on, and all of it comes.
    raw.send(request("w", r#""chunkSize":1000,"features":["credit"],"window":0"#)).await;
    let (last, chunks) = raw.last_frame_of("w").await;
    assert!(last["type"] == "complete" && chunks > 10, "{last}");
    assert_eq!(last["totalChunks"], chunks);
    for (id, size) in [("c", "1000000000"), ("d", "18446744073709551615")] {
        let key = format!("{id}{}", "k".repeat(30));
        let more = format!(
            r#""chunkSize":{size},"features":["resume","credit"],"operation":"{key}","window":{size}"#
        );
        raw.send(request(id, &more)).await;
        let accepted = raw.frame().await;
        assert_eq!(
            (&accepted["type"], &accepted["chunkSize"]),
            (&json!("accepted"), &json!(1_048_576))
        );
        assert_eq!(raw.last_frame_of(id).await.0["type"], "complete");
    }
}

#[tokio::test]
async fn an_operation_is_its_users() {
    let Some(host) = Host::of_folder(&small(), &[]) else { return };
    let (mut mine, mut theirs) =
        (Raw::connect(&host, "me").await, Raw::connect(&host, "you").await);
    let key = "k".repeat(32);
    let start = format!(
        r#"{{"id":"a","domain":"git","action":"export","params":{{"packages":["$DEMO"]}},"stream":true,"chunkSize":1000,"features":["resume"],"operation":"{key}"}}"#
    );
    mine.send(start.clone()).await;
    let epoch = mine.frame().await["epoch"].as_str().unwrap().to_owned();
    let (_, chunks) = mine.last_frame_of("a").await;
    let resume = |id: &str, epoch: &str, next: u64, offset: u64, sha256: &str| {
        format!(
            r#"{{"id":"{id}","domain":"stream","action":"resume","params":{{"operation":"{key}","epoch":"{epoch}","nextSeq":{next},"offset":{offset},"sha256":"{sha256}"}},"stream":true,"chunkSize":1000,"features":["resume"]}}"#
        )
    };
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let code = |code: &str| ("r".to_owned(), code.to_owned());
    // Another user's is another one, and there is none.
    assert_eq!(
        theirs.error_code(&resume("r", &epoch, 1, 0, nothing)).await,
        code("RESUME_UNKNOWN")
    );
    for (text, expected) in [
        (resume("r", "other", 1, 0, nothing), "RESUME_MISMATCH"),
        (resume("r", &epoch, 1, 1, nothing), "RESUME_MISMATCH"),
        (resume("r", &epoch, 2, 1000, nothing), "RESUME_MISMATCH"),
        (resume("r", &epoch, chunks + 2, 5, nothing), "RESUME_MISMATCH"),
        (resume("r", &epoch, 4_000_000_000, 5, nothing), "RESUME_MISMATCH"),
    ] {
        assert_eq!(mine.error_code(&text).await, code(expected), "{text}");
    }
    // One key is one question.
    let other = start.replace("$DEMO", "$OTHER").replace(r#""id":"a""#, r#""id":"r""#);
    assert_eq!(mine.error_code(&other).await, code("RESUME_MISMATCH"));
    // The right one gets it, as often as it is asked; and nobody once it was released.
    mine.send(resume("again", &epoch, 1, 0, nothing)).await;
    assert_eq!(mine.last_frame_of("again").await.1, chunks);
    let release = format!(
        r#"{{"id":"f","domain":"stream","action":"release","params":{{"operation":"{key}"}}}}"#
    );
    theirs.send(release.clone()).await;
    assert_eq!(theirs.frame().await["success"], true);
    mine.send(resume("still", &epoch, 1, 0, nothing)).await;
    assert_eq!(mine.last_frame_of("still").await.1, chunks);
    mine.send(release).await;
    assert_eq!(mine.frame().await["success"], true);
    assert_eq!(mine.error_code(&resume("r", &epoch, 1, 0, nothing)).await, code("RESUME_UNKNOWN"));
}
