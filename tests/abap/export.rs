//! Exports, in every form that the handler announces.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt as _;
use longhaul::ops::git::{Export, List, ObjectKey, Types};
use longhaul::proto::Feature::{Binary, Cancel, Checksum, Credit, Resume};
use longhaul::proto::Features;
use longhaul::{CancelOutcome, Event, Retries, TransferOptions};

use crate::host::{Host, PACKAGE, objects};
use crate::support::{assert_holds, chain, chunks_of, deadline, files_of, sample, unzip};

/// The sample with its sub-package, by path.
fn sample_files() -> BTreeMap<String, Vec<u8>> {
    let below = |folder: &Path, package: &str| {
        let files = files_of(folder).into_iter();
        files.map(|(name, bytes)| (format!("src/{package}/{name}"), bytes)).collect::<Vec<_>>()
    };
    let mut all = below(&sample(), "$demo");
    all.extend(below(&sample().join("zlh_demo_tariff"), "zlh_demo_tariff"));
    all.into_iter().collect()
}

fn assert_is_sample(archive: &[u8]) {
    let mut entries = unzip(archive);
    assert!(entries.remove(".abapgit.xml").is_some(), "the settings file is there");
    let expected = sample_files();
    assert_eq!(entries.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(entries == expected, "a file came back with other bytes");
}

#[tokio::test]
async fn the_welcome_says_what_it_can() {
    let Some(host) = Host::of_sample(&[]) else { return };
    let client = host.connect().await;
    let welcome = client.welcome();
    let features = welcome.features.expect("it names features");
    let names: Vec<_> = features.names().collect();
    assert_eq!(names, ["stream", "checksum", "cancel", "credit", "resume", "binary"]);
    assert_eq!(welcome.limits.max_chunk_bytes, Some(1_048_576));
    deadline(client.ping()).await.unwrap();
    let types = deadline(client.run(Types)).await.unwrap().output;
    assert!(types.contains(&"CLAS".to_owned()), "{types:?}");
    let listing = deadline(client.list(List::packages([PACKAGE]))).await.unwrap();
    let is_listed = |name: &str| listing.objects.iter().any(|listed| listed.key.name() == name);
    assert!(is_listed("ZLH_CL_ROUTE") && is_listed("ZLH_DEMO_TARIFF"), "{listing:?}");
}

#[tokio::test]
async fn the_sample_comes_byte_by_byte_with_any_features() {
    let Some(host) = Host::of_sample(&[]) else { return };
    let client = host.connect().await;
    for wanted in [
        vec![],
        vec![Checksum],
        vec![Checksum, Cancel, Credit],
        vec![Binary],
        vec![Checksum, Resume],
        vec![Credit, Binary],
        vec![Checksum, Cancel, Credit, Resume, Binary],
    ] {
        for chunk_bytes in [5_000, 786_432] {
            let features = wanted.iter().copied().collect::<Features>();
            let options = chunks_of(chunk_bytes).features(features).window(3);
            let transfer = client.start_with(Export::packages([PACKAGE]), options);
            let collected = deadline(deadline(transfer).await.unwrap().collect()).await;
            let collected = collected.unwrap_or_else(|e| panic!("{wanted:?}: {}", chain(&e)));
            assert_is_sample(collected.payload.as_ref());
            assert_eq!(collected.receipt.digest_checked, wanted.contains(&Checksum), "{wanted:?}");
            assert_eq!(collected.output.objects, 71);
            assert!(collected.output.is_complete(), "{:?}", collected.output.skipped);
        }
    }
    let stats = client.stats();
    assert_eq!((stats.reconnects, stats.unknown_ids, stats.unknown_types), (0, 0, 0));
}

#[tokio::test]
async fn six_hundred_objects_come_byte_by_byte() {
    let folder = objects(600);
    let Some(host) = Host::of_folder(folder.path(), &[]) else { return };
    let client = host.connect().await;
    let transfer = client.start_with(Export::packages([PACKAGE]), chunks_of(100_000));
    let collected = deadline(deadline(transfer).await.unwrap().collect()).await.unwrap();
    assert_holds(collected.payload.as_ref(), PACKAGE, folder.path());
    assert_eq!(collected.output.objects, 601, "and the package itself");
    assert!(collected.receipt.chunks > 5 && collected.receipt.digest_checked);
}

#[tokio::test]
async fn single_objects_are_exported_and_missing_ones_named() {
    let Some(host) = Host::of_sample(&[]) else { return };
    let client = host.connect().await;
    let keys = [ObjectKey::new("CLAS", "ZLH_CL_ROUTE"), ObjectKey::new("CLAS", "ZNOT_THERE")];
    let completed = deadline(client.run(Export::objects(keys))).await.unwrap();
    let entries = unzip(completed.payload.as_ref());
    assert!(entries.contains_key("src/$demo/zlh_cl_route.clas.abap"), "{:?}", entries.keys());
    assert_eq!(completed.output.objects, 1);
    let [skipped] = &completed.output.skipped[..] else { panic!("{:?}", completed.output.skipped) };
    assert_eq!((&*skipped.name, &*skipped.reason), ("ZNOT_THERE", "object does not exist"));
    let [warning] = &completed.receipt.warnings[..] else { panic!("{:?}", completed.receipt) };
    assert_eq!(warning.code.as_deref(), Some("NOT_FOUND"));
}

#[tokio::test]
async fn one_is_cancelled_between_two_slices() {
    // A slice of one object, and 200 of these would take 10 seconds.
    let folder = objects(200);
    let arguments = ["--object-cost", "50", "--set", "slice_ms=1"];
    let Some(host) = Host::of_folder(folder.path(), &arguments) else { return };
    let client = host.connect().await;
    let features = Features::from_iter([Cancel, Checksum]);
    let options = TransferOptions::default().features(features);
    let mut transfer =
        deadline(client.start_with(Export::packages([PACKAGE]), options)).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Progress(_))) {}
    assert_eq!(deadline(transfer.cancel()).await, CancelOutcome::Cancelled);
    // On the same connection, and there is nothing left that it would wait for.
    deadline(client.ping()).await.unwrap();
    let one = Export::objects([ObjectKey::new("CLAS", "ZCL_0001")]);
    assert_eq!(deadline(client.run(one)).await.unwrap().output.objects, 1);
    assert_eq!(client.stats().reconnects, 0);
}

