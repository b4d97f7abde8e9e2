//! Exports that go right.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longhaul::proto::checksum::{Crc32, Sha256};
use longhaul::server::{Profile, Script, Server};
use serde_json::{Value, json};

use crate::client::{
    Client, assert_demo, decoded, export, folder, kind, of_kind, payload, request, seqs, serve,
    soon, unzip,
};

#[tokio::test]
async fn a_single_answer_holds_the_archive() {
    for profile in [Profile::Full, Profile::Seed] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut client = Client::connect(&server).await;
        let answer = client.ask("git_1", "git", "export", json!({"packages": ["$DEMO"]})).await;
        let data = &answer["data"];
        assert_eq!((&data["objectCount"], &data["fileCount"]), (&json!(3), &json!(4)));
        assert_eq!(data["files"][0], json!({"path": "src/$demo/zcl_a.clas.abap", "size": 34}));
        assert!(data.get("skipped").is_none());
        assert_demo(&STANDARD.decode(data["zipBase64"].as_str().unwrap()).unwrap());

        let alone = json!({"packages": ["$DEMO"], "includeSubpackages": false});
        let answer = client.ask("git_2", "git", "export", alone).await;
        assert_eq!(answer["data"]["objectCount"], 2);
        let object = json!({"objects": [{"type": "PROG", "name": "ZC"}]});
        let answer = client.ask("git_3", "git", "export", object).await;
        assert_eq!(answer["data"]["files"][0]["path"], "src/$demo_sub/zc.prog.abap");
    }
}

#[tokio::test]
async fn a_stream_holds_the_archive_whatever_the_chunk_size() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut archives = Vec::new();
    for chunk_size in [0, 1, 7, 100, 1 << 20, u64::MAX] {
        client.send(export("git_1", chunk_size)).await;
        let frames = client.frames().await;
        let complete = frames.last().unwrap();
        let bytes = payload(&frames);
        assert_demo(&bytes);
        let chunks = of_kind(&frames, "chunk");
        assert_eq!(seqs(&frames), (1..=chunks.len() as u64).collect::<Vec<_>>());
        let mut offset = 0;
        for chunk in &chunks {
            let bytes = decoded(chunk);
            assert_eq!(chunk["offset"], offset);
            assert_eq!(chunk["crc32"], Crc32::of(&bytes).to_string());
            assert!(bytes.len() as u64 <= chunk_size.max(1));
            offset += bytes.len();
        }
        assert_eq!(kind(complete), "complete");
        assert_eq!(
            (&complete["success"], &complete["totalChunks"]),
            (&json!(true), &json!(chunks.len()))
        );
        assert_eq!(complete["size"], bytes.len());
        assert_eq!(complete["sha256"], Sha256::of(&bytes).to_string());
        let data = &complete["data"];
        assert_eq!((&data["objectCount"], &data["fileCount"]), (&json!(3), &json!(4)));
        assert_eq!(data["files"].as_array().unwrap().len(), 4);
        assert_eq!(data["skipped"], json!([]));
        archives.push(bytes);
    }
    archives.dedup();
    assert_eq!(archives.len(), 1, "the same files give the same bytes");
}

#[tokio::test]
async fn every_object_has_its_progress() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(export("git_1", 10)).await;
    let frames = client.frames().await;
    let progress: Vec<_> = of_kind(&frames, "progress")
        .iter()
        .map(|frame| (frame["done"].as_u64(), frame["total"].as_u64(), frame["message"].as_str()))
        .collect();
    // What is being worked on next; nothing is left once all are done.
    let expected = ["CLAS ZCL_A", "PROG ZB", "PROG ZC", ""];
    let expected: Vec<_> =
        (0..).zip(expected).map(|(done, label)| (Some(done), Some(3), Some(label))).collect();
    assert_eq!(progress, expected);
}

#[tokio::test]
async fn checksums_come_only_where_they_were_asked_for() {
    for (profile, text) in [
        (Profile::Full, export("a", 100).replace("checksum", "unheard-of")),
        (Profile::Seed, export("a", 100)),
    ] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut client = Client::connect(&server).await;
        client.send(text).await;
        let frames = client.frames().await;
        assert!(of_kind(&frames, "chunk").iter().all(|chunk| chunk.get("crc32").is_none()));
        assert!(frames.last().unwrap().get("sha256").is_none());
        assert_demo(&payload(&frames));
    }
}

#[tokio::test]
async fn the_seed_sends_slices_of_its_own_and_answers_again() {
    let big = vec![7; 12_000_000];
    let script = Script::new().payload(big.clone());
    let (server, _folder) = serve(|builder| builder.profile(Profile::Seed).script(script)).await;
    let mut client = Client::connect(&server).await;
    let params = json!({"packages": ["$DEMO"], "stream": true, "chunkSize": "1000"});
    client.send(request("git_1", "git", "export", params.clone())).await;
    let frames = client.frames().await;
    let sizes: Vec<_> =
        of_kind(&frames, "chunk").iter().map(|chunk| decoded(chunk).len()).collect();
    assert_eq!(sizes, [5_000_000, 5_000_000, 2_000_000]);
    let pong = client.ask("p", "system", "ping", json!({})).await;
    assert_eq!(pong["id"], "p", "a large payload is not sent again");

    let (server, _folder) = serve(|builder| builder.profile(Profile::Seed)).await;
    let mut client = Client::connect(&server).await;
    client.send(request("git_1", "git", "export", params)).await;
    let frames = client.frames().await;
    assert!(frames.last().unwrap()["data"].get("skipped").is_none());
    let again = client.frame().await;
    assert_eq!(again["id"], "git_1");
    let bytes = STANDARD.decode(again["data"]["zipBase64"].as_str().unwrap()).unwrap();
    assert!(bytes == payload(&frames));
}

