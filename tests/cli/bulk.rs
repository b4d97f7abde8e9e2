//! Much: a thousand files of a hundred megabytes in all, through two processes.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;

use crate::support::{Folder, run, unzip};

const FILES: usize = 1000;
const FILE_BYTES: usize = 100_000;

#[test]
fn a_large_package_comes_through_byte_for_byte() {
    let folder = Folder::new();
    let package = folder.path("package");
    fs::create_dir(&package).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let mut written = BTreeMap::new();
    for index in 0..FILES {
        let mut bytes = vec![0; FILE_BYTES];
        random.fill(&mut bytes);
        let name = format!("zbulk_{index:04}.prog.abap");
        fs::write(package.join(&name), &bytes).unwrap();
        written.insert(name, bytes);
    }
    let words = ["serve", "--listen", "127.0.0.1:0", "--package", "$BULK=package"];
    let mut serving = folder.spawn("", &words);
    let url = serving.stdout_line();
    let words = ["export", "$BULK", "-o", "bulk.zip", "--json", "-q", "--no-shard"];
    let report = run(&mut folder.longhaul(&url, &words)).expect(0).json();
    assert_eq!(report["objectCount"], FILES);
    assert!(report["bytes"].as_u64().unwrap() >= (FILES * FILE_BYTES) as u64);
    let received: BTreeMap<_, _> = unzip(&folder.path("bulk.zip"))
        .into_iter()
        .filter_map(|(path, bytes)| {
            Some((path.strip_prefix("src/")?.rsplit('/').next()?.to_owned(), bytes))
        })
        .filter(|(name, _)| name.starts_with("zbulk_"))
        .collect();
    assert!(received == written, "the files differ");
    serving.signal(Signal::TERM);
    assert_eq!(serving.wait().0.code(), Some(0));
}