#[tokio::test]
async fn one_that_stalls_holds_up_nobody() {
    let folder = objects(60);
    let Some(host) = Host::of_folder(folder.path(), &[]) else { return };
    let client = host.connect().await;
    for features in [Features::from_iter([Checksum, Cancel, Credit]), Features::BUILT] {
        let options = chunks_of(2_000).features(features).window(4);
        let export = || Export::packages([PACKAGE]);
        let mut stalled = deadline(client.start_with(export(), options.clone())).await.unwrap();
        let mut taken = 0;
        while taken < 2 {
            let event = deadline(stalled.next()).await.expect("there is another chunk");
            taken += usize::from(matches!(event, Event::Data(_)));
        }
        // Nobody reads it now, and the other comes to its end.
        let other = deadline(client.start_with(export(), options)).await.unwrap();
        let other = deadline(other.collect()).await.unwrap();
        assert_holds(other.payload.as_ref(), PACKAGE, folder.path());
        let receipt = deadline(stalled.finish()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
        assert_eq!(receipt.sha256, other.receipt.sha256);
    }
    assert_eq!(client.stats().reconnects, 0);
}

#[tokio::test]
async fn more_than_there_is_room_for_come_later() {
    let folder = objects(30);
    let arguments = ["--set", "max_operations=1", "--set", "retry_after_ms=20"];
    let Some(host) = Host::of_folder(folder.path(), &arguments) else { return };
    let patient = Retries::default().tries(u32::MAX).within(Duration::from_mins(1));
    let connect = || host.connect_with(|builder| builder.retries(patient.clone()));
    let (one, other) = (connect().await, connect().await);
    let export = |client: &longhaul::Client| {
        let client = client.clone();
        async move { deadline(client.run(Export::packages([PACKAGE]))).await.unwrap() }
    };
    // Both get what they want, the second after the first.
    let (first, second) = tokio::join!(export(&one), export(&other));
    assert_eq!(first.receipt.sha256, second.receipt.sha256);
    assert_holds(first.payload.as_ref(), PACKAGE, folder.path());
    assert!(one.stats().busy_retries + other.stats().busy_retries > 0, "nobody had to wait");
}

#[tokio::test]
async fn a_file_appears_whole() {
    let Some(host) = Host::of_sample(&[]) else { return };
    let client = host.connect().await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("demo.zip");
    let transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let saved = deadline(transfer.save(target.clone())).await.unwrap();
    assert_is_sample(&fs::read(target).unwrap());
    assert_eq!(saved.output.objects, 71);
}
