//! What the client does about the frames of a peer, over real sockets.

mod support;

use std::time::Duration;

use longhaul::ops::system::{Ping, Pong};
use longhaul::proto::welcome::{MAX_WELCOME_BYTES, WelcomeError};
use longhaul::server::Script;
use longhaul::{
    Client, ClientBuilder, CloseCause, Completed, ConnectError, Error, Retries, TransferOptions,
};
use support::bulk::Bulk;
use support::peer::{BINARY, CLOSE, CONTINUATION, FINAL, PING, PONG, Peer, Sent, TEXT, frame};
use support::tls::{Authority, tls_end};
use support::{chain, deadline, scripted};

const WELCOME: &str = r#"{"id":"welcome","success":true,"data":{"features":[]}}"#;
const MIB: usize = 1 << 20;

/// A client of a peer that has said welcome, and the peer's end.
async fn welcomed(build: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (Client, Peer) {
    let waiting = Peer::listen().await;
    let builder = build(Client::builder(waiting.url()).retries(Retries::never()));
    let peer = tokio::spawn(waiting.accept(frame(FINAL | TEXT, WELCOME.as_bytes())));
    let client = deadline(builder.connect()).await.unwrap();
    (client, deadline(peer).await.unwrap())
}

/// A request under way, and its id as the peer has read it.
async fn asked(client: &Client, peer: &mut Peer) -> (String, Request) {
    let client = client.clone();
    let request = tokio::spawn(async move { client.run(Ping).await });
    let text = deadline(peer.text()).await;
    let text: serde_json::Value = serde_json::from_str(&text).unwrap();
    (text["id"].as_str().unwrap().to_owned(), request)
}

type Request = tokio::task::JoinHandle<Result<Completed<Pong>, Error>>;

/// The answer to a request, with so many bytes of what the client does not look at.
fn answer(id: &str, filling: usize) -> Vec<u8> {
    let filling = "\u{fc}".repeat(filling / 2);
    format!(r#"{{"id":"{id}","success":true,"data":{{"pong":true,"x":"{filling}"}}}}"#).into_bytes()
}

/// A message in fragments of that size, with something after each but the last.
fn fragments(message: &[u8], size: usize, between: &[u8]) -> Vec<u8> {
    let last = message.len().div_ceil(size) - 1;
    let mut frames = Vec::new();
    for (index, piece) in message.chunks(size).enumerate() {
        let opcode = if index == 0 { TEXT } else { CONTINUATION };
        let end = if index == last { FINAL } else { 0 };
        frames.extend(frame(end | opcode, piece));
        if index < last {
            frames.extend_from_slice(between);
        }
    }
    frames
}

/// Ends a connection with these bytes, and gives what the request and the peer hear of it.
async fn ended_by(
    build: impl FnOnce(ClientBuilder) -> ClientBuilder,
    bytes: &[u8],
) -> (CloseCause, Option<u16>) {
    let (client, mut peer) = welcomed(build).await;
    let (_, request) = asked(&client, &mut peer).await;
    peer.send(bytes).await;
    let error = deadline(request).await.unwrap().unwrap_err();
    let Error::Lost { cause, .. } = error else { panic!("{}", chain(&error)) };
    let goodbye = deadline(peer.goodbye()).await;
    drop(client);
    (std::sync::Arc::into_inner(cause).expect("nobody else waits"), goodbye)
}

#[tokio::test]
async fn a_ping_inside_a_message_is_answered_before_that_ends() {
    let (client, mut peer) = welcomed(|builder| builder).await;
    let (id, request) = asked(&client, &mut peer).await;
    let answer = answer(&id, 1_000);
    let (first, second) = answer.split_at(500);
    peer.send(&frame(TEXT, first)).await;
    peer.send(&frame(FINAL | PING, b"still there?")).await;
    assert_eq!(
        deadline(peer.next()).await,
        Some(Sent { opcode: PONG, payload: b"still there?".into() })
    );
    assert!(!request.is_finished());
    peer.send(&frame(FINAL | CONTINUATION, second)).await;
    deadline(request).await.unwrap().unwrap();
    assert_eq!(client.stats().messages, 1);
}

#[tokio::test]
async fn pings_that_pile_up_are_answered_by_the_last_at_least() {
    let (client, mut peer) = welcomed(|builder| builder).await;
    let questions: Vec<_> = (0..=200_u8).flat_map(|byte| frame(FINAL | PING, &[byte])).collect();
    peer.send(&questions).await;
    let mut pongs = 0;
    while let Some(Sent { opcode: PONG, payload }) = deadline(peer.next()).await {
        pongs += 1;
        if payload == [200] {
            break;
        }
    }
    assert!((1..=201).contains(&pongs), "{pongs}");
    drop(client);
}

#[tokio::test]
async fn a_message_of_20_mib_in_fragments_is_one_answer() {
    for size in [4 << 10, 64 << 10, 3 * MIB] {
        let (client, mut peer) = welcomed(|builder| builder).await;
        let (id, request) = asked(&client, &mut peer).await;
        let answer = answer(&id, 20 * MIB);
        peer.send(&fragments(&answer, size, &frame(FINAL | PONG, b""))).await;
        deadline(request).await.unwrap().unwrap();
        assert_eq!(client.stats().message_bytes, answer.len() as u64);
    }
}

#[tokio::test]
async fn frames_may_come_byte_by_byte() {
    let (client, mut peer) = welcomed(|builder| builder).await;
    let (id, request) = asked(&client, &mut peer).await;
    for byte in fragments(&answer(&id, 300), 127, &frame(FINAL | PING, b"")) {
        peer.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    deadline(request).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_with_1002() {
    let masked = [FINAL | TEXT, 0x82, 1, 2, 3, 4, b'x' ^ 1, b'y' ^ 2];
    let broken: [(&str, Vec<u8>); 8] = [
        ("masked", masked.into()),
        ("reserved bits", frame(0x40 | FINAL | TEXT, b"x")),
        ("opcode 0x3", frame(FINAL | 3, b"")),
        ("fragmented", frame(PING, b"")),
        ("more than 125", vec![FINAL | PING, 126, 0, 126]),
        ("written in 8 bytes", vec![FINAL | TEXT, 127, 0, 0, 0, 0, 0, 0, 0, 1, b'x']),
        ("no message", frame(FINAL | CONTINUATION, b"x")),
        ("inside another", [frame(TEXT, b"x"), frame(FINAL | BINARY, b"y")].concat()),
    ];
    for (what, bytes) in broken {
        let (cause, code) = ended_by(|builder| builder, &bytes).await;
        assert!(!cause.is_transient());
        let CloseCause::Protocol(text) = cause else { panic!("{what}: {cause:?}") };
        assert!(text.contains(what), "{what}: {text}");
        assert_eq!(code, Some(1002), "{what}");
    }
}

#[tokio::test]
async fn codes_and_reasons_of_a_close_are_looked_at() {
    for (payload, told) in [(&b"\x03"[..], 1002), (b"\x03\xED", 1002), (b"\x03\xE8\xFF", 1007)] {
        let (cause, code) = ended_by(|builder| builder, &frame(FINAL | CLOSE, payload)).await;
        assert!(matches!(cause, CloseCause::Protocol(_)), "{cause:?}");
        assert_eq!(code, Some(told), "{cause:?}");
    }
}

#[tokio::test]
async fn text_that_is_no_utf_8_ends_with_1007() {
    for bytes in [
        frame(FINAL | TEXT, b"\"\xFF\""),
        fragments("\u{20ac}".repeat(9_000).as_bytes().split_last().unwrap().1, 5_000, b""),
    ] {
        let (cause, code) = ended_by(|builder| builder, &bytes).await;
        assert!(
            matches!(&cause, CloseCause::Protocol(text) if text.contains("utf-8")),
            "{cause:?}"
        );
        assert_eq!(code, Some(1007));
    }
}

#[tokio::test]
async fn what_is_too_large_ends_with_1009_before_it_comes() {
    let mut header = vec![FINAL | TEXT, 127];
    header.extend((MIB as u64 + 1).to_be_bytes());
    let in_two = [frame(TEXT, &vec![b'x'; MIB]), vec![FINAL | CONTINUATION, 1]].concat();
    for bytes in [header, in_two] {
        let (cause, code) = ended_by(|builder| builder.max_message_bytes(MIB), &bytes).await;
        let expected = MIB + 1;
        assert!(
            matches!(cause, CloseCause::MessageTooLarge { got, limit: MIB } if got == expected),
            "{cause:?}"
        );
        assert_eq!(code, Some(1009));
    }
}

#[tokio::test]
async fn too_many_empty_fragments_end_with_1008() {
    let empty = frame(CONTINUATION, b"").repeat(101);
    let bytes = [frame(TEXT, b"x"), empty].concat();
    let (cause, code) = ended_by(|builder| builder, &bytes).await;
    assert!(matches!(&cause, CloseCause::Protocol(text) if text.contains("empty")), "{cause:?}");
    assert_eq!(code, Some(1008));
}

#[tokio::test]
async fn a_close_is_answered_with_its_own_code() {
    for (payload, code, reason, told) in [
        (&b""[..], 1005, "", None),
        (b"\x03\xE8", 1000, "", Some(1000)),
        (b"\x0F\xA0later", 4000, "later", Some(4000)),
    ] {
        let (cause, heard) = ended_by(|builder| builder, &frame(FINAL | CLOSE, payload)).await;
        let CloseCause::ByPeer { code: got, reason: words } = &cause else { panic!("{cause:?}") };
        assert_eq!((*got, words.as_str(), heard), (code, reason, told));
    }
}

#[tokio::test]
async fn an_end_without_a_goodbye_is_a_cut() {
    for bytes in [&b""[..], &[FINAL | TEXT], &frame(FINAL | TEXT, b"half of it")[..6]] {
        let (client, mut peer) = welcomed(|builder| builder).await;
        let (_, request) = asked(&client, &mut peer).await;
        peer.send(bytes).await;
        drop(peer);
        let error = deadline(request).await.unwrap().unwrap_err();
        let Error::Lost { cause, .. } = &error else { panic!("{}", chain(&error)) };
        assert!(matches!(**cause, CloseCause::Cut), "{cause:?}");
    }
}

#[tokio::test]
async fn frames_right_behind_the_upgrade_are_read() {
    // The welcome comes with the answer to the upgrade, behind a ping, in fragments, and is long.
    let welcome = WELCOME.replace("features", &format!("x\":\"{}\",\"features", "y".repeat(9_000)));
    let ping = frame(FINAL | PING, b"early");
    let frames = [ping, fragments(welcome.as_bytes(), 2_000, b"")].concat();
    let waiting = Peer::listen().await;
    let builder = Client::builder(waiting.url());
    let peer = tokio::spawn(waiting.accept(frames));
    let client = deadline(builder.connect()).await.unwrap();
    let mut peer = deadline(peer).await.unwrap();
    assert_eq!(deadline(peer.next()).await, Some(Sent { opcode: PONG, payload: b"early".into() }));
    let (id, request) = asked(&client, &mut peer).await;
    peer.send(&frame(FINAL | TEXT, &answer(&id, 0))).await;
    deadline(request).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_payload_comes_whole_through_encryption() {
    let server = scripted(Script::new()).await;
    let authority = Authority::new();
    let address = tls_end(&authority.sign("localhost", 2100), None, server.addr()).await;
    let url = format!("https://localhost:{}", address.port());
    let builder = Client::builder(url).authority(authority.file());
    let client = deadline(builder.connect()).await.unwrap();
    for chunk_bytes in [1_000, 70_000, 3_000_000] {
        let bulk = Bulk::new(40 * chunk_bytes + 1);
        let options = TransferOptions::default().chunk_bytes(chunk_bytes);
        let transfer = deadline(client.start_with(bulk.clone(), options)).await.unwrap();
        let receipt = deadline(transfer.write_to(&mut tokio::io::sink())).await.unwrap();
        assert_eq!((receipt.bytes, receipt.sha256), (bulk.size, Some(bulk.sha256())));
    }
}

#[tokio::test]
async fn what_is_no_welcome_says_what_it_was() {
    for (bytes, expected) in [
        (frame(FINAL | TEXT, b"\xFF"), "utf-8"),
        (vec![0xF1, 0], "reserved bits"),
        (frame(FINAL | CLOSE, b"\x03\xF5full"), "full"),
    ] {
        let error = greeted_with(bytes).await;
        let ConnectError::NoWelcome(cause) = &error else { panic!("{}", chain(&error)) };
        assert!(cause.to_string().contains(expected), "{cause}");
    }
    let error = greeted_with(vec![FINAL | TEXT, 127, 0, 0, 0, 0, 0xFF, 0, 0, 0]).await;
    let too_large = WelcomeError::TooLarge { got: 0xFF00_0000, limit: MAX_WELCOME_BYTES };
    assert!(matches!(&error, ConnectError::Welcome(it) if *it == too_large), "{error:?}");
}

/// What comes of connecting to a peer that begins with `bytes`.
async fn greeted_with(bytes: Vec<u8>) -> ConnectError {
    let waiting = Peer::listen().await;
    let builder = Client::builder(waiting.url()).connect_timeout(Duration::from_secs(30));
    let peer = tokio::spawn(waiting.accept(bytes));
    let error = deadline(builder.connect()).await.unwrap_err();
    peer.abort();
    error
}
