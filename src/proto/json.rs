//! Reading JSON that real servers send: strict first, mended where that fails.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod reader;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::{MAX_MENDED_GROWTH, MAX_TEXT_BYTES};
pub(crate) use reader::read;

/// The top-level keys of a frame that mean something; all others are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
pub(crate) enum Key {
    Id,
    Type,
    Seq,
    Data,
    Offset,
    Crc32,
    Done,
    Total,
    Message,
    Success,
    TotalChunks,
    Size,
    Sha256,
    Error,
    Code,
    Item,
    Epoch,
    Ttl,
    ChunkSize,
    Alias,
    #[serde(other)]
    Other,
}

impl Key {
    /// The key as it stands on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Type => "type",
            Self::Seq => "seq",
            Self::Data => "data",
            Self::Offset => "offset",
            Self::Crc32 => "crc32",
            Self::Done => "done",
            Self::Total => "total",
            Self::Message => "message",
            Self::Success => "success",
            Self::TotalChunks => "totalChunks",
            Self::Size => "size",
            Self::Sha256 => "sha256",
            Self::Error => "error",
            Self::Code => "code",
            Self::Item => "item",
            Self::Epoch => "epoch",
            Self::Ttl => "ttl",
            Self::ChunkSize => "chunkSize",
            Self::Alias => "alias",
            Self::Other => "",
        }
    }
}

/// A JSON object whose known keys were found and whose values were left as text.
///
/// A `null` counts as absent. Holds each known key once, so its size does not grow with the input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'a> {
    entries: Vec<(Key, &'a RawValue)>,
    duplicate: Option<Key>,
}

impl<'a> Object<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        opens_with('{', text)?;
        serde_json::from_str(text)
    }

    /// The first known key that stands twice.
    pub(crate) fn duplicate(&self) -> Option<Key> {
        self.duplicate
    }

    /// The text of a value.
    pub(crate) fn raw(&self, key: Key) -> Option<&'a RawValue> {
        self.entries.iter().find(|(k, _)| *k == key).map(|(_, value)| *value)
    }

    /// The value read as `T`; absent is `None`, anything but a `T` is an error.
    pub(crate) fn read_as<T: Deserialize<'a>>(&self, key: Key) -> Result<Option<T>, InvalidValue> {
        self.raw(key).map(|value| read(value).map_err(|_| InvalidValue(key))).transpose()
    }

    /// The value read as a string.
    pub(crate) fn text(&self, key: Key) -> Result<Option<Cow<'a, str>>, InvalidValue> {
        Ok(self.read_as::<Text<'a>>(key)?.map(|Text(text)| text))
    }

    /// The value read as a text for people: half a surrogate pair becomes a replacement character.
    pub(crate) fn lossy_text(&self, key: Key) -> Result<Option<String>, InvalidValue> {
        Ok(self.read_as::<LossyText>(key)?.map(|LossyText(text)| text))
    }

    /// The object under `key`, if there is one.
    pub(crate) fn object(&self, key: Key) -> Option<Object<'a>> {
        Self::read(self.raw(key)?.get()).ok()
    }
}

