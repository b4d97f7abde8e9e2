//! What names an ABAP object.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An object of the repository: its type and its name.
///
/// Written as `{"type":"CLAS","name":"ZCL_X"}`, in this order and in upper case, which is the one
/// form that today's servers read (PROTOCOL 10).
///
/// ```
/// use longhaul::ops::git::ObjectKey;
/// let key: ObjectKey = "clas:/ns/cl_x".parse().unwrap();
/// assert_eq!(key.to_string(), "CLAS /NS/CL_X");
/// assert!("ZCL_X".parse::<ObjectKey>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

impl ObjectKey {
    /// The object `name` of type `kind`; both are turned to upper case.
    pub fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.to_uppercase(), name: name.to_uppercase() }
    }

    /// The type, such as `CLAS`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name, such as `ZCL_X` or `/NS/CL_X`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// A text is not of the form `TYPE:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not of the form TYPE:NAME")]
pub struct InvalidObjectKey {
    /// The text.
    pub text: String,
}

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    /// Reads `TYPE:NAME`, such as `CLAS:ZCL_X`.
    fn from_str(text: &str) -> Result<Self, InvalidObjectKey> {
        match text.split_once(':').map(|(kind, name)| (kind.trim(), name.trim())) {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(Self::new(kind, name)),
            _ => Err(InvalidObjectKey { text: text.to_owned() }),
        }
    }
}
