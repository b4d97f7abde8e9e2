//! What the tests against a real server have in common: the server, the sample, the deadline.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file takes what it needs")]

pub mod adt;
pub mod ask;
pub mod bulk;
pub mod front;
pub mod pattern;
pub mod peer;
pub mod proxy;
pub mod sink;
pub mod tls;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fs;
use std::future::Future;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use longhaul::proto::Feature;
use longhaul::server::{Profile, Script, Server, ServerBuilder};
use longhaul::{Client, ClientBuilder, TransferOptions};
use zip::ZipArchive;

/// The package the servers of the tests serve.
pub const PACKAGE: &str = "$DEMO";

/// How long any one test may wait for anything.
const DEADLINE: Duration = Duration::from_mins(1);

/// Waits for `future`, but not for ever.
pub async fn deadline<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("the test's deadline has passed")
}

/// The whole sample, some 70 objects.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sample")
}

/// The smaller part of the sample, whose archive is below 60 kB.
pub fn small_sample() -> PathBuf {
    sample().join("zlh_demo_tariff")
}

/// A server of the small sample with a script of faults.
pub async fn scripted(script: Script) -> Server {
    serve(Profile::Full, small_sample(), script).await
}

/// A server of one folder.
pub async fn serve(profile: Profile, folder: PathBuf, script: Script) -> Server {
    let builder = Server::builder().package(PACKAGE, folder).profile(profile).script(script);
    deadline(in_form(builder).bind("127.0.0.1:0")).await.expect("the server binds")
}

/// With `LONGHAUL_TEXT=1`, chunks go as text instead: a run of the same tests that way.
fn in_form(builder: ServerBuilder) -> ServerBuilder {
    if std::env::var_os("LONGHAUL_TEXT").is_some_and(|value| value == "1") {
        return builder.without_feature(Feature::Binary);
    }
    builder
}

/// A client with the default options.
pub async fn connect(server: &Server) -> Client {
    connect_with(server, |builder| builder).await
}

/// Lets everything else run until `is_so`.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    deadline(async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Waits until no request of the client waits for frames; it is the driver that sees to that.
pub async fn nothing_is_left_pending(client: &Client) {
    until(|| client.stats().pending == 0).await;
}

/// A client of a builder that was changed.
pub async fn connect_with(
    server: &Server,
    change: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Client {
    let builder = change(Client::builder(server.url()));
    deadline(builder.connect()).await.expect("the client connects")
}

/// Options that ask for chunks of this size.
pub fn chunks_of(bytes: u64) -> TransferOptions {
    TransferOptions::default().chunk_bytes(bytes)
}

/// The files of a folder, by name, sub-folders left out.
pub fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect()
}

/// The files of an archive, by path.
pub fn unzip(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

/// Fails unless `archive` holds exactly the files of `folder` under `src/<package>/`.
pub fn assert_holds(archive: &[u8], package: &str, folder: &Path) {
    let mut entries = unzip(archive);
    assert!(entries.remove(".abapgit.xml").is_some(), "the settings file is there");
    let prefix = format!("src/{}/", package.to_lowercase());
    let expected: BTreeMap<_, _> = files_of(folder)
        .into_iter()
        .map(|(name, bytes)| (format!("{prefix}{name}"), bytes))
        .collect();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&entries), names(&expected));
    for (name, bytes) in expected {
        assert!(entries[&name] == bytes, "{name} came back with other bytes");
    }
}

/// An error and all its sources, for the message of a failed assertion.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A server of nothing but the domain `test`.
pub async fn bare(script: Script) -> Server {
    let builder = in_form(Server::builder().script(script));
    deadline(builder.bind("127.0.0.1:0")).await.expect("the server binds")
}

/// A client that reaches its server through a proxy.
pub async fn connect_through(proxy: &proxy::Proxy) -> Client {
    deadline(Client::builder(proxy.url()).connect()).await.expect("the client connects")
}
