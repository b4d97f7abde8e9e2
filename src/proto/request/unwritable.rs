//! Why a request is not written.

use std::fmt;

use serde_json::value::RawValue;

/// A server without features would misread this request, so it is not sent.
///
/// Nothing that such a server takes can say the same; the request has to be made otherwise, by
/// another name or value, or of a server that names `features` in its welcome. `at` is where the
/// trouble stands, such as `params.packages[1]`. *Source*: PROTOCOL 2.3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unwritable {
    /// A string, a key or a name holds a character that ends something for the server: `{`, `}`,
    /// `]`, `"`, `\` or a control character.
    #[error("{at} holds {character:?}, which a server without features misreads")]
    Character {
        /// Where.
        at: String,
        /// The first such character.
        character: char,
    },
    /// A string is empty where the server would skip it, and take what follows for it.
    #[error("{at} is empty, which a server without features misreads")]
    Empty {
        /// Where.
        at: String,
    },
    /// A value has a form that the server does not look for.
    #[error("{at} is {found}, where a server without features reads {expected} only")]
    Form {
        /// Where.
        at: String,
        /// What it is.
        found: Form,
        /// What it might be.
        expected: &'static str,
    },
    /// The server would find this key, or name, where it looks for another of the same text.
    #[error("{at} stands where a server without features takes it for another key")]
    Mistakable {
        /// Where.
        at: String,
    },
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Form {
    pub(super) fn of(value: &RawValue) -> Self {
        match value.get().bytes().next() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'"') => Self::String,
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            _ => Self::Number,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}
