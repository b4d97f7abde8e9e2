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
/// What the names of `serde_json`'s own types begin with, `RawValue` above all.
const OWN_TYPES: &str = "$serde_json::private::";

/// Reads JSON as a `T`, as `serde_json::from_str` does but for what an error costs.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T, serde_json::Error> {
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
        let value = self.rest.strip_suffix(rest).unwrap_or_default();
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
            let token = if is_key { self.value().trim_matches('"') } else { self.value() };
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
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::fmt::Debug;

    use serde::Deserialize;
    use serde::de::{DeserializeOwned, IgnoredAny};
    use serde_json::Value;

    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    /// Reads it both ways.
    fn same<T: DeserializeOwned + PartialEq + Debug>(json: &str) {
        let is = read::<T>(&raw(json));
        let wanted = serde_json::from_str::<T>(json);
        match (is, wanted) {
            (Ok(is), Ok(wanted)) => assert_eq!(is, wanted, "{json}"),
            (Err(_), Err(_)) => {}
            different => panic!("{json}: {different:?}"),
        }
    }

    #[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
    enum Kind {
        Unit,
        Newtype(u8),
        Tuple(u8, String),
        Struct { a: Option<u8>, b: bool },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Whole {
        name: String,
        #[serde(default)]
        list: Vec<Option<f32>>,
        pair: Option<(char, i8)>,
        unit: (),
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Number(u8),
        Text(String),
        List(Vec<Any>),
        Other(IgnoredAny),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "t", deny_unknown_fields)]
    enum Tagged {
        A { x: u64 },
        B,
    }

    #[test]
    fn all_is_read_as_serde_json_reads_it() {
        let scalars = [
            "0",
            "-0",
            "7",
            "-7",
            "255",
            "256",
            "1.5",
            "1e3",
            "1e400",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "0.1",
            "3.4028236e38",
            "true",
            "false",
            "null",
            r#""""#,
            r#""a""#,
            r#""ab""#,
            r#""\u00e4\n""#,
            r#""\ud800""#,
            r#""7""#,
            r#""Unit""#,
            r#""ä""#,
            "\"\u{7f}\"",
        ];
        let others = [
            "[]",
            "{}",
            "[1]",
            "[1,2]",
            "[1,2,3]",
            r#"[ 1 , [ ] , { "a" : null } ] "#,
            r#"{"Unit":null}"#,
            r#"{"Newtype":7}"#,
            r#"{"Tuple":[1,"x"]}"#,
            r#"{"Newtype":1,"Unit":null}"#,
            r#"{"Struct":{"a":1,"b":true}}"#,
            r#"{"Struct":{"b":false,"c":[{}]}}"#,
            r#"{"Unit":"x"}"#,
            r#"{"1":"a","2":"b"}"#,
            r#"{"\u0061":1,"a":2}"#,
            r#"{"true":1}"#,
            r#"{"":{}}"#,
            r#"{"name":"n","unit":null,"list":[1,null,2.5],"pair":["x",-1],"more":{"a":[1]}}"#,
            r#"{"name":"n","unit":null,"pair":null}"#,
            r#"{"name":"n","unit":0}"#,
            r#"{"t":"A","x":1}"#,
            r#"{"x":1,"t":"A"}"#,
            r#"{"t":"B"}"#,
            r#"{"t":"A","x":1,"y":2}"#,
            r#"["a\"]",{"}":"{\\"},[[]]]"#,
            "[\"x\",\n[1,\t{\"\\\\\":\"]\"}]\r\n]",
        ];
        for json in scalars.into_iter().chain(others) {
            let json = json.trim();
            same::<Value>(json);
            same::<bool>(json);
            same::<u8>(json);
            same::<i64>(json);
            same::<u64>(json);
            same::<u128>(json);
            same::<f32>(json);
            same::<f64>(json);
            same::<char>(json);
            same::<String>(json);
            same::<()>(json);
            same::<Option<String>>(json);
            same::<Option<Option<u8>>>(json);
            same::<Vec<u8>>(json);
            same::<Vec<Value>>(json);
            same::<(u8, u8)>(json);
            same::<Kind>(json);
            same::<Vec<Kind>>(json);
            same::<HashMap<u8, String>>(json);
            same::<HashMap<bool, u8>>(json);
            same::<HashMap<String, Value>>(json);
            same::<HashMap<Kind, Value>>(json);
            same::<Whole>(json);
            same::<Any>(json);
            same::<Tagged>(json);
            same::<serde_json::Number>(json);
            assert_eq!(read::<Box<RawValue>>(&raw(json)).unwrap().get(), json);
            assert_eq!(read::<&RawValue>(&raw(json)).unwrap().get(), json);
        }
        assert_eq!(
            read::<Vec<&RawValue>>(&raw(r#"[ "]" , {"a":[ ]} ]"#)).unwrap()[1].get(),
            r#"{"a":[ ]}"#
        );
    }

    #[test]
    fn depth_ends_where_it_does_elsewhere() {
        for depth in [MAX_VALUE_DEPTH - 1, MAX_VALUE_DEPTH] {
            same::<Value>(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
            same::<Value>(&format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)));
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read::<IgnoredAny>(&raw(&deep)).is_ok());
        assert!(read::<Box<RawValue>>(&raw(&deep)).is_ok());
    }

    #[test]
    fn an_error_tells_the_beginning_and_the_place() {
        let long = format!("\"{}\"", "\u{7f}".repeat(100_000));
        fn cost<T: DeserializeOwned + Debug>(json: &str) {
            let error = read::<T>(&raw(json)).unwrap_err();
            assert!(error.to_string().len() < 2 * MOST_ERROR_BYTES, "{json:.30}");
        }
        for json in [long.clone(), format!("[1,{long}]"), format!("{{{long}:{long}}}")] {
            cost::<bool>(&json);
            cost::<Vec<u64>>(&json);
            cost::<HashMap<u8, u8>>(&json);
            cost::<HashMap<bool, u8>>(&json);
            cost::<HashMap<Kind, u8>>(&json);
            cost::<Kind>(&json);
            cost::<std::net::IpAddr>(&json);
            cost::<()>(&json);
            cost::<Tagged>(&json);
            cost::<char>(&json);
        }
        cost::<Kind>(&format!(r#"{{"Unit":{long}}}"#));
        cost::<Kind>(&format!(r#"{{"Struct":{long}}}"#));
        cost::<Tagged>(&format!(r#"{{"t":"A","x":{long}}}"#));
        cost::<Tagged>(&format!(r#"{{"t":"A","x":1,{long}:1}}"#));
        let error = read::<Vec<u8>>(&raw("[1,\n 2,\n \"x\"]")).unwrap_err();
        assert_eq!((error.line(), error.column()), (3, 4));
    }
}
