//! What the client writes into a log: that something was odd, and not what it was.
//!
//! On its own, since a log is the whole program's: with other tests beside it, whichever comes first
//! settles whether an event is of interest to anybody.

#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::sync::{Arc, Mutex};

#[tokio::test]
async fn text_that_cannot_be_read_fails_nothing_and_is_logged_without_its_content() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
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
