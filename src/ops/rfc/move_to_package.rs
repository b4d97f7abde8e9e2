//! `rfc.moveToPackage`: an object into another package.

use serde::Serialize;

use crate::ops::field::{self, Flag};
use crate::ops::git::ObjectKey;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Moves an object into another package.
///
/// *Shape*: params are `{"pgmid":"R3TR","object":"CLAS","obj_name":"ZCL_X","new_package":"$ZRAY"}`,
/// the answer is `{"success":true,"message":"…", …}` with the params repeated.
///
/// *Errors*: [`MoveError`] inside [`OperationError::Unsuccessful`] if `success` is false, which is
/// also how a server says that the object is in that package already; its `message` tells. The
/// server's own codes are `MOVE_ERROR` and `NOT_AVAILABLE`. Never repeated by itself.
/// *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::git::ObjectKey;
/// use longhaul::ops::rfc::MoveToPackage;
/// use longhaul::proto::Operation;
/// let moving = MoveToPackage::new(ObjectKey::new("clas", "zcl_x"), "$zray");
/// assert_eq!(
///     moving.params().to_json(),
///     r#"{"pgmid":"R3TR","object":"CLAS","obj_name":"ZCL_X","new_package":"$ZRAY"}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct MoveToPackage {
    object: ObjectKey,
    package: String,
}

impl MoveToPackage {
    /// Moves `object` into `package`, whose name is turned to upper case.
    pub fn new(object: ObjectKey, package: impl AsRef<str>) -> Self {
        Self { object, package: package.as_ref().to_uppercase() }
    }
}

/// An object was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Moved {
    /// The server's text, such as `SUCCESS: Old: $TMP -> New: $ZRAY [COMMITTED]`.
    pub message: String,
}

/// An object was not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object} was not moved to {package}: {message}")]
#[non_exhaustive]
pub struct MoveError {
    /// The object.
    pub object: ObjectKey,
    /// Where it should have gone.
    pub package: String,
    /// The server's text; empty where it gave none.
    pub message: String,
}

impl Operation for MoveToPackage {
    type Output = Moved;

    fn name(&self) -> OperationName {
        OperationName::new("rfc", "moveToPackage")
    }

    fn params(&self) -> Params {
        Params::new()
            .with("pgmid", "R3TR")
            .with("object", self.object.kind())
            .with("obj_name", self.object.name())
            .with("new_package", &self.package)
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Moved, OperationError> {
        let Flag(success) = field::required(reply, "success")?;
        let message = field::text(reply, "message")?;
        if success {
            return Ok(Moved { message });
        }
        let (object, package) = (self.object.clone(), self.package.clone());
        Err(OperationError::unsuccessful(MoveError { object, package, message }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, failure, unusable};

    fn moving() -> MoveToPackage {
        MoveToPackage::new(ObjectKey::new("CLAS", "ZCL_X"), "$ZRAY")
    }

    #[test]
    fn success_is_what_data_says() {
        let data = r#"{"success":true,"pgmid":"R3TR","object":"CLAS","obj_name":"ZCL_X","new_package":"$ZRAY","message":"SUCCESS: Old: $TMP -> New: $ZRAY [COMMITTED]"}"#;
        assert!(conclude(&moving(), data).unwrap().message.ends_with("[COMMITTED]"));
        let data = r#"{"success":false,"message":"ERROR: Object ZCL_X not found in TADIR"}"#;
        let error: MoveError = failure(&moving(), data);
        assert_eq!(error.message, "ERROR: Object ZCL_X not found in TADIR");
        assert_eq!(
            (error.object, error.package.as_str()),
            (ObjectKey::new("CLAS", "ZCL_X"), "$ZRAY")
        );
    }

    #[test]
    fn an_answer_that_does_not_say_is_none() {
        assert_eq!(unusable(&moving(), r#"{"message":"SUCCESS"}"#), "success");
        assert!(!moving().is_repeatable());
    }
}
