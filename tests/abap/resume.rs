//! Cuts, and sessions that end in a serializer: the operation goes on where it was.

use futures::StreamExt as _;
use longhaul::ops::git::Export;
use longhaul::{Client, Event};

use crate::host::{Host, PACKAGE, objects, url};
use crate::raw::Raw;
use crate::support::cutter::{Cut, Cutter};
use crate::support::{assert_holds, chain, chunks_of, deadline};

#[tokio::test]
async fn a_cut_anywhere_costs_nothing() {
    let folder = objects(40);
    // Chunks leave while objects are still serialized, and each is a slice of its own.
    let Some(host) = Host::of_folder(folder.path(), &["--set", "slice_ms=1"]) else { return };
    let export = || Export::packages([PACKAGE]);
    let direct = host.connect().await;
    let whole = deadline(direct.start_with(export(), chunks_of(3_000))).await.unwrap();
    let whole = deadline(whole.collect()).await.unwrap();
    let mut resumes = 0;
    for cuts in [
        vec![Cut::FramesDown(2)],
        vec![Cut::FramesDown(5)],
        vec![Cut::FramesDown(20)],
        vec![Cut::BytesDown(30_000)],
        vec![Cut::BytesDown(44_444), Cut::FramesDown(3), Cut::BytesDown(20_000)],
        vec![Cut::FramesUp(3)],
    ] {
        let cutter = Cutter::new(host.address).await;
        cutter.cut_next(cuts.iter().copied());
        let client = deadline(Client::builder(url(cutter.address)).connect()).await.unwrap();
        let options = chunks_of(3_000).window(4);
        let transfer = deadline(client.start_with(export(), options)).await.unwrap();
        let collected = deadline(transfer.collect()).await;
        let collected = collected.unwrap_or_else(|error| panic!("{cuts:?}: {}", chain(&error)));
        assert!(cutter.cuts() > 0, "{cuts:?}: no cut");
        assert_holds(collected.payload.as_ref(), PACKAGE, folder.path());
        assert_eq!(collected.receipt.sha256, whole.receipt.sha256, "{cuts:?}");
        let stats = client.stats();
        assert_eq!(stats.repeated_chunks + stats.unchecked_repeats, 0, "{cuts:?}");
        resumes += stats.resumes;
        deadline(client.close()).await;
    }
    assert!(resumes >= 5, "{resumes} resumes");
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
async fn an_object_that_ends_the_session_is_left_out_by_the_next_one() {
    let folder = objects(30);
    let fatal = ["--fatal", "CLAS ZCL_0007", "--fatal", "CLAS ZCL_0008"];
    let Some(host) = Host::of_folder(folder.path(), &fatal) else { return };
    let client = host.connect().await;
    let transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let collected = deadline(transfer.collect()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
    assert_eq!(collected.output.objects, 29);
    let skipped: Vec<_> = collected.output.skipped.iter().map(|s| (&*s.name, &*s.reason)).collect();
    let reason = "it ended the session that worked on it";
    assert_eq!(skipped, [("ZCL_0007", reason), ("ZCL_0008", reason)]);
    assert_eq!(client.stats().reconnects, 2);
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
