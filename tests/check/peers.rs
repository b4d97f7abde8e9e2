//! Peers that are no such server, or none that can be talked to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use longhaul::check::{self, CheckError, Options, Status};
use longhaul::{Client, ConnectError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::deadline;
use crate::support::peer::{CLOSE, FINAL, TEXT, frame};
use crate::{assert_found, run};

const WELCOME: &str = r#"{"id":"welcome","success":true,"data":{"features":["stream"]}}"#;

/// A peer that answers every connection with `answer` behind the head it reads, and then reads on.
async fn peer(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = head(&mut stream).await;
            let _ = stream.write_all(&answer(&head)).await;
            tokio::spawn(async move {
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            });
        }
    });
    url
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { break };
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

/// The answer to an upgrade, with another header and these frames behind it.
fn upgraded(head: &str, header: &str, frames: &[u8]) -> Vec<u8> {
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.trim().as_bytes());
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{header}\r\n\r\n"
    )
    .into_bytes();
    answer.extend(frames);
    answer
}

const HEADER: &str = "X-Nothing: 0";

fn hasty() -> Options {
    Options::new().silence(Duration::from_millis(300)).limit(Duration::from_secs(5))
}

#[tokio::test]
async fn what_was_not_offered_is_found_and_not_taken() {
    for header in ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat"] {
        let welcome = frame(FINAL | TEXT, WELCOME.as_bytes());
        let url = peer(move |head| upgraded(head, header, &welcome)).await;
        let report = run(&url, hasty()).await;
        assert_found(&report, "1.1.upgrade.not-offered", Status::Fault, header);
        let error = deadline(Client::builder(url).no_proxy().connect()).await.unwrap_err();
        let name = header.split(':').next().unwrap();
        assert!(matches!(error, ConnectError::NotOffered { header } if header == name), "{error}");
    }
}

#[tokio::test]
async fn a_first_message_that_is_no_welcome() {
    let texts = [
        "hello",
        r#"{"id":"git_1","success":true}"#,
        r#"{"id":"welcome","success":true,"data":{"features":7}}"#,
    ];
    for text in texts {
        let frames = frame(FINAL | TEXT, text.as_bytes());
        let url = peer(move |head| upgraded(head, HEADER, &frames)).await;
        let report = run(&url, hasty()).await;
        assert_found(&report, "1.2.welcome.first", Status::Fault, text);
        assert!(report.results.iter().all(|result| result.check.is_in("1")
            || result.status == Status::Skipped
            || result.status == Status::NotOffered));
    }
    for (frames, about) in [(frame(FINAL | CLOSE, &[]), "a close"), (Vec::new(), "nothing")] {
        let url = peer(move |head| upgraded(head, HEADER, &frames)).await;
        let target = Client::builder(url).no_proxy().connect_timeout(Duration::from_millis(500));
        let report = deadline(check::run(target, hasty())).await.unwrap();
        assert_found(&report, "1.2.welcome.first", Status::Fault, about);
    }
}

#[tokio::test]
async fn a_welcome_without_data() {
    let frames = frame(FINAL | TEXT, br#"{"id":"welcome","success":true}"#);
    let url = peer(move |head| upgraded(head, HEADER, &frames)).await;
    let report = run(&url, hasty().section("1.2")).await;
    assert_found(&report, "1.2.welcome.shape", Status::Deviation, "no data");
}

#[tokio::test]
async fn a_server_that_says_nothing_but_welcome_comes_to_an_end() {
    let frames = frame(FINAL | TEXT, WELCOME.as_bytes());
    let url = peer(move |head| upgraded(head, HEADER, &frames)).await;
    let report = run(&url, hasty()).await;
    assert_found(&report, "4.1.request.ends", Status::Fault, "silence");
    assert_found(&report, "1.3.ping.pong", Status::Fault, "silence");
    assert_found(&report, "1.4.close.answered", Status::Deviation, "silence");
}

#[tokio::test]
async fn frames_that_are_no_websocket() {
    let mut frames = frame(FINAL | TEXT, WELCOME.as_bytes());
    // A reserved bit.
    frames.extend(frame(FINAL | 0x40 | TEXT, b"{}"));
    let url = peer(move |head| upgraded(head, HEADER, &frames)).await;
    let report = run(&url, hasty()).await;
    assert_found(&report, "1.1.frames.rfc-6455", Status::Fault, "a reserved bit");
}

#[tokio::test]
async fn there_is_no_report_without_a_connection() {
    let refusing = r#"{"id":"welcome","success":false,"error":{"code":"BUSY","message":"full"}}"#;
    let frames = frame(FINAL | TEXT, refusing.as_bytes());
    let urls = [
        peer(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec()).await,
        peer(|_| b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec()).await,
        peer(|_| b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()).await,
        peer(move |head| upgraded(head, HEADER, &frames)).await,
    ];
    for url in urls {
        let target = Client::builder(&url).no_proxy().connect_timeout(Duration::from_secs(2));
        let checked = deadline(check::run(target, hasty())).await;
        assert!(matches!(checked, Err(CheckError::Connect(_))), "{url}: {checked:?}");
    }
}

#[tokio::test]
async fn a_section_that_is_not_there() {
    let target = Client::builder("http://127.0.0.1:9");
    let checked = deadline(check::run(target, Options::new().section("12"))).await;
    assert!(matches!(checked, Err(CheckError::NoSection { section }) if section == "12"));
}

const GREETING: &str = r#"{"id":"welcome","success":true,"data":{"domains":["git"],"features":
    ["stream","checksum","cancel","credit","resume","binary"]}}"#;

