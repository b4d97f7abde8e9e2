//! Servers of today, quirk by quirk: the reference server in the profile `deployed`, asked in raw
//! text, and the client towards it.
//!
//! `r_` is what was observed on the real handler, `c_` what its source says.

mod answers;
mod client;
mod domains;
#[path = "../server/client.rs"]
#[expect(dead_code, reason = "shared with the tests of the server")]
mod raw;
mod requests;
#[path = "../support/mod.rs"]
mod support;

use longhaul::server::{Profile, Server, ServerBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

/// A server of systems in the field with the package `$DEMO`, and its folder.
async fn serve(set_up: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Server, TempDir) {
    raw::serve(|builder| set_up(builder.profile(Profile::Deployed))).await
}

/// A raw connection to such a server.
async fn connect() -> (raw::Client, Server, TempDir) {
    let (server, folder) = serve(|builder| builder).await;
    (raw::Client::connect(&server).await, server, folder)
}

/// Sends a text and gives the answer as it stands on the wire.
async fn answer(client: &mut raw::Client, text: &str) -> String {
    client.send(text).await;
    match client.message().await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("no answer but {other:?}"),
    }
}

/// Sends a text and gives the answer, which is valid JSON.
async fn ask(client: &mut raw::Client, text: &str) -> Value {
    serde_json::from_str(&answer(client, text).await).unwrap()
}

/// What a call of `STFC_CONNECTION` with these params gives back.
async fn echo(params: &str) -> String {
    let (mut client, _server, _folder) = connect().await;
    let text =
        format!("{{\"id\":\"a\",\"domain\":\"rfc\",\"action\":\"call\",\"params\":{params}}}");
    let answer = ask(&mut client, &text).await;
    answer["data"]["exports"]["ECHOTEXT"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}
