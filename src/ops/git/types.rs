//! `git.getTypes`: which object types the server can serialize.

use crate::ops::field;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks for the object types that the server can serialize.
///
/// Gives the types as the server lists them, such as `CLAS` and `TABL`. *Source*: PROTOCOL 10.
///
/// ```
/// use longhaul::ops::git::Types;
/// use longhaul::proto::Operation;
/// assert_eq!(Types.name().to_string(), "git.getTypes");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Types;

impl Operation for Types {
    type Output = Vec<String>;

    fn name(&self) -> OperationName {
        OperationName::new("git", "getTypes")
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
    ) -> Result<Vec<String>, OperationError> {
        field::required(reply, "types")
    }
}
