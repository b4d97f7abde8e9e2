//! The situation of the field: one work process a session, and requests that are stopped.

use std::path::Path;
use std::time::Duration;

use longhaul::ops::git::{Export, ObjectKey, ShardedExport};
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

    // Another one, that knows of no long request yet.
    let server = field(folder.path()).await;
    let client = connect(&server).await;
    let export = ShardedExport::packages([PACKAGE]).sessions(4);
    let done = run(&client, export).await.unwrap();
    // Both packages bring a file of their own.
    assert_eq!(
        (done.output.objects, done.output.is_complete()),
        (502, true),
        "{:?}",
        done.output.skipped
    );
    assert!(server.longest_request() < LIMIT, "none was stopped");
    assert_eq!(server.most_sessions(), 4);

    let free = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Deployed);
    let free = deadline(free.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&free).await;
    let plain = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_eq!(unzip(&done.payload), unzip(&plain.payload));
}

#[tokio::test]
async fn an_object_that_takes_longer_than_others_is_named() {
    let folder = package(30);
    std::fs::write(folder.path().join("zslow.fugr.xml"), "<xml/>").unwrap();
    let builder = Server::builder().package(PACKAGE, folder.path()).profile(Profile::Deployed);
    let builder = builder.object_delay_of("FUGR", Duration::from_millis(400));
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    let slow = ObjectKey::new("FUGR", "ZSLOW");
    let export = ShardedExport::objects(objects(30).chain([slow.clone()])).sessions(1);
    let done = run(&client, export).await.unwrap();
    let slowest = &done.output.slowest;
    assert!(slowest.len() <= 10 && slowest.is_sorted_by(|a, b| a.elapsed_ms >= b.elapsed_ms));
    // Types that may be large are asked for first, so that it shares its request with few.
    let place = slowest.iter().position(|time| time.object == slow);
    assert!(place.is_some(), "{slowest:?}");
}