#[tokio::test]
async fn what_is_left_out_is_reported() {
    for (profile, warnings) in [(Profile::Full, 2), (Profile::Seed, 0)] {
        let (server, folder) = serve(|builder| builder.profile(profile)).await;
        std::fs::remove_file(folder.path().join("zcl_a.clas.xml")).unwrap();
        let mut client = Client::connect(&server).await;
        let params = json!({
            "packages": ["$DEMO"],
            "objects": [{"type": "PROG", "name": "ZMISSING"}],
        });
        let text = json!({"id": "a", "domain": "git", "action": "export", "params": params, "stream": true});
        client.send(text.to_string()).await;
        let frames = client.frames().await;
        assert_eq!(of_kind(&frames, "warning").len(), warnings);
        let data = &frames.last().unwrap()["data"];
        assert_eq!((&data["objectCount"], &data["fileCount"]), (&json!(4), &json!(2)));
        assert_eq!(unzip(&payload(&frames)).len(), 2);
        if profile == Profile::Full {
            let warning = of_kind(&frames, "warning")[0];
            assert_eq!(warning["item"], "CLAS ZCL_A");
            let left_out = |entry: &Value| (entry["type"].clone(), entry["name"].clone());
            let skipped: Vec<_> =
                data["skipped"].as_array().unwrap().iter().map(left_out).collect();
            let expected = [(json!("CLAS"), json!("ZCL_A")), (json!("PROG"), json!("ZMISSING"))];
            assert_eq!(skipped, expected);
            assert!(!data.to_string().contains(folder.path().to_str().unwrap()));
        } else {
            assert_eq!(client.frame().await["id"], "a", "the seed answers again");
        }
        let answer = client.ask("b", "git", "export", params).await;
        assert_eq!(answer["data"].get("skipped").is_some(), profile == Profile::Full);
    }
}

#[tokio::test]
async fn a_namespace_has_its_slashes() {
    let folder = folder(&[("#ns#cl_x.clas.abap", b"x")]);
    let builder = Server::builder().package("/NS/P", folder.path());
    let server = soon(builder.bind("127.0.0.1:0")).await.unwrap();
    let mut client = Client::connect(&server).await;
    let object = json!({"objects": [{"type": "CLAS", "name": "/NS/CL_X"}]});
    let answer = client.ask("a", "git", "export", object).await;
    assert_eq!(answer["data"]["files"][0]["path"], "src//ns/p/#ns#cl_x.clas.abap");
}

#[tokio::test]
async fn long_lists_of_files_stay_out_of_complete() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..=10_000 {
        std::fs::write(folder.path().join(format!("z{number}.prog.abap")), "").unwrap();
    }
    let builder = Server::builder().package("$DEMO", folder.path());
    let server = soon(builder.bind("127.0.0.1:0")).await.unwrap();
    let mut client = Client::connect(&server).await;
    client.send(export("a", 10 << 20)).await;
    let frames = client.frames().await;
    let data = &frames.last().unwrap()["data"];
    assert_eq!(data["fileCount"], 10_001);
    assert!(data.get("files").is_none());
}

#[tokio::test]
async fn a_ping_is_answered_during_an_export() {
    let delay = Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let mut client = Client::connect(&server).await;
    client.send(export("git_1", 10)).await;
    assert_eq!(kind(&client.frame().await), "progress");
    let pong = client.ask("p", "system", "ping", json!({})).await;
    assert_eq!((&pong["id"], &pong["success"]), (&json!("p"), &json!(true)));
}

#[tokio::test]
async fn the_seed_takes_one_request_after_the_other() {
    let delay = Duration::from_millis(20);
    let (server, _folder) =
        serve(|builder| builder.profile(Profile::Seed).object_delay(delay)).await;
    let mut client = Client::connect(&server).await;
    client.send(export("git_1", 10)).await;
    client.send(request("p", "system", "ping", json!({}))).await;
    let frames = client.frames().await;
    assert!(frames.iter().all(|frame| frame["id"] == "git_1"));
    assert_eq!(client.frame().await["id"], "git_1", "the seed answers again");
    assert_eq!(client.frame().await["id"], "p");
}

#[tokio::test]
async fn exports_are_interleaved_chunk_by_chunk() {
    // Long enough that one cannot be through before the other has begun.
    let script = Script::new().payload(vec![1; 2_000_000]);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    client.send(export("a", 1_000)).await;
    client.send(export("b", 1_000)).await;
    let mut ids = Vec::new();
    let mut ended = 0;
    while ended < 2 {
        let frame = client.frame().await;
        match kind(&frame) {
            "chunk" => ids.push(frame["id"].clone()),
            "complete" => ended += 1,
            _ => {}
        }
    }
    assert_eq!(ids.len(), 4_000);
    let changes = ids.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes > 100, "only {changes} changes between the two");
}
