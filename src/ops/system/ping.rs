//! `system.ping`: is the server's handler awake?

use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks the server's handler for a sign of life.
///
/// On servers that handle one message after the other it waits behind whatever runs.
/// *Source*: PROTOCOL 10.
///
/// ```
/// use longhaul::ops::system::Ping;
/// use longhaul::proto::Operation;
/// assert_eq!(Ping.name().to_string(), "system.ping");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Ping;

/// The server's answer to a ping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong {
    /// The server's clock, as `YYYYMMDDTHHMMSS`; `None` if it does not say.
    pub timestamp: Option<String>,
}

impl Operation for Ping {
    type Output = Pong;

    fn name(&self) -> OperationName {
        OperationName::new("system", "ping")
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
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Pong, OperationError> {
        match reply.field("pong")? {
            // It is for people, and of no consequence.
            Some(true) => Ok(Pong { timestamp: reply.field("timestamp").unwrap_or_default() }),
            _ => Err(OperationError::missing("pong")),
        }
    }
}
