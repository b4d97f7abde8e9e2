//! `report.getVariants`: a report's variants.

use serde::{Deserialize, Serialize};

use crate::ops::field;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks which variants a report has.
///
/// *Shape*: params are `{"report":"RSUSR003"}`, the answer is
/// `{"report":"RSUSR003","variants":[{"name":"DAILY","protected":false}]}`. A report that does not
/// exist has none. *Errors*: [`OperationError::InvalidAnswer`]. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::Variants;
/// use longhaul::proto::Operation;
/// assert_eq!(Variants::new("rsusr003").params().to_json(), r#"{"report":"RSUSR003"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Variants {
    report: String,
}

impl Variants {
    /// Asks for the variants of `report`, whose name is turned to upper case.
    pub fn new(report: impl AsRef<str>) -> Self {
        Self { report: report.as_ref().to_uppercase() }
    }
}

/// Values for a report's selection screen, kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Variant {
    /// Its name.
    #[serde(deserialize_with = "field::read_text")]
    pub name: String,
    /// Whether only its owner may change it.
    #[serde(default, deserialize_with = "field::read_flag")]
    pub protected: bool,
}

impl Operation for Variants {
    type Output = Vec<Variant>;

    fn name(&self) -> OperationName {
        OperationName::new("report", "getVariants")
    }

    fn params(&self) -> Params {
        Params::new().with("report", &self.report)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Vec<Variant>, OperationError> {
        field::required(reply, "variants")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn names_and_protection_are_read() {
        let data = r#"{"report":"R","variants":[{"name":"DAILY","protected":false},{"name":"SAP&1","protected":"X","x":0},{"name":"Y"}]}"#;
        let variants = conclude(&Variants::new("R"), data).unwrap();
        let read: Vec<_> = variants.iter().map(|v| (v.name.as_str(), v.protected)).collect();
        assert_eq!(read, [("DAILY", false), ("SAP&1", true), ("Y", false)]);
        assert!(conclude(&Variants::new("R"), r#"{"variants":[]}"#).unwrap().is_empty());
        assert_eq!(unusable(&Variants::new("R"), r#"{"report":"R"}"#), "variants");
        assert_eq!(
            unusable(&Variants::new("R"), r#"{"variants":[{"protected":true}]}"#),
            "variants"
        );
    }
}
