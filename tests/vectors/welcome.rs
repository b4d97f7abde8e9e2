//! Cases of kind `welcome`: the first message of a connection.

use longhaul::proto::Welcome;
use longhaul::proto::welcome::WelcomeError;
use serde_json::{Value, json};

use crate::case;
use crate::errors::server;
use crate::expect_eq;

/// A client reads this in the text, or refuses it.
pub(crate) fn check(case: &case::Welcome) -> Result<(), String> {
    let got = match Welcome::read(&case.text) {
        Ok(welcome) => json!({ "welcome": fields(&welcome) }),
        Err(WelcomeError::NotWelcome) => json!({ "error": { "kind": "notWelcome" } }),
        Err(WelcomeError::Refused(error)) => json!({ "error": server("refused", &error) }),
        Err(WelcomeError::Invalid(_)) => json!({ "error": { "kind": "invalid" } }),
        Err(other) => return Err(format!("no case can state {other:?}")),
    };
    expect_eq("outcome", &got, &case.outcome)
}

fn fields(welcome: &Welcome) -> Value {
    let limits = &welcome.limits;
    json!({
        "session": welcome.session,
        "version": welcome.version,
        "domains": welcome.domains,
        "features": welcome.features.map(|features| features.names().collect::<Vec<_>>()),
        "limits": {
            "maxChunk": limits.max_chunk_bytes,
            "maxWindow": limits.max_window,
            "maxTransfers": limits.max_transfers,
            "minPingInterval": limits
                .min_ping_interval
                .map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)),
        },
    })
}
