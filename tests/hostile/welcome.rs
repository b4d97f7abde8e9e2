//! Welcomes that are too large, that lie, or that never come.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{FLOOD, MIB, next, nothing, pong, text};
use crate::support::peer::{CONTINUATION, FINAL, Listening, PING, TEXT, frame};

/// A peer that sends `first` in place of a welcome, and then floods with `more`.
fn greets(
    first: impl FnOnce() -> Vec<u8> + Send + 'static,
    more: Vec<u8>,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            let mut peer = listening.asking().await.upgrade(Vec::new()).await;
            peer.send(&first()).await;
            if !more.is_empty() {
                peer.flood(&more, FLOOD, true).await;
            }
            peer.fall_silent().await;
        })
    }
}

/// A peer that sends a welcome with this data, and answers a ping.
fn with_data(
    data: impl FnOnce() -> String + Send + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            let welcome = format!(r#"{{"id":"welcome","success":true,"data":{}}}"#, data());
            let peer = listening.asking().await.upgrade(text(&welcome)).await;
            let Some(mut asked) = next(peer).await else { return };
            asked.peer.send(&pong(&asked.id)).await;
            asked.peer.fall_silent().await;
        })
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let connect = || Asked::to(Task::Connect);
    let ping = || Asked::to(Task::Ping(1));
    let large = || {
        let name = "d".repeat(60 * MIB);
        text(&format!(r#"{{"id":"welcome","success":true,"data":{{"domains":["{name}"]}}}}"#))
    };
    let many = |key: &'static str, name: &'static str| {
        with_data(move || {
            let names = format!("\"{name}\",").repeat((MIB - 200) / (name.len() + 3));
            format!(r#"{{"{key}":[{names}"stream"]}}"#)
        })
    };
    let lies = || {
        let limits = r#""maxChunk":0,"maxWindow":0,"maxTransfers":0,"minPingInterval":1e300"#;
        format!(r#"{{"features":["stream","credit"],"limits":{{{limits}}}}}"#)
    };
    let most = || {
        let n = u64::MAX;
        let limits =
            format!(r#""maxChunk":{n},"maxWindow":{n},"maxTransfers":{n},"minPingInterval":{n}"#);
        format!(r#"{{"features":["stream","credit"],"limits":{{{limits}}}}}"#)
    };
    let endless = frame(CONTINUATION, &vec![b' '; MIB]);
    let pings = frame(FINAL | PING, &[b'p'; 125]).repeat(1_000);
    let deep = || {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        format!(r#"{{"session":{deep},"limits":{deep},"features":["stream"]}}"#)
    };
    let refuses = || {
        let message = "m".repeat(1_000_000);
        text(&format!(
            r#"{{"id":"welcome","success":false,"error":{{"code":"BUSY","message":"{message}"}}}}"#
        ))
    };
    let too_large = "Connect/Welcome/TooLarge";
    vec![
        Case::new("a welcome of 60 MiB", connect(), too_large, greets(large, Vec::new())),
        Case::new(
            "a welcome that never ends",
            connect(),
            too_large,
            greets(|| frame(TEXT, b"{"), endless),
        ),
        Case::new("no welcome", connect(), "Connect/Timeout", greets(|| nothing(""), Vec::new())),
        Case::new(
            "pings without end, no welcome",
            connect(),
            "Connect/Timeout",
            greets(|| nothing(""), pings),
        ),
        Case::new(
            "something else than a welcome",
            connect(),
            "Connect/Welcome/NotWelcome",
            greets(|| text(r#"{"id":"git_1","success":true}"#), Vec::new()),
        ),
        Case::new(
            "a refusal with 1 MB of words",
            connect(),
            "Connect/Welcome/Refused",
            greets(refuses, Vec::new()),
        ),
        Case::new("a welcome of 300,000 domains", ping(), "ok", many("domains", "")),
        Case::new("a welcome of 100,000 features", ping(), "ok", many("features", "feature")),
        Case::new("a welcome whose limits are 0", ping(), "ok", with_data(lies)),
        Case::new("a welcome whose limits are 2^64 - 1", ping(), "ok", with_data(most)),
        Case::new(
            "a welcome 100,000 deep",
            ping(),
            "ok or Connect/Welcome/Invalid",
            with_data(deep),
        ),
    ]
}
