//! The server's greeting, the first frame on every connection.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::feature::Features;
use super::frame::Envelope;
use super::id::MessageId;
use super::json::{Key, member, mend, read, whole_number};

/// The largest greeting that is read, in bytes of text: 1 MiB.
pub const MAX_WELCOME_BYTES: usize = 1 << 20;

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
    /// The greeting is larger than any greeting.
    #[error("welcome of {got} bytes exceeds {limit} bytes")]
    TooLarge {
        /// Its length, in bytes of text.
        got: usize,
        /// [`MAX_WELCOME_BYTES`].
        limit: usize,
    },
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
        if text.len() > MAX_WELCOME_BYTES {
            return Err(WelcomeError::TooLarge { got: text.len(), limit: MAX_WELCOME_BYTES });
        }
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
        if !data.get().starts_with('{') {
            // A list would be read as the fields in their order.
            return Err(WelcomeError::Invalid(format!("{} is not an object", Key::Data.name())));
        }
        let data: Wire = read(data)
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
    limits: Option<Box<RawValue>>,
}

/// A string or a number, whichever a server writes; anything else counts as absent.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Other(serde::de::IgnoredAny),
}

impl Scalar {
    fn whole(&self) -> Option<u64> {
        match self {
            Self::Text(text) => whole_number(text),
            Self::Number(number) => number.as_u64(),
            Self::Other(_) => None,
        }
    }
}

impl Scalar {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Other(_) => None,
        }
    }
}

impl From<Wire> for Welcome {
    fn from(wire: Wire) -> Self {
        let whole = |key: &str| {
            let limit = member(wire.limits.as_deref()?.get(), key)?;
            read::<Scalar>(limit).ok()?.whole()
        };
        Self {
            session: wire.session.and_then(Scalar::into_text),
            version: wire.version.and_then(Scalar::into_text),
            domains: wire.domains.unwrap_or_default(),
            features: wire.features.map(|f| Features::from_names(f.iter().map(String::as_str))),
            limits: ServerLimits {
                max_chunk_bytes: whole("maxChunk"),
                max_window: whole("maxWindow"),
                max_transfers: whole("maxTransfers"),
                min_ping_interval: whole("minPingInterval").map(Duration::from_millis),
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
        assert_eq!(welcome.limits.min_ping_interval, Some(Duration::from_mins(1)));
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
