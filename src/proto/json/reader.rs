//! JSON text read as any type, at a bounded cost also where it is not of that type.
//!
//! `serde_json` says of a string that stands where none belongs all that it says, with each odd
//! character written as six: 64 MiB become hundreds. Here an error tells no more than the
//! beginning. Strings, lists and objects are walked through here; what they hold beside that is
//! left to `serde_json`, token by token.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;

use super::{Text, behind_string, first_of};
use crate::proto::limits::MAX_VALUE_DEPTH;

/// How much an error says, in bytes.
const MOST_ERROR_BYTES: usize = 1 << 10;
/// How long a string may be that costs little however an error tells it, in bytes.
const SHORT_BYTES: usize = 1 << 10;
/// What the names of `serde_json`'s own types begin with, `RawValue` above all.
const OWN_TYPES: &str = "$serde_json::private::";

/// Reads JSON as a `T`, as `serde_json::from_str` does but for what an error costs. A type that asks for
/// a number or a string and takes a string or a list too gets it here, where there it would not.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T, serde_json::Error> {
    if has_long_string(json.get()) { walk(json) } else { serde_json::from_str(json.get()) }
}

/// Whether there is a string of more than [`SHORT_BYTES`].
fn has_long_string(mut json: &str) -> bool {
    while json.len() > SHORT_BYTES
        && let Some((_, string)) = json.split_once('"')
    {
        json = behind_string(string);
        if string.len().saturating_sub(json.len()) > SHORT_BYTES {
            return true;
        }
    }
    false
}

/// The same of a text with long strings.
fn walk<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T, serde_json::Error> {
    let mut reader = Reader::new(json.get());
    T::deserialize(&mut reader).map_err(|Bounded(message)| {
        let read = json.get().strip_suffix(reader.rest).unwrap_or_default();
        let line = read.split('\n').count();
        let column = read.rsplit('\n').next().unwrap_or_default().len();
        serde_json::Error::custom(format_args!("{message} at line {line} column {column}"))
    })
}

/// What has not been read of a text that is JSON.
struct Reader<'a> {
    rest: &'a str,
    /// How many lists and objects are open.
    depth: usize,
    /// Whether a key is next, which may stand for a number.
    is_key: bool,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a str) -> Self {
        Self { rest, depth: 0, is_key: false }
    }

    /// The byte that the next token begins with.
    fn next(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.rest.bytes().next()
    }

    /// Goes behind that byte, if it is this one.
    fn pass(&mut self, byte: u8) -> Result<(), Bounded> {
        self.next();
        let rest = self.rest.strip_prefix(char::from(byte));
        let missing = || Bounded::custom(format_args!("expected `{}`", char::from(byte)));
        self.rest = rest.ok_or_else(missing)?;
        Ok(())
    }

    /// Goes behind the next value and gives its text.
    fn value(&mut self) -> &'a str {
        let rest = match self.next() {
            Some(b'"') => behind_string(self.rest.get(1..).unwrap_or_default()),
            Some(b'[' | b'{') => behind_brackets(self.rest),
            _ => self.rest.trim_start_matches(|c| !",]} \t\r\n".contains(c)),
        };
        // By length, since comparing the rest each time would take the square of it.
        let len = self.rest.len().saturating_sub(rest.len());
        let value = self.rest.get(..len).unwrap_or_default();
        self.rest = rest;
        value
    }

    /// The string that is next.
    fn string(&mut self) -> Result<Cow<'a, str>, Bounded> {
        let json = self.value();
        let plain = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
        match plain.filter(|text| memchr::memchr(b'\\', text.as_bytes()).is_none()) {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => Ok(serde_json::from_str::<Text<'a>>(json)?.0),
        }
    }

    /// Reads the list or object that is next.
    fn inside<V>(
        &mut self,
        brackets: [u8; 2],
        visit: impl FnOnce(Inside<'_, 'a>) -> Result<V, Bounded>,
    ) -> Result<V, Bounded> {
        let [open, close] = brackets;
        self.pass(open)?;
        self.depth = self.depth.saturating_add(1);
        if self.depth >= MAX_VALUE_DEPTH {
            return Err(Bounded::custom("recursion limit exceeded"));
        }
        let value = visit(Inside { reader: self, close, is_first: true })?;
        self.pass(close)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(value)
    }

    /// Whether a string, a list or an object is next.
    fn is_long(&mut self) -> bool {
        matches!(self.next(), Some(b'"' | b'[' | b'{'))
    }
}

