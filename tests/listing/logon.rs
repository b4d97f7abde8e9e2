//! Who lists, and what must not be seen of that.

use std::error::Error as StdError;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::{BoxFuture, FutureExt, ready};
use longhaul::{Attempt, Client, ConnectError, Credentials, ListError, ListedBy, Logon};

use super::support::adt::{DATA_PREVIEW, DISCOVERY, Reply, System};
use super::support::chain;
use super::{PASSWORD, assert_sample, list, list_with, system};

#[tokio::test]
async fn cookies_of_a_session_that_exists() {
    let (_server, front) = system(|asked, _| {
        let is_known = asked.cookie("MYSAPSSO2") == "t1cket";
        (!is_known).then(|| Reply::new("401 Unauthorized", &[], ""))
    })
    .await;
    let cookies = format!("MYSAPSSO2=t1cket; {}=old", System::COOKIE);
    let listed = list_with(Client::builder(front.url()).cookies(cookies)).await;
    assert_sample(listed, ListedBy::DataPreview);
    let first = &front.asked()[0];
    assert_eq!(first.cookie(System::COOKIE), "old");
    assert_eq!(first.header("authorization"), "");
    let last = front.asked().pop().unwrap();
    assert_eq!(last.header("cookie").matches(System::COOKIE).count(), 1, "the new one alone");
}

/// Gives one token after the other.
#[derive(Debug, Default)]
struct Vault(AtomicUsize);

impl Credentials for Vault {
    fn logon(
        &self,
        attempt: Attempt,
    ) -> BoxFuture<'_, Result<Logon, Box<dyn StdError + Send + Sync>>> {
        let round = self.0.fetch_add(usize::from(attempt.refused), Ordering::SeqCst)
            + usize::from(attempt.refused);
        ready(Ok(Logon::Bearer(format!("b3arer{round}").into()))).boxed()
    }
}

#[tokio::test]
async fn a_logon_that_is_refused_is_asked_for_again() {
    let count = AtomicUsize::new(0);
    let (_server, front) = system(move |asked, _| {
        // The first is good for the token and two questions, the second for the rest.
        let bearer = asked.header("authorization");
        let is_worn = bearer == "Bearer b3arer0" && count.fetch_add(1, Ordering::SeqCst) >= 3;
        is_worn.then(|| Reply::new("401 Unauthorized", &[], ""))
    })
    .await;
    let builder = Client::builder(front.url()).credentials(Vault::default());
    assert_sample(list_with(builder).await, ListedBy::DataPreview);
    assert_eq!(front.count("HEAD", DISCOVERY), 2);
}

#[tokio::test]
async fn a_logon_that_stays_the_same_is_refused_once() {
    let (_server, front) = system(|_, _| {
        // Such a cookie is no session of ours.
        let headers = ["Set-Cookie: sap-usercontext=sap-client=001; path=/"];
        Some(Reply::new("401 Unauthorized", &headers, "<p>Logon failed</p>"))
    })
    .await;
    let error = list(&front).await.unwrap_err();
    assert!(
        matches!(&error, ListError::Connect(ConnectError::Unauthorized { explanation })
            if explanation == "Logon failed"),
        "{error:?}"
    );
    assert_eq!(front.asked().len(), 2, "HEAD, and GET for the page");
    // With a session that has ended the same logon is worth another try, but one alone.
    let (_server, front) = system(|asked, _| {
        (asked.path != DISCOVERY).then(|| Reply::new("401 Unauthorized", &[], ""))
    })
    .await;
    let error = list(&front).await.unwrap_err();
    assert!(matches!(error, ListError::Connect(ConnectError::Unauthorized { .. })), "{error:?}");
    assert_eq!(front.count("POST", DATA_PREVIEW), 2);
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_printed_or_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (_server, front) = system(|_, _| None).await;
    let mut printed = String::new();
    for builder in [
        Client::builder(front.url()).basic("me", PASSWORD),
        Client::builder(front.url()).cookies("MYSAPSSO2=t1cket"),
        Client::builder(front.url()).bearer("b3arer"),
    ] {
        printed += &format!("{builder:?}");
        printed += &format!("{:?}", list_with(builder).await.unwrap());
    }
    let (_server, front) = system(|asked, _| {
        let page = "<p>no</p>";
        (asked.path != DISCOVERY).then(|| Reply::new("500 No", &["Set-Cookie: a=s3ssion"], page))
    })
    .await;
    let error = list(&front).await.unwrap_err();
    printed += &format!("{error:?} {}", chain(&error));
    printed += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(printed.contains(DATA_PREVIEW), "something was logged");
    // The password as Basic has it, too.
    for secret in [PASSWORD, "bWU6cDRzc3cwcmQ", "t1cket", "b3arer", "t0ken", "s3ssion"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
