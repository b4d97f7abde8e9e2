//! The situation of the field: one work process a session, and requests that are stopped.

use std::path::Path;
use std::time::Duration;

use longhaul::ops::git::{Export, ShardedExport};
use longhaul::server::{Profile, Server};

use crate::support::{PACKAGE, connect, deadline, unzip};
use crate::{objects, package, run};

/// How long the server takes for an object.
const OBJECT: Duration = Duration::from_millis(20);
/// When the server stops a request.
const LIMIT: Duration = Duration::from_secs(6);

async fn field(folder: &Path) -> Server {
    let builder = Server::builder().package(PACKAGE, folder).profile(Profile::Deployed);
    let builder = builder.object_delay(OBJECT).request_limit(LIMIT).max_sessions(4);
    deadline(builder.bind("127.0.0.1:0")).await.unwrap()
}

#[tokio::test]
async fn what_is_stopped_as_one_request_comes_in_shards() {
    let folder = package(500);
    let server = field(folder.path()).await;
    let client = connect(&server).await;
    let retries = longhaul::Retries::never();
    let options = client.options().clone().retries(retries);
    let plain = client.start_with(Export::packages([PACKAGE]), options);
    let plain = async { plain.await?.collect().await };
    let error = deadline(Box::pin(plain)).await.unwrap_err();
    assert!(matches!(error, longhaul::Error::Lost { .. }), "{error:?}");

    let export = ShardedExport::packages([PACKAGE]).sessions(4);
    let done = run(&client, export).await.unwrap();
    // Both packages bring a file of their own.
    assert_eq!(
        (done.output.objects, done.output.is_complete()),
        (502, true),
        "{:?}",
        done.output.skipped
    );
    assert!(server.longest_request() <= LIMIT + OBJECT);
    assert_eq!(server.most_sessions(), 4);

    let free = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Deployed);
    let free = deadline(free.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&free).await;
    let plain = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_eq!(unzip(&done.payload), unzip(&plain.payload));
}

#[tokio::test]
async fn an_object_that_takes_longer_than_others_is_named() {
    let folder = package(40);
    let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Full);
    let builder = builder.object_delay_of("PROG", Duration::from_millis(40));
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    let export = ShardedExport::objects(objects(40)).sessions(1);
    let done = run(&client, export).await.unwrap();
    let slowest = &done.output.slowest;
    assert!(!slowest.is_empty() && slowest.len() <= 10);
    assert!(slowest.is_sorted_by(|one, next| one.elapsed_ms >= next.elapsed_ms));
}
