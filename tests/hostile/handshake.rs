//! Answers to the upgrade that never end, that lead elsewhere, or that agree to what nobody asked.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{MIB, STREAM, text, welcome};
use crate::support::peer::{Asking, Listening, Peer};

fn connect() -> Asked {
    Asked::to(Task::Connect)
}

/// A peer that answers the upgrade with these bytes.
fn answers(
    answer: impl Fn(&Asking) -> Vec<u8> + Send + Sync + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            loop {
                let asking = listening.asking().await;
                let answer = answer(&asking);
                let mut peer = asking.into_peer();
                tokio::spawn(async move {
                    peer.send(&answer).await;
                    peer.fall_silent().await;
                });
            }
        })
    }
}

/// A peer that begins an answer, and goes on with `piece` without end.
fn endless(
    start: &'static str,
    piece: &'static [u8],
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            let mut peer = listening.asking().await.into_peer();
            peer.send(start.as_bytes()).await;
            let piece = piece.repeat(64 << 10);
            peer.flood(&piece, 64 * MIB, true).await;
            peer.fall_silent().await;
        })
    }
}

/// A peer that begins an answer, and sends a byte every while, for ever.
fn drips(start: &'static str) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            let mut peer = listening.asking().await.into_peer();
            peer.send(start.as_bytes()).await;
            let mut pace = tokio::time::interval(std::time::Duration::from_millis(5));
            loop {
                pace.tick().await;
                peer.send(b"x").await;
            }
        })
    }
}

/// An answer that takes the upgrade, with these headers too, and greets.
fn taking(more: &'static str) -> impl Fn(&Asking) -> Vec<u8> + Send + Sync {
    move |asking| [asking.taking(more).into_bytes(), text(&welcome(STREAM))].concat()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = heads();
    cases.extend(keys());
    cases.extend(pages());
    cases.extend(elsewhere());
    cases
}

fn heads() -> Vec<Case> {
    const START: &str = "HTTP/1.1 101 Switching Protocols\r\n";
    let many = |asking: &Asking| {
        let headers = (0..5_000).map(|n| format!("X-{n}: y\r\n")).collect::<Vec<_>>().concat();
        asking.taking(&headers).into_bytes()
    };
    let long = |asking: &Asking| asking.taking(&format!("X: {}\r\n", "y".repeat(MIB))).into_bytes();
    let head = "Connect/AnswerHead";
    vec![
        Case::new(
            "a header that never ends",
            connect(),
            head,
            endless("HTTP/1.1 101 X\r\nX: ", b"y"),
        ),
        Case::new("headers that never end", connect(), head, endless(START, b"X: y\r\n")),
        Case::new("a status line that never ends", connect(), head, endless("HTTP/1.1 101 ", b"y")),
        Case::new("empty lines that never end", connect(), head, endless("", b"\r\n")),
        Case::new("5,000 headers", connect(), head, answers(many)),
        Case::new("a header of 1 MiB", connect(), head, answers(long)),
        Case::new("a head that drips", connect(), "Connect/Timeout", drips(START)),
        Case::new("no answer at all", connect(), "Connect/Timeout", answers(|_| Vec::new())),
        Case::new(
            "an answer that is no http",
            connect(),
            "Connect/Upgrade/Protocol or Connect/AnswerHead",
            answers(|_| b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        ),
        Case::new(
            "an answer of HTTP/1.0",
            connect(),
            "Connect/Upgrade/Protocol",
            answers(|asking| asking.taking("").replacen("1.1", "1.0", 1).into_bytes()),
        ),
        Case::new(
            "100 Continue without end",
            connect(),
            "Connect/Status",
            endless("", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ),
    ]
}

fn keys() -> Vec<Case> {
    let without = |name: &'static str| {
        answers(move |asking| {
            let head = asking.taking("");
            let lines = head.split_inclusive("\r\n").filter(|line| !line.starts_with(name));
            [lines.collect::<String>().into_bytes(), text(&welcome(STREAM))].concat()
        })
    };
    let wrong = answers(|asking| {
        let head = asking.taking("").replace("Accept: ", "Accept: x");
        [head.into_bytes(), text(&welcome(STREAM))].concat()
    });
    let broken = "Connect/Upgrade/Protocol";
    vec![
        Case::new("no Sec-WebSocket-Accept", connect(), broken, without("Sec-WebSocket-Accept")),
        Case::new("a wrong Sec-WebSocket-Accept", connect(), broken, wrong),
        Case::new("no Upgrade", connect(), broken, without("Upgrade")),
        Case::new("no Connection", connect(), broken, without("Connection")),
        Case::new(
            "an extension nobody asked for",
            connect(),
            "Connect/NotOffered",
            answers(taking("Sec-WebSocket-Extensions: permessage-deflate\r\n")),
        ),
        Case::new(
            "a subprotocol nobody asked for",
            connect(),
            "Connect/NotOffered",
            answers(taking("Sec-WebSocket-Protocol: chat\r\n")),
        ),
    ]
}

fn pages() -> Vec<Case> {
    let refused = "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        Case::new(
            "a refusal whose page never ends",
            connect(),
            "Connect/Unauthorized",
            endless(refused, b"<p>no</p>"),
        ),
        Case::new("a refusal whose page drips", connect(), "Connect/Unauthorized", drips(refused)),
        Case::new(
            "a refusal that declares 2^63 bytes",
            connect(),
            "Connect/ServerFailed",
            answers(|_| b"HTTP/1.1 500 X\r\nContent-Length: 9223372036854775808\r\n\r\n".to_vec()),
        ),
    ]
}

/// Answers everything with a redirect to `place`, or to itself.
fn redirecting(place: Option<String>) -> impl Fn(&Asking) -> Vec<u8> + Send + Sync {
    move |asking| {
        let host = asking.header("host").unwrap();
        let place =
            place.clone().unwrap_or_else(|| format!("http://{host}/sap/bc/apc/sap/zadt_vsp"));
        format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n").into_bytes()
    }
}

fn elsewhere() -> Vec<Case> {
    let mut cases = vec![Case::new(
        "a redirect to itself",
        Asked { basic: true, ..connect() },
        "Connect/Status",
        answers(redirecting(None)),
    )];
    // Whether the upgrade itself is redirected, or the logon over HTTP behind a refusal.
    for (name, ends, refuses_first) in [
        ("a redirect to another host", "Connect/Status", false),
        ("a logon that is redirected to another host", "Connect/Unauthorized", true),
    ] {
        let serve = move |listening: Listening| async move {
            let other = Peer::listen().await;
            let redirect = redirecting(Some(other.url()));
            let answer = move |asking: &Asking| {
                if refuses_first && asking.header("upgrade").is_some() {
                    return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec();
                }
                redirect(asking)
            };
            // Who goes there waits for an answer, so this is seen before the client ends.
            tokio::select! {
                () = answers(answer)(listening) => {}
                _ = other.asking() => panic!("the redirect was followed"),
            }
        };
        cases.push(Case::new(name, Asked { basic: true, ..connect() }, ends, serve));
    }
    cases
}
