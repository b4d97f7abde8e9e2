//! Connections that are cut at every place.

use longhaul::proto::checksum::Sha256;
use longhaul::server::Script;
use serde_json::{Value, json};

use crate::client::{Client, generated_bytes, kind, payload, serve};
use crate::operation::{KEY, SIZE, kept};

/// What a client has of the operation.
#[derive(Default)]
struct Held {
    epoch: Option<Value>,
    bytes: Vec<u8>,
    chunks: u64,
    is_complete: bool,
}

impl Held {
    /// The request that gets the rest.
    fn request(&self) -> Value {
        let Some(epoch) = &self.epoch else { return kept("a") };
        json!({
            "id": "b", "domain": "stream", "action": "resume", "stream": true,
            "params": {
                "operation": KEY, "epoch": epoch, "nextSeq": self.chunks + 1,
                "offset": self.bytes.len(), "sha256": Sha256::of(&self.bytes).to_string(),
            },
            "features": ["checksum", "resume"],
        })
    }

    fn take(&mut self, frame: &Value) {
        match kind(frame) {
            "accepted" => self.epoch = Some(frame["epoch"].clone()),
            "chunk" => {
                self.chunks += 1;
                assert_eq!(frame["seq"], self.chunks);
                self.bytes.extend(payload(std::slice::from_ref(frame)));
            }
            "complete" => {
                assert_eq!(frame["sha256"], Sha256::of(&self.bytes).to_string());
                self.is_complete = true;
            }
            _ => panic!("{frame}"),
        }
    }
}

#[tokio::test]
async fn the_payload_comes_whole_wherever_connections_are_cut() {
    let (mut place, mut cuts) = (0, 0);
    loop {
        // Twice in a row, at different places.
        let script = Script::new().cut_connection_after(place).cut_connection_after(place / 2);
        let (server, _folder) = serve(|builder| builder.script(script)).await;
        let (mut held, mut connections) = (Held::default(), 0);
        while !held.is_complete {
            connections += 1;
            let Some(mut client) = Client::try_connect(&server).await else { continue };
            client.send(held.request().to_string()).await;
            while !held.is_complete
                && let Some(frame) = client.try_frame().await
            {
                held.take(&frame);
            }
        }
        assert_eq!(held.bytes, generated_bytes(SIZE));
        assert!(connections <= 3);
        if connections == 1 {
            break;
        }
        cuts += 1;
        place += 17;
    }
    assert!(cuts > 50, "only {cuts} places");
}