impl<'a> Deserialize<'a> for Object<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'a> Visitor<'a> for Keys {
            type Value = Object<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Object<'a>, A::Error> {
                let mut object = Object::default();
                let mut nulls = Vec::new();
                while let Some(key) = map.next_key::<Key>()? {
                    if key == Key::Other {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let value = map.next_value::<&RawValue>()?;
                    if object.raw(key).is_some() || nulls.contains(&key) {
                        object.duplicate.get_or_insert(key);
                    } else if value.get() == "null" {
                        nulls.push(key);
                    } else {
                        object.entries.push((key, value));
                    }
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// A value is not of the kind its key asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InvalidValue(pub(crate) Key);

/// A string that borrows where it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The first [`MAX_TEXT_BYTES`] of a text for people, less what is left of a character there.
fn beginning(text: &[u8]) -> &[u8] {
    let is_inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    let end = (MAX_TEXT_BYTES.saturating_sub(3)..=MAX_TEXT_BYTES).rev().find(|at| !is_inside(at));
    text.get(..end.unwrap_or(MAX_TEXT_BYTES)).unwrap_or(text)
}

/// A string for people to read, of which the beginning is kept, and which may have been cut between
/// two halves of a character.
pub(crate) struct LossyText(pub(crate) String);

impl LossyText {
    /// A text that is there already.
    pub(crate) fn shortened(mut text: String) -> Self {
        text.truncate(beginning(text.as_bytes()).len());
        text.shrink_to_fit();
        Self(text)
    }
}

impl<'a> Deserialize<'a> for LossyText {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lossy;
        impl Visitor<'_> for Lossy {
            type Value = LossyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<LossyText, E> {
                Ok(LossyText(String::from_utf8_lossy(beginning(bytes)).into_owned()))
            }
        }
        // As bytes, since a string would not be given out with half a pair in it.
        deserializer.deserialize_bytes(Lossy)
    }
}

/// Reads a whole number of plain decimal digits: no sign, fraction, exponent or leading zero.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with('0');
    (plain && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Calls `visit` with each member of a JSON object in its order, values left as text.
pub(crate) fn each_member<'a>(
    json: &'a str,
    visit: impl FnMut(Cow<'a, str>, &'a RawValue),
) -> Result<(), serde_json::Error> {
    struct Each<F>(F);
    impl<'a, F: FnMut(Cow<'a, str>, &'a RawValue)> Visitor<'a> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((Text(key), value)) = map.next_entry()? {
                (self.0)(key, value);
            }
            Ok(())
        }
    }
    opens_with('{', json)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Each(visit))?;
    deserializer.end()
}

/// How many values a JSON text has, those inside others counted: at least as many as there are, and
/// at most one more for each list and object.
pub(crate) fn values(json: &str) -> usize {
    let mut count = 1_usize;
    let mut rest = json;
    while let Some((at, byte)) = first_of(rest, |byte| matches!(byte, b'"' | b',' | b'[' | b'{')) {
        rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
        if byte != b'"' {
            count = count.saturating_add(1);
            continue;
        }
        rest = behind_string(rest);
    }
    count
}

/// What follows a string whose opening quote has been passed.
fn behind_string(mut rest: &str) -> &str {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
        let is_over = rest.as_bytes().get(at) == Some(&b'"');
        let behind = at.saturating_add(if is_over { 1 } else { 2 });
        rest = rest.get(behind..).unwrap_or_default();
        if is_over {
            return rest;
        }
    }
    ""
}

fn first_of(text: &str, is_it: impl Fn(u8) -> bool) -> Option<(usize, u8)> {
    text.bytes().enumerate().find(|(_, byte)| is_it(*byte))
}

/// Calls `visit` with each element of a JSON list, left as text.
pub(crate) fn each_element<'a>(
    json: &'a str,
    visit: impl FnMut(&'a RawValue),
) -> Result<(), serde_json::Error> {
    struct Each<F>(F);
    impl<'a, F: FnMut(&'a RawValue)> Visitor<'a> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON list")
        }

        fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(element) = list.next_element()? {
                (self.0)(element);
            }
            Ok(())
        }
    }
    opens_with('[', json)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_seq(Each(visit))?;
    deserializer.end()
}

/// Fails unless `json` is what opens with that bracket: at no cost, as [`read`] does.
pub(crate) fn opens_with(bracket: char, json: &str) -> Result<(), serde_json::Error> {
    if json.trim_start_matches([' ', '\t', '\r', '\n']).starts_with(bracket) {
        return Ok(());
    }
    Err(serde_json::Error::custom(format_args!("no JSON that opens with {bracket}")))
}

