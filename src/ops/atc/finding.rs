//! What a check found.

use std::fmt;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use crate::ops::field::Whole;
use crate::ops::git::ObjectKey;

/// One thing that a check found.
///
/// *Shape*: `{"object":{"type","name"},"file","line","priority","check","message"}`; unknown keys
/// are ignored. *Source*: PROTOCOL 10.5.
///
/// ```
/// use longhaul::ops::atc::{Finding, Priority};
/// let json = r#"{"object":{"type":"PROG","name":"ZRAY"},"line":7,"priority":1}"#;
/// let finding: Finding = serde_json::from_str(json)?;
/// assert_eq!(finding.to_string(), "PROG ZRAY:7: priority 1");
/// assert_eq!(finding.priority, Priority::Error);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The object it is in.
    #[serde(deserialize_with = "read_object")]
    pub object: ObjectKey,
    /// The file it is in, such as `zcl_x.clas.testclasses.abap`; `None` where the server does not
    /// say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line it is in, counted from 1; `None` where it is the whole object.
    #[serde(default, deserialize_with = "read_line", skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// How bad it is.
    pub priority: Priority,
    /// The check that found it, in the server's words; may be empty.
    #[serde(default)]
    pub check: String,
    /// What it found, in the server's words, not cleaned for a terminal; may be empty.
    #[serde(default)]
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}")?,
            None => write!(f, "{}", self.object)?,
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": priority {}", self.priority)?;
        for text in [&self.check, &self.message] {
            if !text.is_empty() {
                write!(f, ": {text}")?;
            }
        }
        Ok(())
    }
}

/// How bad a finding is: 1, 2 or 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "Whole")]
pub enum Priority {
    /// 1: to be mended before it goes further.
    Error,
    /// 2: to be looked at.
    Warning,
    /// 3: good to know.
    Information,
}

/// A number is no priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("priority should be 1, 2 or 3 and is {got}")]
pub struct InvalidPriority {
    /// The number.
    pub got: u64,
}

impl Priority {
    /// Its number: 1, 2 or 3.
    pub fn number(self) -> u8 {
        match self {
            Self::Error => 1,
            Self::Warning => 2,
            Self::Information => 3,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.number()
    }
}

impl TryFrom<u64> for Priority {
    type Error = InvalidPriority;

    fn try_from(number: u64) -> Result<Self, InvalidPriority> {
        match number {
            1 => Ok(Self::Error),
            2 => Ok(Self::Warning),
            3 => Ok(Self::Information),
            got => Err(InvalidPriority { got }),
        }
    }
}

impl TryFrom<Whole> for Priority {
    type Error = InvalidPriority;

    fn try_from(Whole(number): Whole) -> Result<Self, InvalidPriority> {
        Self::try_from(number)
    }
}

fn read_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectKey, D::Error> {
    #[derive(Deserialize)]
    struct Key {
        #[serde(rename = "type", default)]
        kind: String,
        name: String,
    }
    let Key { kind, name } = Key::deserialize(deserializer)?;
    Ok(ObjectKey::new(&kind, &name))
}

/// Lines are counted from 1, so 0 is none.
fn read_line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let line = Option::<Whole>::deserialize(deserializer)?;
    Ok(line.map(|Whole(line)| line).filter(|line| *line > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Finding, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_finding_comes_back_as_it_was_written() {
        let json = r#"{"object":{"type":"CLAS","name":"ZCL_X"},"file":"zcl_x.clas.abap","line":12,"priority":2,"check":"select_star","message":"SELECT * reads all columns"}"#;
        let finding = read(json).unwrap();
        assert_eq!(finding.object, ObjectKey::new("CLAS", "ZCL_X"));
        assert_eq!((finding.line, finding.priority), (Some(12), Priority::Warning));
        assert_eq!(serde_json::to_string(&finding).unwrap(), json);
        assert_eq!(
            finding.to_string(),
            "zcl_x.clas.abap:12: priority 2: select_star: SELECT * reads all columns"
        );
    }

    #[test]
    fn only_object_and_priority_must_be_there() {
        let finding = read(r#"{"object":{"name":"zray"},"priority":"3","quickfix":[]}"#).unwrap();
        assert_eq!((finding.object.kind(), finding.object.name()), ("", "ZRAY"));
        assert_eq!(finding.priority.number(), 3);
        assert_eq!((&finding.file, finding.line), (&None, None));
        assert!(finding.check.is_empty() && finding.message.is_empty());
        let null = r#"{"object":{"type":"PROG","name":"Z"},"file":null,"line":null,"priority":1}"#;
        assert_eq!(read(null).unwrap().line, None);
        let zero = r#"{"object":{"type":"PROG","name":"Z"},"line":0,"priority":1}"#;
        assert_eq!(read(zero).unwrap().line, None);
    }

    #[test]
    fn what_is_no_finding_is_refused() {
        for json in [
            "{}",
            r#"{"priority":1}"#,
            r#"{"object":{"type":"PROG","name":"Z"}}"#,
            r#"{"object":{"type":"PROG","name":"Z"},"priority":0}"#,
            r#"{"object":{"type":"PROG","name":"Z"},"priority":4}"#,
            r#"{"object":{"type":"PROG","name":"Z"},"priority":1,"line":-1}"#,
            r#"{"object":"PROG Z","priority":1}"#,
            "[]",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