/// Takes WebSockets, greets with all features and the domain `git`, and answers
/// `system.ping`; everything else it computes for ever. Gives what was asked for besides.
async fn computing() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(compute(stream, Arc::clone(&all)));
        }
    });
    (url, asked)
}

async fn compute(stream: TcpStream, asked: Arc<Mutex<Vec<String>>>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let _ = socket.send(Message::text(GREETING)).await;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if text.contains(r#""action":"ping""#) {
            let request: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let data = r#"{"pong":true,"timestamp":"x"}"#;
            let answer = format!(r#"{{"id":{},"success":true,"data":{data}}}"#, request["id"]);
            let _ = socket.send(Message::text(answer)).await;
        } else {
            asked.lock().unwrap().push(text.to_string());
        }
    }
}

/// Silence is right while a server computes (PROTOCOL 1.3), and one export is enough for it.
#[tokio::test]
async fn a_server_that_computes_is_no_fault_and_is_asked_once() {
    let (url, asked) = computing().await;
    let options = hasty().packages(["$SMALL"]).section("10.1").section("6.4").section("4.1");
    let report = run(&url, options).await;
    let ends = report.result("4.1.request.ends").unwrap();
    assert_eq!(ends.status, Status::Note, "{}", crate::found(&report));
    let archive = report.result("10.1.export.archive").unwrap();
    assert_eq!(archive.status, Status::Skipped);
    assert!(report.results.iter().all(|result| result.status < Status::Fault));
    let exports = |all: &Vec<String>| all.iter().filter(|text| text.contains("$SMALL")).count();
    assert_eq!(exports(&asked.lock().unwrap()), 1);
}

/// A server whose small payload is said to grow for ever.
#[tokio::test]
async fn a_payload_that_never_ends_is_a_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(promise(stream));
        }
    });
    let report = run(&url, hasty().section("4")).await;
    assert_found(&report, "4.1.request.ends", Status::Fault, "progress without end");
}

async fn promise(stream: TcpStream) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let greeting = GREETING.replace("\"git\"", "\"test\"");
    let _ = socket.send(Message::text(greeting)).await;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let request: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let id = &request["id"];
        let answer = if text.contains(r#""action":"ping""#) {
            format!(r#"{{"id":{id},"success":true,"data":{{"pong":true,"timestamp":"x"}}}}"#)
        } else if !text.contains(r#""stream":true"#) {
            let error = r#"{"code":"UNKNOWN_ACTION","message":"no"}"#;
            format!(r#"{{"id":{id},"success":false,"error":{error}}}"#)
        } else {
            let progress = format!(r#"{{"id":{id},"type":"progress","done":1}}"#);
            while socket.send(Message::text(progress.clone())).await.is_ok() {}
            return;
        };
        let _ = socket.send(Message::text(answer)).await;
    }
}

/// What is cut off at the first probe has shown nothing but how it greets.
#[tokio::test]
async fn a_peer_that_closes_on_each_probe_passes_in_nothing() {
    let (greeting, goodbye) = (frame(FINAL | TEXT, GREETING.as_bytes()), frame(FINAL | CLOSE, &[]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (greeting, goodbye) = (greeting.clone(), goodbye.clone());
            tokio::spawn(async move {
                let head = head(&mut stream).await;
                let _ = stream.write_all(&upgraded(&head, HEADER, &greeting)).await;
                let _ = stream.read_u8().await;
                let _ = stream.write_all(&goodbye).await;
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            });
        }
    });
    let report = run(&url, hasty().packages(["$SMALL"])).await;
    let passing = report.results.iter().filter(|result| result.status == Status::Pass);
    let passing = passing.map(|result| result.check.id);
    // The welcome was seen, and a close was answered by one.
    let shown = |id: &&str| {
        id.starts_with("1.1.") || id.starts_with("1.2.welcome.") || *id == "1.4.close.answered"
    };
    let others: Vec<_> = passing.filter(|id| !shown(id) && *id != "3.3.json.strict").collect();
    assert_eq!(others, [""; 0]);
    assert_found(&report, "1.4.connection.stays", Status::Fault, "a close on each probe");
}
