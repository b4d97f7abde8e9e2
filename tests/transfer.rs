//! Exports that go well: every size, every order, every way to take the result.

mod support;

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use longhaul::ops::git::{Export, ObjectKey, Types};
use longhaul::proto::checksum::Sha256;
use longhaul::proto::{Feature, Features};
use longhaul::server::{Order, Profile, Script, Server};
use longhaul::{Error, Event, TransferOptions};
use support::{
    PACKAGE, assert_holds, chunks_of, connect, connect_with, deadline, sample, scripted, serve,
    small_sample, unzip,
};

/// Runs a test once for each profile that the server has; what differs is the test's own affair.
macro_rules! in_every_profile {
    ($($name:ident),* $(,)?) => {
        $(mod $name {
            use longhaul::server::Profile;

            #[tokio::test]
            async fn full() {
                super::$name(Profile::Full).await;
            }

            #[tokio::test]
            async fn seed() {
                super::$name(Profile::Seed).await;
            }

            #[tokio::test]
            async fn deployed() {
                super::$name(Profile::Deployed).await;
            }
        })*
    };
}

in_every_profile!(
    a_package_comes_back_byte_by_byte,
    sub_packages_come_along_unless_told_otherwise,
    single_objects_and_what_is_missing_of_them,
    events_tell_the_story_and_the_verdict_comes_last,
    what_is_left_after_reading_events_is_no_payload,
    progress_is_told_to_who_only_wants_that,
    a_peek_takes_nothing,
    events_are_told_to_who_has_it_saved,
    a_saved_file_is_whole_and_replaces_another,
    many_requests_share_one_connection,
    types_pings_and_requests_without_a_type,
    a_busy_server_is_asked_again,
    a_logon_reaches_the_server,
);

/// Most are no multiples of 3, so that every slice has padding of its own.
const CHUNK_SIZES: [u64; 7] = [1, 2, 3, 100, 4096, 786_432, 5_000_000];

/// Without `credit` in one of the two, since no server that keeps to it could send the last chunk
/// first.
async fn comes_back(script: Script) {
    let server = scripted(script).await;
    let client = connect(&server).await;
    for size in CHUNK_SIZES {
        for features in [Features::BUILT.without(Feature::Credit), Features::NONE] {
            let options = chunks_of(size).features(features);
            let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await;
            let export = deadline(transfer.unwrap().collect()).await.unwrap();
            assert!(export.payload.len() <= 60_000, "small enough to park all of it");
            assert_holds(&export.payload, PACKAGE, &small_sample());
            let receipt = &export.receipt;
            assert_eq!(receipt.bytes, export.payload.len() as u64);
            assert_eq!(receipt.chunks, receipt.bytes.div_ceil(size), "chunks of {size}");
            assert_eq!(receipt.sha256, Some(Sha256::of(&export.payload)));
            assert_eq!(receipt.digest_checked, features.contains(Feature::Checksum));
            assert!(export.output.is_complete());
        }
    }
}

#[tokio::test]
async fn every_chunk_size_in_order() {
    comes_back(Script::new()).await;
}

#[tokio::test]
async fn every_chunk_size_reversed() {
    comes_back(Script::new().order(Order::Reversed)).await;
}

#[tokio::test]
async fn every_chunk_size_shuffled() {
    comes_back(Script::new().order(Order::Shuffled(20_261_121))).await;
}

#[tokio::test]
async fn every_chunk_size_with_every_chunk_twice() {
    comes_back(Script::new().repeat_each()).await;
}

#[tokio::test]
async fn every_chunk_size_shuffled_and_twice() {
    comes_back(Script::new().order(Order::Shuffled(7)).repeat_each()).await;
}

#[tokio::test]
async fn a_server_without_features_streams_slices_of_its_own() {
    let server = serve(Profile::Seed, sample(), Script::new()).await;
    let client = connect(&server).await;
    assert_eq!(client.welcome().features, None);
    let transfer =
        client.start_with(Export::packages([PACKAGE]).without_subpackages(), chunks_of(10));
    let export = deadline(deadline(transfer).await.unwrap().collect()).await.unwrap();
    assert_eq!((export.receipt.chunks, export.receipt.digest_checked), (1, false));
    assert_holds(&export.payload, PACKAGE, &sample());
    // It answers once more after complete; that changes nothing and is counted.
    deadline(client.ping()).await.unwrap();
    assert_eq!(client.stats().unknown_ids, 1);
}

#[tokio::test]
async fn a_server_that_ignores_the_chunk_size_still_works() {
    let server = scripted(Script::new().ignore_chunk_size(17)).await;
    let client = connect(&server).await;
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_eq!(export.receipt.chunks, export.receipt.bytes.div_ceil(17));
    assert_holds(&export.payload, PACKAGE, &small_sample());
}