/// The first member `key` of a JSON object; `None` also where `json` is no object.
pub(crate) fn member<'a>(json: &'a str, key: &str) -> Option<&'a RawValue> {
    let mut found = None;
    let read = each_member(json, |name, value| {
        if name == key {
            found.get_or_insert(value);
        }
    });
    read.ok().and(found)
}

/// Escapes raw control characters inside strings, or `None` if there are none or too many.
///
/// Servers that build JSON by hand let carriage returns and worse through (PROTOCOL 3.3), some at a
/// time; a text that would grow by more than 1 MiB is something else.
pub(crate) fn mend(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let (mut in_string, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            0..=0x1f if in_string => {
                mended.push_str(text.get(copied..at)?);
                mended.push_str("\\u00");
                mended.push(char::from_digit(u32::from(byte >> 4), 16)?);
                mended.push(char::from_digit(u32::from(byte & 0xf), 16)?);
                copied = at.checked_add(1)?;
                if mended.len() > at.saturating_add(MAX_MENDED_GROWTH) {
                    return None;
                }
            }
            _ => {}
        }
    }
    if copied == 0 {
        return None;
    }
    mended.push_str(text.get(copied..)?);
    Some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_key_has_the_name_it_is_read_by() {
        for name in [
            "id",
            "type",
            "seq",
            "data",
            "offset",
            "crc32",
            "done",
            "total",
            "message",
            "success",
            "totalChunks",
            "size",
            "sha256",
            "error",
            "code",
            "item",
        ] {
            let key: Key = serde_json::from_value(name.into()).unwrap();
            assert_eq!(key.name(), name);
        }
    }

    #[test]
    fn null_is_absent_but_still_stands_once() {
        let object = Object::read(r#"{"seq":null,"data":"x"}"#).unwrap();
        assert!(object.raw(Key::Seq).is_none() && object.duplicate().is_none());
        let twice = Object::read(r#"{"seq":null,"seq":1}"#).unwrap();
        assert_eq!(twice.duplicate(), Some(Key::Seq));
    }

    #[test]
    fn escaped_keys_are_the_same_keys() {
        let object = Object::read("{\"\\u0073eq\":1,\"seq\":2}").unwrap();
        assert_eq!(object.duplicate(), Some(Key::Seq));
    }

    #[test]
    fn of_a_text_for_people_the_beginning_is_kept() {
        let kept = |text: &str| LossyText::shortened(text.to_owned()).0;
        let read = |text: &str| {
            let LossyText(kept) =
                serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
            kept
        };
        for most in ["x".repeat(MAX_TEXT_BYTES), "\u{fc}".repeat(MAX_TEXT_BYTES / 2)] {
            assert_eq!(read(&most), most);
            assert_eq!(read(&format!("{most}y")), most);
            assert_eq!(kept(&format!("{most}y")), most);
        }
        // Never a part of a character.
        for before in 0..4 {
            let text = format!("{}{}", "x".repeat(MAX_TEXT_BYTES - before), "\u{1f600}".repeat(2));
            assert_eq!(read(&text), text[..MAX_TEXT_BYTES - before]);
            assert_eq!(kept(&text), text[..MAX_TEXT_BYTES - before]);
        }
    }

    #[test]
    fn whole_numbers_are_plain_digits() {
        assert_eq!(whole_number("18446744073709551615"), Some(u64::MAX));
        assert_eq!(whole_number("0"), Some(0));
        for text in ["18446744073709551616", "1.0", "1e3", "-0", "+1", "01", "", " 1", "1e400"] {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }

    #[test]
    fn control_characters_inside_strings_are_escaped() {
        assert_eq!(mend("{\"a\":\"x\ry\u{1}\"}").unwrap(), "{\"a\":\"x\\u000dy\\u0001\"}");
        assert_eq!(mend("{\r\n\"a\":\"x\"}"), None);
        assert_eq!(mend("{\"a\":\"\\\"\t\"}").unwrap(), "{\"a\":\"\\\"\\u0009\"}");
    }
}
