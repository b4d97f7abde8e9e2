//! Cuts, and sessions that end in a serializer: the operation goes on where it was.

use std::path::Path;

use futures::{StreamExt as _, stream};
use longhaul::ops::git::Export;
use longhaul::proto::checksum::Sha256;
use longhaul::{Client, Event};

use crate::host::{Host, PACKAGE, objects, url};
use crate::raw::Raw;
use crate::support::proxy::{Proxy, Spot};
use crate::support::{assert_holds, chain, chunks_of, deadline};

/// How many cases run at once; each spends most of its time in the pause before it dials again.
const AT_ONCE: usize = 8;

/// Exports through these cuts, and gives the digest and how often the transfer went on.
async fn export_through(host: &Host, folder: &Path, cuts: Vec<Spot>) -> (Option<Sha256>, u64) {
    let proxy = Proxy::new(host.address).await;
    proxy.cut_next(cuts.iter().copied());
    let client = deadline(Client::builder(url(proxy.address)).connect()).await.unwrap();
    let options = chunks_of(3_000).window(4);
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await.unwrap();
    let collected = deadline(transfer.collect()).await;
    let collected = collected.unwrap_or_else(|error| panic!("{cuts:?}: {}", chain(&error)));
    assert!(proxy.cuts() > 0 || cuts.is_empty(), "{cuts:?}: no cut");
    assert_holds(collected.payload.as_ref(), PACKAGE, folder);
    let stats = client.stats();
    assert_eq!(stats.repeated_chunks + stats.unchecked_repeats, 0, "{cuts:?}");
    deadline(client.close()).await;
    (collected.receipt.sha256, stats.resumes)
}

#[tokio::test]
async fn a_cut_anywhere_costs_nothing() {
    let folder = objects(40);
    // Chunks leave while objects are still serialized, and each is a slice of its own.
    let arguments = ["--set", "slice_ms=1", "--set", "max_operations=100"];
    let Some(host) = Host::of_folder(folder.path(), &arguments) else { return };
    let (whole, _) = export_through(&host, folder.path(), Vec::new()).await;
    let frames = (2..30).map(|n| vec![Spot::frames_down(n)]);
    let bytes = (0..20).map(|n| vec![Spot::bytes_down(3_000 + 2_222 * n)]);
    let grants = (2..5).map(|n| vec![Spot::frames_up(n)]);
    let often = vec![Spot::bytes_down(44_444), Spot::frames_down(3), Spot::bytes_down(20_000)];
    let cases = frames.chain(bytes).chain(grants).chain([often]);
    let runs = cases.map(|cuts| export_through(&host, folder.path(), cuts));
    let outcomes: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    assert!(outcomes.iter().all(|(sha256, _)| *sha256 == whole), "all are the same archive");
    let resumes: u64 = outcomes.iter().map(|(_, resumes)| resumes).sum();
    assert!(resumes >= 45, "{resumes} resumes");
}

#[tokio::test]
async fn a_transfer_that_was_left_goes_on_later() {
    let folder = objects(40);
    let Some(host) = Host::of_folder(folder.path(), &["--set", "slice_ms=1"]) else { return };
    let client = host.connect().await;
    let export = || Export::packages([PACKAGE]);
    let mut transfer = deadline(client.start_with(export(), chunks_of(3_000))).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Accepted(_))) {}
    let handle = transfer.detach().expect("the server keeps it");
    deadline(client.close()).await;
    let other = host.connect().await;
    let transfer = deadline(other.attach(export(), handle)).await.unwrap();
    let collected = deadline(transfer.collect()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
    assert_holds(collected.payload.as_ref(), PACKAGE, folder.path());
}

#[tokio::test]
async fn an_object_that_ends_two_sessions_is_left_out_by_the_next_one() {
    let folder = objects(30);
    let fatal = ["--fatal", "CLAS ZCL_0007", "--fatal", "CLAS ZCL_0008"];
    let Some(host) = Host::of_folder(folder.path(), &fatal) else { return };
    let client = host.connect().await;
    let transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let collected = deadline(transfer.collect()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
    assert_eq!(collected.output.objects, 29);
    let skipped: Vec<_> = collected.output.skipped.iter().map(|s| (&*s.name, &*s.reason)).collect();
    let reason = "it ended the sessions that worked on it";
    assert_eq!(skipped, [("ZCL_0007", reason), ("ZCL_0008", reason)]);
    assert_eq!(client.stats().reconnects, 4);
}

#[tokio::test]
async fn the_latest_resume_wins() {
    let folder = objects(40);
    let Some(host) = Host::of_folder(folder.path(), &["--set", "watch_ms=20"]) else { return };
    let (mut first, mut second) =
        (Raw::connect(&host, "me").await, Raw::connect(&host, "me").await);
    let key = "k".repeat(32);
    let start = format!(
        r#"{{"id":"a","domain":"git","action":"export","params":{{"packages":["$DEMO"]}},"stream":true,"chunkSize":3000,"features":["credit","resume"],"operation":"{key}","window":1}}"#
    );
    // It waits for credit.
    first.send(start.as_str()).await;
    let epoch = first.frame().await["epoch"].clone();
    while first.frame().await["type"] != "chunk" {}
    // By its key, by a resume, and in the end by one on the connection that has it.
    second.send(start).await;
    assert_eq!(first.last_frame_of("a").await.0["error"]["code"], "SUPERSEDED");
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let resume = |id: &str, window: u32| {
        format!(
            r#"{{"id":"{id}","domain":"stream","action":"resume","params":{{"operation":"{key}","epoch":{epoch},"nextSeq":1,"offset":0,"sha256":"{nothing}"}},"stream":true,"chunkSize":3000,"features":["credit","resume"],"window":{window}}}"#
        )
    };
    first.send(resume("b", 1)).await;
    assert_eq!(second.last_frame_of("a").await.0["error"]["code"], "SUPERSEDED");
    first.send(resume("c", 1000)).await;
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let frame = first.frame().await;
        if frame["type"] == "complete" || frame["type"] == "error" {
            ended.push((frame["id"].clone(), frame["type"].clone()));
        }
    }
    ended.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(ended, [("b".into(), "error".into()), ("c".into(), "complete".into())]);
}
