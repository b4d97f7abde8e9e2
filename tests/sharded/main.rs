//! Exports in many small requests over several sessions.

#[path = "../support/mod.rs"]
mod support;

mod alike;
mod faults;
mod field;
mod kept;
mod sessions;

use std::fs;
use std::path::Path;
use std::time::Duration;

use longhaul::ops::git::{Exported, ObjectKey, ShardedExport};
use longhaul::server::{Profile, Server};
use longhaul::{Client, Completed, Error};
use support::{PACKAGE, deadline};
use tempfile::TempDir;

/// A package of so many objects of several types, in sub-packages too.
fn package(objects: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sub = folder.path().join("zsub");
    fs::create_dir(&sub).unwrap();
    for place in [folder.path(), &sub] {
        fs::write(place.join("package.devc.xml"), place.as_os_str().as_encoded_bytes()).unwrap();
    }
    for n in 0..objects {
        let place = if n % 5 == 0 { sub.as_path() } else { folder.path() };
        let (kind, second) = match n % 4 {
            0 => ("clas", Some("clas.xml")),
            1 => ("prog", Some("prog.xml")),
            2 => ("tabl", None),
            _ => ("dtel", None),
        };
        let source = format!("* {n}\n{}", "WRITE / 'longhaul'.\n".repeat(n % 50));
        let extension = if second.is_some() { "abap" } else { "xml" };
        fs::write(place.join(format!("z{n:05}.{kind}.{extension}")), source).unwrap();
        if let Some(second) = second {
            fs::write(place.join(format!("z{n:05}.{second}")), format!("<xml n='{n}'/>")).unwrap();
        }
    }
    folder
}

/// The objects that [`package`] makes, without the packages themselves.
fn objects(count: usize) -> impl Iterator<Item = ObjectKey> {
    let kinds = ["CLAS", "PROG", "TABL", "DTEL"];
    (0..count).map(move |n| ObjectKey::new(kinds[n % 4], &format!("Z{n:05}")))
}

async fn serve(profile: Profile, folder: &Path, delay: Duration) -> Server {
    let builder = Server::builder().package(PACKAGE, folder).profile(profile).object_delay(delay);
    deadline(builder.bind("127.0.0.1:0")).await.unwrap()
}

async fn run(client: &Client, export: ShardedExport) -> Result<Completed<Exported>, Error> {
    let run = async { client.start_sharded(export).await?.collect().await };
    deadline(Box::pin(run)).await
}