/// What follows the list or object that a text begins with.
fn behind_brackets(text: &str) -> &str {
    let (mut rest, mut open) = (text, 0_usize);
    while let Some((at, byte)) = first_of(rest, |byte| b"\"[]{}".contains(&byte)) {
        rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
        match byte {
            b'"' => rest = behind_string(rest),
            b'[' | b'{' => open = open.saturating_add(1),
            _ => open = open.saturating_sub(1),
        }
        if open == 0 {
            return rest;
        }
    }
    ""
}

/// What stands in a key for a number or a flag, which has no space around it.
fn key_token(key: &str) -> Result<&str, Bounded> {
    let token = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
    token
        .filter(|token| token.trim() == *token)
        .ok_or_else(|| Bounded::custom("a key that is no number"))
}

type FromJson<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

/// Methods for types of which a string, a list or an object is none, or is told by its opening.
macro_rules! by_opening {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
            if self.is_long() {
                return self.deserialize_any(visitor);
            }
            Ok(FromJson::from_str(self.value()).$method(visitor)?)
        }
    )*};
}

/// The same for those that a key can stand for.
macro_rules! also_as_key {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
            let is_key = std::mem::take(&mut self.is_key);
            if self.is_long() && !is_key {
                return self.deserialize_any(visitor);
            }
            let token = self.value();
            let token = if is_key { key_token(token)? } else { token };
            let mut token = FromJson::from_str(token);
            let value = token.$method(visitor)?;
            token.end()?;
            Ok(value)
        }
    )*};
}

impl<'a> Deserializer<'a> for &mut Reader<'a> {
    type Error = Bounded;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
        match self.next() {
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'[') => self.inside(*b"[]", |inside| visitor.visit_seq(inside)),
            Some(b'{') => self.inside(*b"{}", |inside| visitor.visit_map(inside)),
            _ => Ok(FromJson::from_str(self.value()).deserialize_any(visitor)?),
        }
    }

    also_as_key! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64
    }

    by_opening! {
        deserialize_char deserialize_str deserialize_string deserialize_identifier
        deserialize_unit deserialize_seq deserialize_map
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Bounded> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Bounded> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Bounded> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Bounded> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
        if self.next() == Some(b'n') {
            self.value();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Bounded> {
        if name.starts_with(OWN_TYPES) {
            let mut value = FromJson::from_str(self.value());
            return Ok(value.deserialize_newtype_struct(name, visitor)?);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Bounded> {
        match self.next() {
            Some(b'"') => visitor.visit_enum(self.string()?.into_deserializer()),
            Some(b'{') => {
                self.inside(*b"{}", |inside| visitor.visit_enum(MapAccessDeserializer::new(inside)))
            }
            _ => Ok(FromJson::from_str(self.value()).deserialize_enum(name, variants, visitor)?),
        }
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
        if self.next() == Some(b'[') {
            return self.deserialize_any(visitor);
        }
        // They may be what no string can be, such as half a surrogate pair.
        Ok(FromJson::from_str(self.value()).deserialize_bytes(visitor)?)
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Bounded> {
        self.value();
        visitor.visit_unit()
    }
}

/// A list or an object that is being read.
struct Inside<'r, 'a> {
    reader: &'r mut Reader<'a>,
    close: u8,
    is_first: bool,
}

impl Inside<'_, '_> {
    /// Goes to the next element or key; whether there is one.
    fn goes_on(&mut self) -> Result<bool, Bounded> {
        if self.reader.next() == Some(self.close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.is_first) {
            self.reader.pass(b',')?;
        }
        Ok(true)
    }
}

impl<'a> SeqAccess<'a> for Inside<'_, 'a> {
    type Error = Bounded;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Bounded> {
        if !self.goes_on()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'a> MapAccess<'a> for Inside<'_, 'a> {
    type Error = Bounded;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Bounded> {
        if !self.goes_on()? {
            return Ok(None);
        }
        self.reader.is_key = true;
        let key = seed.deserialize(&mut *self.reader);
        self.reader.is_key = false;
        key.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Bounded> {
        self.reader.pass(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// What is wrong, in [`MOST_ERROR_BYTES`].
#[derive(Debug)]
struct Bounded(String);

impl serde::de::Error for Bounded {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let mut beginning = Beginning(String::new());
        // What is beyond it is not even written.
        let _ = write!(beginning, "{message}");
        Self(beginning.0)
    }
}

impl std::error::Error for Bounded {}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Of one token, so its place in that is left out.
impl From<serde_json::Error> for Bounded {
    fn from(error: serde_json::Error) -> Self {
        let said = error.to_string();
        Self::custom(said.rsplit_once(" at line ").map_or(&*said, |(said, _)| said))
    }
}

/// A text that takes no more than so much.
struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST_ERROR_BYTES.saturating_sub(self.0.len());
        let is_all = text.len() <= room;
        self.0.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
        if is_all { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests;
