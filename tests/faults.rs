//! Servers that get it wrong: each fault has its own typed error and leaves no file behind.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use longhaul::ops::git::Export;
use longhaul::ops::git::archive::ArchiveError;
use longhaul::proto::{AssembleError, ExchangeError, Features, FrameError, OperationError};
use longhaul::server::{RawMessage, Script, Server};
use longhaul::{CloseCause, Error, ErrorKind, TransferOptions};
use support::{
    PACKAGE, assert_holds, chain, chunks_of, connect, connect_with, deadline, scripted,
    small_sample, unzip,
};

/// Chunks small enough that every script has several to spoil.
const CHUNK: u64 = 1000;

/// Exports to a file in an empty folder, and fails if anything is left in it after an error.
async fn save(server: &Server, features: Features) -> Result<Vec<u8>, Error> {
    let client = connect(server).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("demo.zip");
    let options = chunks_of(CHUNK).features(features);
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await?;
    let saved = deadline(transfer.save(&target)).await;
    if saved.is_err() {
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "an error leaves no file: {left:?}");
    }
    saved.map(|_| std::fs::read(&target).unwrap())
}

/// The error of an export without checksums.
async fn failure(script: Script) -> Error {
    let server = scripted(script).await;
    save(&server, Features::NONE).await.expect_err("the fault is found")
}

fn assembling(error: &Error) -> &AssembleError {
    match error {
        Error::Transfer { id, source: ExchangeError::Assemble(error), operation } => {
            assert!(id.as_str().starts_with("git_"), "the error says whose it is");
            assert_eq!(operation, "git.export");
            error
        }
        other => panic!("{}", chain(other)),
    }
}

fn archive(error: &Error) -> &ArchiveError {
    match error {
        Error::Operation { source: OperationError::InvalidPayload { source, .. }, .. } => {
            source.downcast_ref().expect("the archive's own error")
        }
        other => panic!("{}", chain(other)),
    }
}

#[tokio::test]
async fn chunk_zero() {
    let error = failure(Script::new().seq_zero()).await;
    assert_eq!(assembling(&error), &AssembleError::SeqZero);
    assert_eq!(error.kind(), ErrorKind::Broken);
}