async fn a_package_comes_back_byte_by_byte(profile: Profile) {
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
    let receipt = &export.receipt;
    assert_eq!(receipt.chunks, u64::from(profile != Profile::Deployed));
    assert_eq!(receipt.bytes, export.payload.len() as u64);
    assert_eq!(receipt.sha256, Some(Sha256::of(&export.payload)));
    assert_eq!(receipt.digest_checked, profile == Profile::Full);
    assert!(export.output.is_complete());
}

async fn sub_packages_come_along_unless_told_otherwise(profile: Profile) {
    let server = serve(profile, sample(), Script::new()).await;
    let client = connect(&server).await;
    let whole = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    let alone = Export::packages([PACKAGE]).without_subpackages();
    let alone = deadline(client.run(alone)).await.unwrap();
    assert_holds(&alone.payload, PACKAGE, &sample());
    let of_sub_package = |name: &String| name.starts_with("src/zlh_demo_tariff/");
    assert!(unzip(&whole.payload).keys().any(of_sub_package));
    assert!(whole.output.objects > alone.output.objects);
    assert_eq!(whole.output.counted, Some(whole.output.objects));
}

async fn single_objects_and_what_is_missing_of_them(profile: Profile) {
    let server = serve(profile, sample(), Script::new()).await;
    let client = connect(&server).await;
    let there = ObjectKey::new("CLAS", "ZLH_CL_ROUTE");
    let absent = ObjectKey::new("CLAS", "ZLH_CL_NOWHERE");
    let whole = deadline(client.run(Export::objects([there.clone()]))).await.unwrap();
    assert!(whole.output.is_complete());
    let names: Vec<_> = unzip(&whole.payload).into_keys().collect();
    assert!(names.contains(&"src/$demo/zlh_cl_route.clas.abap".to_owned()), "{names:?}");
    let partial = deadline(client.run(Export::objects([there, absent.clone()]))).await.unwrap();
    assert!(!partial.output.is_complete());
    assert_eq!(partial.output.missing.objects, [absent]);
    // Only one that speaks the protocol says so itself.
    let told = usize::from(profile == Profile::Full);
    assert_eq!((partial.output.skipped.len(), partial.receipt.warnings.len()), (told, told));
}

async fn events_tell_the_story_and_the_verdict_comes_last(profile: Profile) {
    let server = serve(profile, sample(), Script::new()).await;
    let client = connect(&server).await;
    let transfer = client.start_with(Export::packages([PACKAGE]), chunks_of(1000));
    let mut transfer = deadline(transfer).await.unwrap();
    let (mut bytes, mut progress, mut sent) = (Vec::new(), Vec::new(), 0);
    while let Some(event) = deadline(transfer.next()).await {
        match event {
            Event::Sent => sent += 1,
            Event::Accepted(retained) if profile == Profile::Full => {
                assert_eq!((sent, retained.chunk_bytes), (1, 1000));
            }
            Event::Progress(step) => progress.push((step.done.unwrap(), step.total.unwrap())),
            Event::Data(unverified) => bytes.extend(unverified.into_bytes()),
            other => panic!("{other:?}"),
        }
    }
    let receipt = deadline(transfer.finish()).await.unwrap();
    assert_eq!((sent, receipt.bytes), (1, bytes.len() as u64));
    assert_eq!(receipt.sha256, Some(Sha256::of(&bytes)));
    assert!(progress.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{progress:?}");
    match progress.last() {
        Some((done, total)) => assert_eq!(done, total),
        None => assert_eq!(profile, Profile::Deployed, "one answer has no progress"),
    }
}

async fn what_is_left_after_reading_events_is_no_payload(profile: Profile) {
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let transfer = client.start_with(Export::packages([PACKAGE]), chunks_of(1000));
    let mut transfer = deadline(transfer).await.unwrap();
    while !matches!(deadline(transfer.next()).await.unwrap(), Event::Data(_)) {}
    match deadline(transfer.collect()).await.unwrap_err() {
        Error::PayloadTaken { taken, .. } => {
            assert_eq!(taken == 1000, profile == Profile::Full, "{taken} in the first chunk");
        }
        other => panic!("{other:?}"),
    }
}

async fn progress_is_told_to_who_only_wants_that(profile: Profile) {
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let transfer = transfer.on_progress(move |status| {
        noted.lock().unwrap().push((status.progress.and_then(|p| p.done), status.bytes));
    });
    let export = deadline(transfer.collect()).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.last().unwrap().1, export.receipt.bytes);
    let had_progress = seen.iter().any(|(done, bytes)| done.is_some() && *bytes == 0);
    assert_eq!(had_progress, profile != Profile::Deployed);
}

