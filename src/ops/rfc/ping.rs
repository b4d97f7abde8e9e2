//! `rfc.ping`: is the service behind the domain awake?

use crate::ops::system::Pong;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks the domain's own service for a sign of life.
///
/// *Shape*: no params; the answer is `{"pong":true,"timestamp":"20261120120000"}`. The time is
/// that of [`system::Ping`](crate::ops::system::Ping) without the `T`, and is handed on as it
/// comes. *Errors*: [`OperationError::InvalidAnswer`]. *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::rfc::Ping;
/// use longhaul::proto::Operation;
/// assert_eq!(Ping.name().to_string(), "rfc.ping");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Ping;

impl Operation for Ping {
    type Output = Pong;

    fn name(&self) -> OperationName {
        OperationName::new("rfc", "ping")
    }

    fn params(&self) -> Params {
        Params::new()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        limits: &Limits,
    ) -> Result<Pong, OperationError> {
        crate::ops::system::Ping.conclude(reply, payload, limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn the_time_is_handed_on() {
        let pong = conclude(&Ping, r#"{"pong":true,"timestamp":"20261120120000"}"#).unwrap();
        assert_eq!(pong.timestamp.as_deref(), Some("20261120120000"));
        assert_eq!(unusable(&Ping, r#"{"pong":false}"#), "pong");
    }
}
