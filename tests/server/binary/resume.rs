//! Binary chunks of operations that outlive their connection.

use serde_json::{Value, json};

use super::{Chunk, Seen, alias, joined, numbers, see, stream};
use crate::client::{Client, generated_bytes, kind, serve};
use crate::operation::{SIZE, epoch, kept, resume};

fn with_binary(mut request: Value) -> Value {
    request["features"].as_array_mut().unwrap().push(json!("binary"));
    request
}

/// The chunks are those behind the first `chunks`, under the alias that was given.
#[track_caller]
fn assert_rest((frames, rest): &(Vec<Value>, Vec<Chunk>), chunks: u64) -> u32 {
    let alias = alias(&frames[0]);
    assert!(rest.iter().all(|chunk| chunk.alias == alias && chunk.offset == (chunk.seq - 1) * 3));
    for chunk in rest {
        chunk.assert_fits(true);
    }
    assert_eq!(numbers(rest), (chunks + 1..=7).collect::<Vec<_>>());
    let start = usize::try_from((chunks * 3).min(SIZE)).unwrap();
    assert_eq!(joined(rest), generated_bytes(SIZE)[start..]);
    assert_eq!(kind(frames.last().unwrap()), "complete");
    assert_eq!(frames.last().unwrap()["totalChunks"], 7);
    alias
}

#[tokio::test]
async fn an_accepted_operation_has_epoch_and_alias() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(with_binary(kept("a")).to_string()).await;
    let seen = stream(&mut client).await;
    let accepted = &seen.0[0];
    assert_eq!((&accepted["ttl"], &accepted["chunkSize"]), (&json!(600_000), &json!(3)));
    epoch(accepted);
    assert_eq!(assert_rest(&seen, 0), 1);
}

#[tokio::test]
async fn a_resume_has_an_alias_of_its_own() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut first = Client::connect(&server).await;
    let mut withheld = with_binary(kept("a"));
    withheld["window"] = json!(2);
    first.send(withheld.to_string()).await;
    let Seen::Text(accepted) = see(&mut first).await else { panic!("no text") };
    let epoch = epoch(&accepted);
    for _ in 0..2 {
        assert!(matches!(see(&mut first).await, Seen::Binary(_)));
    }
    first.close().await;
    let mut second = Client::connect(&server).await;
    // An alias of this connection is used up first.
    second.send(super::binary("x", 3, &[]).to_string()).await;
    assert_eq!(alias(&stream(&mut second).await.0[0]), 1);
    second.send(with_binary(resume("b", &epoch, 2)).to_string()).await;
    assert_eq!(assert_rest(&stream(&mut second).await, 2), 2);
    // And again on the same connection, with the complete frame alone.
    second.send(with_binary(resume("c", &epoch, 7)).to_string()).await;
    assert_eq!(assert_rest(&stream(&mut second).await, 7), 3);
}

#[tokio::test]
async fn the_form_may_change_with_a_resume() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(with_binary(kept("a")).to_string()).await;
    let (frames, _) = stream(&mut client).await;
    let epoch = epoch(&frames[0]);
    client.send(resume("b", &epoch, 2).to_string()).await;
    let frames = client.frames().await;
    assert_eq!(frames[0].get("alias"), None);
    crate::operation::assert_whole(&frames, 2);
    client.send(with_binary(resume("c", &epoch, 2)).to_string()).await;
    assert_rest(&stream(&mut client).await, 2);
}

#[tokio::test]
async fn whoever_attaches_by_the_key_has_an_alias_too() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    for expected in [1, 2] {
        client.send(with_binary(kept(&format!("a_{expected}"))).to_string()).await;
        assert_eq!(assert_rest(&stream(&mut client).await, 0), expected);
    }
}
