//! Logons over HTTP, and proxies, that never end or say too much.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{FLOOD, KIB, MIB, STREAM, text, welcome};
use crate::support::peer::{Asking, Listening};

/// What is sent first, and what again and again.
type Answer = (Vec<u8>, Vec<u8>);

/// A peer that refuses Basic on the upgrade, and answers the logon over HTTP like this. Whoever
/// then comes with cookies is let in.
fn logs_on(
    answer: impl Fn(&Asking) -> Answer + Send + Sync + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            loop {
                let asking = listening.asking().await;
                let (first, again) = if asking.header("upgrade").is_none() {
                    answer(&asking)
                } else if asking.header("cookie").is_some() {
                    let taken = asking.taking("").into_bytes();
                    ([taken, text(&welcome(STREAM))].concat(), Vec::new())
                } else {
                    let refused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
                    (refused.as_bytes().to_vec(), Vec::new())
                };
                let mut peer = asking.into_peer();
                tokio::spawn(async move {
                    peer.send(&first).await;
                    if again.is_empty() {
                        peer.fall_silent().await;
                    } else {
                        peer.flood(&again, FLOOD, true).await;
                        peer.fall_silent().await;
                    }
                });
            }
        })
    }
}

fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}").into_bytes()
}

pub(crate) fn cases() -> Vec<Case> {
    let basic = || Asked { basic: true, ..Asked::to(Task::Connect) };
    let silent = |first: Vec<u8>| logs_on(move |_| (first.clone(), Vec::new()));
    let endless = |first: Vec<u8>, again: &'static [u8]| {
        logs_on(move |_| (first.clone(), again.repeat(16 * KIB)))
    };
    let refused = "Connect/Unauthorized";
    let cookies = |count: usize, len: usize| -> Vec<u8> {
        let value = "v".repeat(len);
        let cookies = (0..count)
            .map(|n| format!("Set-Cookie: c{n}={value}; path=/\r\n"))
            .collect::<Vec<_>>()
            .concat();
        head("200 OK", &format!("{cookies}Content-Length: 0\r\n\r\n"))
    };
    let mut cases = vec![
        Case::new(
            "a logon page that never ends",
            basic(),
            "ok",
            endless(
                head("200 OK", "Set-Cookie: s=1\r\nTransfer-Encoding: chunked\r\n\r\n"),
                b"5\r\nhello\r\n",
            ),
        ),
        Case::new(
            "a refusing logon page that never ends",
            basic(),
            refused,
            endless(head("401 X", "Transfer-Encoding: chunked\r\n\r\n"), b"5\r\nhello\r\n"),
        ),
        Case::new(
            "a logon page in chunks that declare 2^60",
            basic(),
            refused,
            endless(head("401 X", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n"), b"x"),
        ),
        Case::new("no answer to the logon", basic(), "Connect/Timeout", silent(Vec::new())),
        Case::new(
            "a header of the logon that never ends",
            basic(),
            refused,
            endless(head("200 OK", "X: "), b"y"),
        ),
        Case::new(
            "headers of the logon that never end",
            basic(),
            refused,
            endless(head("200 OK", ""), b"X: y\r\n"),
        ),
        Case::new(
            "100 Continue to the logon, without end",
            basic(),
            "Connect/Timeout or Connect/Unauthorized",
            endless(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n"),
        ),
        Case::new("1,000 cookies", basic(), refused, silent(cookies(1_000, 1))),
        Case::new("90 cookies", basic(), "ok", silent(cookies(90, 1))),
        Case::new(
            "cookies of 60 KiB",
            basic(),
            "ok or Connect/Unauthorized",
            silent(cookies(6, 10 * KIB)),
        ),
    ];
    cases.extend(proxies());
    cases
}

fn proxies() -> Vec<Case> {
    let through = |serve: Answer, name: &'static str, ends: &'static str| {
        let asked = Asked { is_proxy: true, ..Asked::to(Task::Connect) };
        Case::new(name, asked, ends, move |listening: Listening| async move {
            let (first, again) = serve;
            let mut peer = listening.asking().await.into_peer();
            peer.send(&first).await;
            if !again.is_empty() {
                peer.flood(&again, 64 * MIB, true).await;
            }
            peer.fall_silent().await;
        })
    };
    let broken = "Connect/ProxyBroken";
    vec![
        through(
            (head("200 OK", "X: "), b"y".repeat(MIB)),
            "a proxy's header that never ends",
            broken,
        ),
        through(
            (head("200 OK", ""), b"X: y\r\n".repeat(64 * KIB)),
            "a proxy's headers that never end",
            broken,
        ),
        through(
            (
                head("302 Found", "Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
                Vec::new(),
            ),
            "a proxy that redirects",
            "Connect/Proxy",
        ),
        through((Vec::new(), Vec::new()), "a proxy that never answers", "Connect/Timeout"),
        through(
            (head("200 OK", "\r\n"), b"x".repeat(MIB)),
            "a proxy that lets through to nobody who speaks http",
            "Connect/AnswerHead or Connect/Upgrade/Protocol",
        ),
    ]
}
