//! The server's greeting, the first frame on every connection.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::feature::Features;
use super::frame::Envelope;
use super::id::MessageId;
use super::json::{Key, mend, whole_number};

/// What a server says of itself. *Source*: PROTOCOL 1.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Welcome {
    /// The server's name for the session.
    pub session: Option<String>,
    /// The version of the server's handler.
    pub version: Option<String>,
    /// The domains it lists; `system` works on all servers and is often not listed.
    pub domains: Vec<String>,
    /// What it can do beyond the base protocol; `None` if it does not say, which today's servers
    /// do not. Names this version does not know are left out.
    pub features: Option<Features>,
    /// What it asks its clients to keep to.
    pub limits: ServerLimits,
}

/// What a server asks its clients to keep to; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The largest chunk it sends, in decoded bytes (`maxChunk`).
    pub max_chunk_bytes: Option<u64>,
    /// The largest window it grants, in chunks (`maxWindow`).
    pub max_window: Option<u64>,
    /// How many transfers it runs at once on one connection (`maxTransfers`).
    pub max_transfers: Option<u64>,
    /// How far apart pings must be (`minPingInterval`, milliseconds).
    pub min_ping_interval: Option<Duration>,
}

/// The first message is not a welcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WelcomeError {
    /// The message is no frame, or has another id.
    #[error("first message is not a welcome")]
    NotWelcome,
    /// The server greets with `success` false.
    #[error("server refused the session")]
    Refused(#[source] super::reply::ServerError),
    /// The greeting's data is not what a greeting has.
    #[error("welcome is not readable: {0}")]
    Invalid(String),
}

impl Welcome {
    /// Reads the greeting.
    ///
    /// ```
    /// use longhaul::proto::Welcome;
    /// let text = r#"{"id":"welcome","success":true,"data":{"version":"2.3.0","domains":["git"]}}"#;
    /// let welcome = Welcome::read(text).unwrap();
    /// assert_eq!(welcome.domains, ["git"]);
    /// assert_eq!(welcome.features, None);
    /// ```
    ///
    /// # Errors
    /// [`WelcomeError`] if this is something else, or the server refuses.
    pub fn read(text: &str) -> Result<Self, WelcomeError> {
        let mended = mend(text);
        let text = mended.as_deref().unwrap_or(text);
        let mut unused = String::new();
        let frame = Envelope::parse(text, &mut unused).map_err(|_| WelcomeError::NotWelcome)?;
        if frame.id() != MessageId::RESERVED[0] {
            return Err(WelcomeError::NotWelcome);
        }
        let answer = match frame.body(super::request::Mode::Single) {
            Ok(super::frame::Body::Answer(answer)) => answer,
            Ok(_) => return Err(WelcomeError::NotWelcome),
            Err(error) => return Err(WelcomeError::Invalid(error.to_string())),
        };
        let Some(data) = answer.outcome.map_err(WelcomeError::Refused)? else {
            return Ok(Self::default());
        };
        let data: Wire = serde_json::from_str(data.get())
            .map_err(|error| WelcomeError::Invalid(format!("{}: {error}", Key::Data.name())))?;
        Ok(data.into())
    }
}

#[derive(Deserialize)]
struct Wire {
    session: Option<Scalar>,
    version: Option<Scalar>,
    domains: Option<Vec<String>>,
    features: Option<Vec<String>>,
    limits: Option<WireLimits>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLimits {
    max_chunk: Option<Scalar>,
    max_window: Option<Scalar>,
    max_transfers: Option<Scalar>,
    min_ping_interval: Option<Scalar>,
}

/// A string or a number, whichever a server writes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
}

impl Scalar {
    fn whole(&self) -> Option<u64> {
        match self {
            Self::Text(text) => whole_number(text),
            Self::Number(number) => number.as_u64(),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl From<Wire> for Welcome {
    fn from(wire: Wire) -> Self {
        let limits = wire.limits.unwrap_or_default();
        let whole = |limit: Option<Scalar>| limit.as_ref().and_then(Scalar::whole);
        Self {
            session: wire.session.map(|s| s.to_string()),
            version: wire.version.map(|s| s.to_string()),
            domains: wire.domains.unwrap_or_default(),
            features: wire.features.map(|f| Features::from_names(f.iter().map(String::as_str))),
            limits: ServerLimits {
                max_chunk_bytes: whole(limits.max_chunk),
                max_window: whole(limits.max_window),
                max_transfers: whole(limits.max_transfers),
                min_ping_interval: whole(limits.min_ping_interval).map(Duration::from_millis),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Feature;

    #[test]
    fn an_empty_list_of_features_is_not_the_same_as_none() {
        let with = |features: &str| {
            let text = format!(r#"{{"id":"welcome","success":true,"data":{{{features}}}}}"#);
            Welcome::read(&text).unwrap().features
        };
        assert_eq!(with(""), None);
        assert_eq!(with(r#""features":[]"#), Some(Features::NONE));
        let some = with(r#""features":["stream","checksum","x"]"#).unwrap();
        assert!(some.contains(Feature::Stream) && some.contains(Feature::Checksum));
    }

    #[test]
    fn limits_are_read() {
        let text = r#"{"id":"welcome","success":true,"data":{"session":5,"limits":{"maxTransfers":3,"minPingInterval":60000}}}"#;
        let welcome = Welcome::read(text).unwrap();
        assert_eq!(welcome.session.as_deref(), Some("5"));
        assert_eq!(welcome.limits.max_transfers, Some(3));
        assert_eq!(welcome.limits.min_ping_interval, Some(Duration::from_secs(60)));
    }

    #[test]
    fn anything_else_is_no_welcome() {
        for text in [
            "",
            "hello",
            r#"{"id":"git_1","success":true}"#,
            r#"{"id":"welcome","type":"chunk","seq":1,"data":""}"#,
        ] {
            assert_eq!(Welcome::read(text), Err(WelcomeError::NotWelcome), "{text}");
        }
        let refused =
            r#"{"id":"welcome","success":false,"error":{"code":"BUSY","message":"full"}}"#;
        assert!(matches!(Welcome::read(refused), Err(WelcomeError::Refused(e)) if e.is_busy()));
    }
}
