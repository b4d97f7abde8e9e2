//! What the client writes into a log: that something was odd, and not what it was.
//!
//! On its own, since a log is the whole program's: with other tests beside it, whichever comes first
//! settles whether an event is of interest to anybody.

mod support;

use std::sync::{Arc, Mutex};

use longhaul::ops::git::Export;
use longhaul::server::{RawMessage, Script};
use support::{PACKAGE, connect, deadline, scripted};

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
