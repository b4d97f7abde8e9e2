//! Servers that get it wrong: each fault has its own typed error and leaves no file behind.

mod support;

use longhaul::ops::git::Export;
use longhaul::ops::git::archive::ArchiveError;
use longhaul::proto::{AssembleError, ExchangeError, Features, FrameError, OperationError};
use longhaul::server::{RawMessage, Script, Server};
use longhaul::{CloseCause, Error, ErrorKind, Retries, TransferOptions};
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
    let options = chunks_of(CHUNK).features(features).retries(Retries::never());
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
        RawMessage::Binary(b"LH\x01\x00 and little else".to_vec().into()),
    ];
    let late = vec![text(r#"{"id":"{id}","type":"chunk","seq":1,"data":"QUJD"}"#)];
    let server = scripted(Script::new().before(stray).after(late)).await;
    let client = connect(&server).await;
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
    deadline(client.ping()).await.unwrap();
    let stats = client.stats();
    assert_eq!((stats.unknown_ids, stats.unknown_types), (3, 1), "{stats:?}");
    // Binary chunks were agreed on, but that is shorter than their header.
    assert_eq!((stats.unreadable, stats.unexpected_binary), (3, 0), "{stats:?}");
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
        matches!(**cause, CloseCause::MessageTooLarge { got, limit: 2000 } if got > 3000),
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
