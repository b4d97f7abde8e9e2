//! `rfc.getMetadata`: the parameters of a function module.

use serde::{Deserialize, Deserializer, Serialize};

use crate::ops::field;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks what parameters a function module has.
///
/// *Shape*: params are `{"function":"RFC_PING"}`, the answer is `{"function":"RFC_PING",
/// "parameters":[{"name","kind","type","optional"}]}`. Exceptions are not listed.
/// *Errors*: [`OperationError::InvalidAnswer`]; the server's own code is `FUNC_NOT_FOUND`.
/// *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::rfc::Metadata;
/// use longhaul::proto::Operation;
/// assert_eq!(Metadata::new("rfc_ping").params().to_json(), r#"{"function":"RFC_PING"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Metadata {
    function: String,
}

impl Metadata {
    /// Asks for the parameters of `function`, whose name is turned to upper case.
    pub fn new(function: impl AsRef<str>) -> Self {
        Self { function: function.as_ref().to_uppercase() }
    }
}

/// A function module and its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Signature {
    /// The function module; empty where the server does not repeat it.
    pub function: String,
    /// Its parameters: importing, exporting, changing, tables.
    pub parameters: Vec<Parameter>,
}

/// One parameter of a function module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, in upper case.
    pub name: String,
    /// Which way it goes.
    pub kind: ParameterKind,
    /// Its ABAP type, or the type of its rows; empty where the server names none.
    #[serde(default, rename = "type", deserialize_with = "field::read_text")]
    pub abap_type: String,
    /// Whether it may be left out. Servers call all but importing ones optional.
    #[serde(default, deserialize_with = "field::read_flag")]
    pub optional: bool,
}

/// Which way a parameter goes, seen from the function module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ParameterKind {
    /// It takes the value.
    Importing,
    /// It gives the value.
    Exporting,
    /// It takes the value and gives it back.
    Changing,
    /// A table, both ways.
    Tables,
    /// A kind this version does not know, as the server writes it.
    #[serde(untagged)]
    Other(String),
}

impl<'de> Deserialize<'de> for ParameterKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match name.to_lowercase().as_str() {
            "importing" => Self::Importing,
            "exporting" => Self::Exporting,
            "changing" => Self::Changing,
            "tables" => Self::Tables,
            _ => Self::Other(name),
        })
    }
}

impl Operation for Metadata {
    type Output = Signature;

    fn name(&self) -> OperationName {
        OperationName::new("rfc", "getMetadata")
    }

    fn params(&self) -> Params {
        Params::new().with("function", &self.function)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Signature, OperationError> {
        Ok(Signature {
            function: field::text(reply, "function")?,
            parameters: field::required(reply, "parameters")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn parameters_are_read() {
        let data = r#"{"function":"F","parameters":[{"name":"P","kind":"importing","type":"BAPIBNAME-BAPIBNAME","optional":false},{"name":"T","kind":"tables","type":"BAPIRET2","optional":"X"},{"name":"N","kind":"returning"}]}"#;
        let signature = conclude(&Metadata::new("f"), data).unwrap();
        let [importing, tables, other] = &signature.parameters[..] else { panic!("three") };
        assert_eq!((importing.kind.clone(), importing.optional), (ParameterKind::Importing, false));
        assert_eq!((tables.kind.clone(), tables.optional), (ParameterKind::Tables, true));
        assert_eq!(other.kind, ParameterKind::Other("returning".into()));
        assert_eq!(
            (importing.abap_type.as_str(), other.abap_type.as_str()),
            ("BAPIBNAME-BAPIBNAME", "")
        );
        let json = serde_json::to_string(other).unwrap();
        assert_eq!(json, r#"{"name":"N","kind":"returning","type":"","optional":false}"#);
    }

    #[test]
    fn a_function_without_parameters_has_a_list_of_none() {
        let data = r#"{"function":"RFC_PING","parameters":[]}"#;
        assert!(conclude(&Metadata::new("RFC_PING"), data).unwrap().parameters.is_empty());
        for data in ["{}", r#"{"parameters":null}"#, r#"{"parameters":[{"kind":"x"}]}"#] {
            assert_eq!(unusable(&Metadata::new("F"), data), "parameters", "{data}");
        }
    }
}