async fn a_peek_takes_nothing(profile: Profile) {
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let started = || client.start_with(Export::packages([PACKAGE]), chunks_of(1000));
    let whole = deadline(deadline(started()).await.unwrap().collect()).await.unwrap().payload;

    let mut transfer = deadline(started()).await.unwrap();
    let first = deadline(transfer.peek()).await.unwrap().to_vec();
    assert!(!first.is_empty() && whole.starts_with(&first));
    assert_eq!(deadline(transfer.peek()).await.unwrap(), first);
    assert_eq!(&*deadline(transfer.collect()).await.unwrap().payload, &*whole);

    let mut transfer = deadline(started()).await.unwrap();
    deadline(transfer.peek()).await.unwrap();
    let (mut bytes, mut sent) = (Vec::new(), 0);
    while let Some(event) = deadline(transfer.next()).await {
        match event {
            Event::Sent => sent += 1,
            Event::Data(unverified) => bytes.extend(unverified.into_bytes()),
            _ => {}
        }
    }
    assert_eq!((sent, &bytes[..]), (1, &whole[..]));
    assert_eq!(deadline(transfer.peek()).await, None);
    deadline(transfer.finish()).await.unwrap();
}

async fn events_are_told_to_who_has_it_saved(profile: Profile) {
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let mut transfer = transfer.on_event(move |event| noted.lock().unwrap().push(event.clone()));
    // What comes while it is looked at is told then, and not once more.
    deadline(transfer.peek()).await;
    deadline(transfer.finish()).await.unwrap();
    let seen = seen.lock().unwrap();
    let count = |is: fn(&Event) -> bool| seen.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Sent)), 1);
    assert_eq!(count(|event| matches!(event, Event::Data(_))), 0);
    let is_kept = usize::from(profile == Profile::Full);
    assert_eq!(count(|event| matches!(event, Event::Accepted(_))), is_kept);
}

async fn a_saved_file_is_whole_and_replaces_another(profile: Profile) {
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("demo.zip");
    std::fs::write(&target, "old").unwrap();
    let transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let saved = deadline(transfer.save(&target)).await.unwrap();
    assert_eq!(saved.path, target);
    assert_holds(&std::fs::read(&target).unwrap(), PACKAGE, &small_sample());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

async fn many_requests_share_one_connection(profile: Profile) {
    let server = serve(profile, sample(), Script::new()).await;
    let client = connect(&server).await;
    let exports = (0..8).map(|n| {
        let client = client.clone();
        async move {
            let transfer = client.start_with(Export::packages([PACKAGE]), chunks_of(1000 + n));
            transfer.await.unwrap().collect().await.unwrap().receipt.sha256
        }
    });
    let pings = (0..200).map(|_| client.ping());
    let (digests, answers) = deadline(futures::future::join(
        futures::future::join_all(exports),
        futures::future::join_all(pings),
    ))
    .await;
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(answers.iter().all(|pong| pong.as_ref().unwrap().timestamp.is_some()));
    assert_eq!(client.stats().requests, 208);
}

async fn types_pings_and_requests_without_a_type(profile: Profile) {
    #[derive(serde::Deserialize)]
    struct Pong {
        pong: bool,
    }
    let server = serve(profile, small_sample(), Script::new()).await;
    let client = connect(&server).await;
    let types = deadline(client.run(Types)).await.unwrap().output;
    assert!(types.contains(&"CLAS".to_owned()));
    let pong: Pong = deadline(client.request("system", "ping").call()).await.unwrap();
    assert!(pong.pong);
    let request = client.request("git", "export").param("packages", [PACKAGE]);
    let export = deadline(request.collect()).await.unwrap();
    assert!(export.output.get().contains("objectCount"));
    if profile == Profile::Deployed {
        // One answer, and who asks by hand has not said which field of it is the payload.
        assert!(export.output.get().contains("zipBase64") && export.payload.is_empty());
    } else {
        assert_holds(&export.payload, PACKAGE, &small_sample());
    }
}

async fn a_busy_server_is_asked_again(profile: Profile) {
    let pause = std::time::Duration::from_millis(1);
    let server = serve(profile, small_sample(), Script::new().busy(3, pause)).await;
    let client = connect(&server).await;
    deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_eq!(client.stats().busy_retries, 3);
}

async fn a_logon_reaches_the_server(profile: Profile) {
    let builder = Server::builder().package(PACKAGE, small_sample()).user("me", "pa:ss€");
    let builder = builder.profile(profile);
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let client = connect_with(&server, |builder| builder.basic("me", "pa:ss€")).await;
    deadline(client.ping()).await.unwrap();
}

#[tokio::test]
async fn options_of_a_client_hold_for_its_requests() {
    let server = scripted(Script::new()).await;
    let options = TransferOptions::default().chunk_bytes(512);
    let client = connect_with(&server, |builder| builder.options(options)).await;
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_eq!(export.receipt.chunks, export.receipt.bytes.div_ceil(512));
}