#[tokio::test]
async fn a_gap_at_complete() {
    let error = failure(Script::new().drop_chunk(3)).await;
    assert!(
        matches!(assembling(&error), AssembleError::Gap { missing, parked, .. }
            if missing.get() == 3 && *parked > 0),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_chunk_past_the_total() {
    let error = failure(Script::new().extra_chunk_past_total()).await;
    assert!(
        matches!(assembling(&error), AssembleError::PastTotal { seq, total }
            if seq.get() == total + 1),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_same_chunk_with_other_bytes() {
    let error = failure(Script::new().repeat_altered(2)).await;
    assert!(
        matches!(assembling(&error), AssembleError::Conflict { seq, expected, got, .. }
            if seq.get() == 2 && expected != got),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_total_that_is_wrong_either_way() {
    let error = failure(Script::new().total(1)).await;
    assert!(matches!(assembling(&error), AssembleError::PastTotal { total: 1, .. }), "{error:?}");
    let error = failure(Script::new().total(9999)).await;
    assert!(matches!(assembling(&error), AssembleError::Gap { total: 9999, .. }), "{error:?}");
}

#[tokio::test]
async fn invalid_base64() {
    let error = failure(Script::new().invalid_base64(2)).await;
    assert!(
        matches!(assembling(&error), AssembleError::Base64 { seq, .. } if seq.get() == 2),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_truncated_archive() {
    let whole = save(&scripted(Script::new()).await, Features::NONE).await.unwrap().len() as u64;
    for left in [whole - 1, whole - 22, 5000] {
        let error = failure(Script::new().truncate_payload(left)).await;
        assert!(matches!(archive(&error), ArchiveError::Directory { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn something_that_is_no_zip() {
    let error = failure(Script::new().payload(&b"<html>logon</html>"[..])).await;
    assert!(matches!(archive(&error), ArchiveError::NotZip { len: 18 }), "{error:?}");
}

#[tokio::test]
async fn an_empty_payload_is_no_archive() {
    let error = failure(Script::new().payload(&b""[..])).await;
    assert!(
        matches!(&error, Error::Operation { source: OperationError::Empty, .. }),
        "{}",
        chain(&error)
    );
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn complete_without_success() {
    let error = failure(Script::new().complete_unsuccessful()).await;
    assert!(
        matches!(&error, Error::Transfer { source: ExchangeError::Unsuccessful(_), .. }),
        "{}",
        chain(&error)
    );
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn an_error_in_the_middle() {
    let error = failure(Script::new().error_after(3, "GIT_ERROR", "serializer dumped")).await;
    assert!(
        matches!(&error, Error::Server { source, .. }
            if source.code == "GIT_ERROR" && source.message == "serializer dumped"),
        "{}",
        chain(&error)
    );
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_connection_that_is_cut_or_closed() {
    let error = failure(Script::new().cut_after(2)).await;
    assert!(
        matches!(&error, Error::Lost { id: Some(_), cause } if matches!(**cause, CloseCause::Cut)),
        "{}",
        chain(&error)
    );
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Broken, true));
    let error = failure(Script::new().raw(vec![RawMessage::Close])).await;
    assert!(
        matches!(&error, Error::Lost { cause, .. } if matches!(**cause, CloseCause::ByPeer { .. })),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn any_flipped_bit_where_checksums_are_agreed() {
    let size = save(&scripted(Script::new()).await, Features::BUILT).await.unwrap().len() as u64;
    for step in 0..40 {
        let (offset, bit) = (step * (size - 1) / 39, (step % 8) as u8);
        let server = scripted(Script::new().corrupt_bit(offset, bit)).await;
        let error = save(&server, Features::BUILT).await.expect_err("the flip is found");
        assert!(
            matches!(assembling(&error), AssembleError::Crc { seq, .. }
                if seq.get() == offset / CHUNK + 1),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_flipped_bit_in_an_entry_where_nothing_is_agreed() {
    let whole = save(&scripted(Script::new()).await, Features::NONE).await.unwrap();
    let entries = unzip(&whole);
    let mut found = 0;
    for step in 0..40_u64 {
        let offset = step * (whole.len() as u64 - 1) / 39;
        let server = scripted(Script::new().corrupt_bit(offset, (step % 8) as u8)).await;
        match save(&server, Features::NONE).await {
            Err(error) => {
                archive(&error);
                found += 1;
            }
            // Bits that nobody reads may differ; what comes out may not.
            Ok(other) => assert!(unzip(&other) == entries),
        }
    }
    assert!(found >= 20, "most of an archive is data: {found} of 40 were found");
}

#[tokio::test]
async fn defective_frames_fail_their_request() {
    let raw = |text: &str| Script::new().raw(vec![RawMessage::Text(text.into())]);
    let error = failure(raw(r#"{"id":"{id}","type":"complete","success":true}"#)).await;
    assert!(
        matches!(
            &error,
            Error::Transfer {
                source: ExchangeError::Frame(FrameError::Missing { field: "totalChunks", .. }),
                ..
            }
        ),
        "{}",
        chain(&error)
    );
    let error = failure(raw(r#"{"id":"{id}","type":"chunk","seq":1,"seq":1,"data":""}"#)).await;
    assert!(
        matches!(
            &error,
            Error::Transfer {
                source: ExchangeError::Frame(FrameError::Duplicate { field: "seq", .. }),
                ..
            }
        ),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn a_single_answer_is_taken_for_the_stream_but_not_after_a_chunk() {
    let whole = save(&scripted(Script::new()).await, Features::NONE).await.unwrap();
    let base64 = longhaul::proto::base64::encode(&whole);
    let answer = format!(
        r#"{{"id":"{{id}}","success":true,"data":{{"objectCount":1,"zipBase64":"{base64}"}}}}"#
    );
    let server = scripted(Script::new().raw(vec![RawMessage::Text(answer.clone())])).await;
    let bytes = save(&server, Features::NONE).await.unwrap();
    assert_holds(&bytes, PACKAGE, &small_sample());
    let chunk = r#"{"id":"{id}","type":"chunk","seq":1,"data":"QUJD"}"#.to_owned();
    let error =
        failure(Script::new().raw(vec![RawMessage::Text(chunk), RawMessage::Text(answer)])).await;
    assert!(
        matches!(
            &error,
            Error::Transfer { source: ExchangeError::AnswerAfterChunks { chunks: 1 }, .. }
        ),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn stray_messages_are_counted_and_harmless() {
    let text = |text: &str| RawMessage::Text(text.to_owned());
    let stray = vec![
        text(r#"{"id":"somebody_9","type":"chunk","seq":1,"data":"QUJD"}"#),
        text(r#"{"id":"somebody_9","success":true,"data":{}}"#),
        text(r#"{"id":"{id}","type":"from-the-future","x":[1,2,3]}"#),
        text("this is not json"),
        text(r#"{"no":"id"}"#),
        RawMessage::Binary(b"LH\x01\x00 not agreed on".to_vec().into()),
    ];
    let late = vec![text(r#"{"id":"{id}","type":"chunk","seq":1,"data":"QUJD"}"#)];
    let server = scripted(Script::new().before(stray).after(late)).await;
    let client = connect(&server).await;
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
    deadline(client.ping()).await.unwrap();
    let stats = client.stats();
    assert_eq!((stats.unknown_ids, stats.unknown_types), (3, 1), "{stats:?}");
    assert_eq!((stats.unreadable, stats.unexpected_binary), (2, 1), "{stats:?}");
}

#[tokio::test]
async fn text_that_cannot_be_read_fails_nothing_and_is_logged_without_its_content() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let junk = vec![RawMessage::Text("half a frame with a secret".into())];
    let server = scripted(Script::new().before(junk)).await;
    let client = connect(&server).await;
    deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_eq!(client.stats().unreadable, 1);
    let text = log.text();
    assert!(text.contains("WARN") && !text.contains("secret"), "{text}");
}

/// Where a test's log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_message_above_the_limit_says_how_much_it_was() {
    let server = scripted(Script::new()).await;
    let client = connect_with(&server, |builder| builder.max_message_bytes(2000)).await;
    let options = chunks_of(3000);
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    let Error::Lost { cause, .. } = &error else { panic!("{}", chain(&error)) };
    assert!(
        matches!(**cause, CloseCause::MessageTooLarge { got, limit: 2000 } if got > 4000),
        "{cause:?}"
    );
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Limit, false));
}

#[tokio::test]
async fn a_payload_above_the_limit() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let options = chunks_of(CHUNK).max_payload_bytes(2500);
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    assert!(
        matches!(assembling(&error), AssembleError::TooLarge { seq, limit: 2500 }
            if seq.get() == 3),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[tokio::test]
async fn an_archive_that_inflates_above_the_limit() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let whole = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    let options = TransferOptions::default().max_payload_bytes(whole.receipt.bytes);
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    assert!(matches!(archive(&error), ArchiveError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn silence_ends_with_the_idle_limit_and_the_deadline() {
    let server = scripted(Script::new().stall_after(1)).await;
    let client = connect(&server).await;
    let limit = Duration::from_millis(200);
    let idle = TransferOptions::default().chunk_bytes(CHUNK).idle_limit(Some(limit));
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), idle)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    assert!(matches!(error, Error::Idle { limit: l, .. } if l == limit), "{}", chain(&error));
    let late = TransferOptions::default().chunk_bytes(CHUNK).deadline(Some(limit));
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), late)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { limit: l, .. } if l == limit), "{}", chain(&error));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    deadline(client.ping()).await.expect("the connection lives on");
}

#[tokio::test]
async fn a_deadline_holds_while_frames_keep_coming_and_the_caller_is_slow() {
    let progress = RawMessage::Text(r#"{"id":"{id}","type":"progress","done":1}"#.into());
    let server = scripted(Script::new().raw(vec![progress; 5_000]).stall_after(0)).await;
    let client = connect(&server).await;
    let limit = Duration::from_millis(100);
    let options = TransferOptions::default().deadline(Some(limit));
    let mut transfer =
        deadline(client.start_with(Export::packages([PACKAGE]), options)).await.unwrap();
    let begun = std::time::Instant::now();
    let mut events = 0;
    // A caller that takes its time with each event, so that there is always another.
    while deadline(futures::StreamExt::next(&mut transfer)).await.is_some() {
        events += 1;
        let until = std::time::Instant::now() + Duration::from_millis(1);
        while std::time::Instant::now() < until {
            tokio::task::yield_now().await;
        }
    }
    let error = deadline(transfer.finish()).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{}", chain(&error));
    assert!(events < 5_000 && begun.elapsed() >= limit, "{events} events");
}

#[tokio::test]
async fn a_peer_that_sends_nothing_at_all_is_gone() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let peer = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let welcome = r#"{"id":"welcome","success":true,"data":{"features":[]}}"#;
        futures::SinkExt::send(&mut socket, welcome.into()).await.unwrap();
        // From here on it neither reads nor writes, and the connection stays open.
        std::future::pending::<()>().await;
        drop(socket);
    });
    let builder = longhaul::Client::builder(url).ping_interval(Duration::from_millis(20));
    let client = deadline(builder.connect()).await.unwrap();
    let error = deadline(client.ping()).await.unwrap_err();
    let Error::Lost { cause, .. } = &error else { panic!("{}", chain(&error)) };
    assert!(matches!(**cause, CloseCause::Unresponsive { .. }), "{cause:?}");
    peer.abort();
}

/// Asks until the table of the connection is empty; it is the driver that empties it.
async fn nothing_is_left_pending(client: &longhaul::Client) {
    deadline(async {
        while client.stats().pending > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn whatever_ends_a_request_takes_it_out_of_the_table() {
    let server = scripted(Script::new().stall_after(1)).await;
    let client = connect(&server).await;
    let limit = Some(Duration::from_millis(50));
    let plain = TransferOptions::default().chunk_bytes(CHUNK);
    for options in [plain.clone().idle_limit(limit), plain.clone().deadline(limit)] {
        let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await;
        deadline(transfer.unwrap().collect()).await.unwrap_err();
        nothing_is_left_pending(&client).await;
    }
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), plain)).await.unwrap();
    drop(transfer);
    nothing_is_left_pending(&client).await;
    deadline(client.run(Export::packages(["$NOWHERE"]))).await.unwrap_err();
    deadline(client.ping()).await.unwrap();
    nothing_is_left_pending(&client).await;
}

#[tokio::test]
async fn a_lost_connection_fails_all_that_wait_with_one_cause() {
    let server = scripted(Script::new().cut_after(1)).await;
    let client = connect(&server).await;
    let export = || client.start_with(Export::packages([PACKAGE]), chunks_of(CHUNK));
    let (first, second) = deadline(futures::future::join(export(), export())).await;
    let (first, second) =
        deadline(futures::future::join(first.unwrap().collect(), second.unwrap().collect())).await;
    let cause = |error: Error| match error {
        Error::Lost { cause, .. } => cause,
        other => panic!("{}", chain(&other)),
    };
    let (first, second) = (cause(first.unwrap_err()), cause(second.unwrap_err()));
    assert!(Arc::ptr_eq(&first, &second));
    let later = deadline(client.ping()).await.unwrap_err();
    assert!(Arc::ptr_eq(&first, &cause(later)), "whoever comes later hears the same");
}

#[tokio::test]
async fn a_dropped_transfer_is_forgotten_and_the_connection_lives_on() {
    let builder = Server::builder().package(PACKAGE, small_sample());
    let server = deadline(builder.object_delay(Duration::from_millis(2)).bind("127.0.0.1:0"));
    let server = server.await.unwrap();
    let client = connect(&server).await;
    let mut transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    deadline(futures::StreamExt::next(&mut transfer)).await.unwrap();
    drop(transfer);
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
    assert!(client.stats().unknown_ids > 0, "what still came for it was counted");
}

#[tokio::test]
async fn a_transfer_that_is_not_read_fails_alone() {
    // More than an inbox holds, so that the connection has to wait for whoever does not read.
    let noise = vec![0x5a; 12 << 20];
    let server = scripted(Script::new().payload(noise)).await;
    let client =
        connect_with(&server, |builder| builder.hold_limit(Duration::from_millis(100))).await;
    let mut idle = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    // Once it has been put out, what still comes for it belongs to nobody.
    deadline(async {
        while client.stats().unknown_ids == 0 {
            client.ping().await.expect("other requests get through in the end");
        }
    })
    .await;
    let verdict = loop {
        if deadline(futures::StreamExt::next(&mut idle)).await.is_none() {
            break deadline(idle.finish()).await;
        }
    };
    let error = verdict.unwrap_err();
    assert!(matches!(error, Error::SlowConsumer { .. }), "{}", chain(&error));
    assert_eq!((error.kind(), error.is_remote()), (ErrorKind::Local, false));
}

#[tokio::test]
async fn an_unknown_package_and_an_unknown_action() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let error = deadline(client.run(Export::packages(["$NOWHERE"]))).await.unwrap_err();
    assert!(
        matches!(&error, Error::Server { source, .. } if source.code == "GIT_ERROR"),
        "{}",
        chain(&error)
    );
    let call = client.request("git", "dance").call::<serde_json::Value>();
    let error = deadline(call).await.unwrap_err();
    assert!(
        matches!(&error, Error::Server { source, .. } if source.code == "UNKNOWN_ACTION"),
        "{}",
        chain(&error)
    );
}
