//! Fields of an answer, read as liberally as servers write them.
//!
//! ABAP writes most values as strings: numbers with zeros or blanks before them and the sign
//! behind, flags as `X` and nothing. All of that is taken; what is something else altogether is an
//! error, never an empty value.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::proto::{OperationError, Reply};

/// A field that must be there.
///
/// # Errors
/// [`OperationError::InvalidAnswer`] if it is not, or is no `T`.
pub(super) fn required<T: DeserializeOwned>(
    reply: &Reply,
    field: &'static str,
) -> Result<T, OperationError> {
    reply.field(field)?.ok_or_else(|| OperationError::missing(field))
}

/// A text; absent, `null` and empty are the same.
pub(super) fn text(reply: &Reply, field: &'static str) -> Result<String, OperationError> {
    Ok(reply.field::<Text>(field)?.unwrap_or_default().0)
}

/// A string, or any scalar as it would stand in one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Text(pub(super) String);

/// A count.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Text")]
pub(super) struct Whole(pub(super) u64);

/// A number with a sign, which ABAP writes behind it in strings.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Text")]
pub(super) struct Integer(pub(super) i64);

/// A yes or no: a boolean, or ABAP's `X`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "Text")]
pub(super) struct Flag(pub(super) bool);

impl TryFrom<Text> for Whole {
    type Error = &'static str;

    fn try_from(Text(text): Text) -> Result<Self, Self::Error> {
        text.trim().parse().map(Self).map_err(|_| "not a count")
    }
}

impl TryFrom<Text> for Integer {
    type Error = &'static str;

    fn try_from(Text(text): Text) -> Result<Self, Self::Error> {
        let text = text.trim();
        let number = match text.strip_suffix('-') {
            Some(digits) => format!("-{}", digits.trim()).parse(),
            None => text.parse(),
        };
        number.map(Self).map_err(|_| "not a whole number")
    }
}

impl TryFrom<Text> for Flag {
    type Error = &'static str;

    fn try_from(Text(text): Text) -> Result<Self, Self::Error> {
        match text.trim() {
            "true" | "X" | "x" => Ok(Self(true)),
            "false" | "" => Ok(Self(false)),
            _ => Err("neither true nor false"),
        }
    }
}

/// For `deserialize_with`: a [`Text`].
pub(super) fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Text::deserialize(deserializer)?.0)
}

/// For `deserialize_with`: a [`Flag`].
pub(super) fn read_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Flag::deserialize(deserializer)?.0)
}

/// For `deserialize_with`: a [`Whole`] that may be `null`.
pub(super) fn read_count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(count)| count))
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl Visitor<'_> for AnyScalar {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number or a boolean")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Text, E> {
        Ok(Text(flag.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn counts_are_numbers_or_strings() {
        for (json, count) in
            [("7", 7), ("\"7\"", 7), ("\" 0007 \"", 7), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(read::<Whole>(json).unwrap().0, count, "{json}");
        }
        for json in ["-1", "1.5", "\"\"", "\"7-\"", "true", "[7]", "{}", "\"18446744073709551616\""]
        {
            assert!(read::<Whole>(json).is_none(), "{json}");
        }
    }

    #[test]
    fn a_sign_may_stand_behind() {
        for (json, number) in [("-4", -4), ("\"4-\"", -4), ("\" 4 \"", 4), ("\"-4\"", -4)] {
            assert_eq!(read::<Integer>(json).unwrap().0, number, "{json}");
        }
        assert!(read::<Integer>("\"--4-\"").is_none() && read::<Integer>("\"-\"").is_none());
    }

    #[test]
    fn flags_are_booleans_or_abap_ones() {
        for json in ["true", "\"true\"", "\"X\""] {
            assert!(read::<Flag>(json).unwrap().0, "{json}");
        }
        for json in ["false", "\"false\"", "\"\"", "\" \"", "null"] {
            assert!(!read::<Flag>(json).unwrap().0, "{json}");
        }
        assert!(read::<Flag>("1").is_none() && read::<Flag>("\"yes\"").is_none());
    }
}
