//! JSON as it stands: nothing mended, nothing dropped.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::proto::json::{Key, each_member, opens_with, values, whole_number};
use crate::proto::limits::MAX_VALUES;

/// How many members an object may have that is looked at one by one.
const MOST_MEMBERS: usize = 10_000;

/// A JSON object with all its members in their order, those that stand twice too.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

/// How many values of a member are looked at: an object of one member takes some 600 bytes.
pub(super) const MOST_LOOKED_AT: usize = 256 << 10;

/// How long a member may be of which the values are looked at, in bytes: 16 MiB.
pub(super) const MOST_LOOKED_AT_BYTES: usize = 16 << 20;

/// More values stand in a member than are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyValues {
    /// Whether a client would not take them either.
    pub(super) is_beyond_clients: bool,
}

/// The value of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member<T> {
    /// Not there, or `null`.
    Absent,
    Is(T),
    /// Something else, as it stands.
    Other(String),
}

impl Object {
    /// Reads an object strictly.
    pub(super) fn read(text: &str) -> Option<Self> {
        opens_with('{', text).ok()?;
        serde_json::from_str(text).ok()
    }

    /// The first member of that name that is not `null`.
    pub(super) fn raw(&self, key: &str) -> Option<&str> {
        let values = self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.get());
        values.into_iter().find(|value| *value != "null")
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// The member read as a `T`.
    pub(super) fn member<T>(&self, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Member<T> {
        match self.raw(key) {
            None => Member::Absent,
            Some(raw) => read(raw).map_or_else(|| Member::Other(raw.to_owned()), Member::Is),
        }
    }

    pub(super) fn text(&self, key: &str) -> Member<String> {
        self.member(key, |raw| serde_json::from_str(raw).ok())
    }

    /// A number that counts: plain decimal digits. *Source*: PROTOCOL 3.4.
    pub(super) fn count(&self, key: &str) -> Member<u64> {
        self.member(key, whole_number)
    }

    pub(super) fn flag(&self, key: &str) -> Member<bool> {
        self.member(key, |raw| raw.parse().ok())
    }

    pub(super) fn number(&self, key: &str) -> Member<f64> {
        // A string would be all of it in the error.
        let read = |raw: &str| (!raw.starts_with('"')).then(|| serde_json::from_str(raw).ok());
        self.member(key, |raw| read(raw)?)
    }

    pub(super) fn object(&self, key: &str) -> Member<Self> {
        self.member(key, Self::read)
    }

    /// The member as a tree, which takes far more memory than its text.
    pub(super) fn value(&self, key: &str) -> Result<Value, TooManyValues> {
        match self.raw(key) {
            None => Ok(Value::Null),
            Some(raw) => match values(raw) {
                0..=MOST_LOOKED_AT if raw.len() <= MOST_LOOKED_AT_BYTES => {
                    Ok(serde_json::from_str(raw).unwrap_or(Value::Null))
                }
                many => {
                    let is_beyond_clients = many > MAX_VALUES && has_too_large_a_field(raw);
                    Err(TooManyValues { is_beyond_clients })
                }
            },
        }
    }

    /// The first key that has a meaning in some frame and stands twice, `null` counted.
    pub(super) fn duplicate(&self) -> Option<&str> {
        let mut rest = self.0.iter().map(|(name, _)| name.as_str());
        while let Some(name) = rest.next() {
            if is_known(name) && rest.clone().any(|other| other == name) {
                return Some(name);
            }
        }
        None
    }

    /// The members of `inner` before those of this one, where `inner` has no member of that name.
    pub(super) fn below(self, mut inner: Self) -> Self {
        let outer = self.0.into_iter().filter(|(name, _)| !inner.has(name) && name != "data");
        let outer: Vec<_> = outer.collect();
        inner.0.extend(outer);
        inner
    }
}

/// Whether a field of a result has more values than a client takes. *Source*: PROTOCOL 8.
fn has_too_large_a_field(raw: &str) -> bool {
    let mut is_there = false;
    // Nothing is copied: it may be tens of megabytes.
    each_member(raw, |_, field| is_there |= values(field.get()) > MAX_VALUES).is_ok() && is_there
}

/// Whether a key means something in some frame.
fn is_known(name: &str) -> bool {
    let key = serde_json::from_value::<Key>(name.into());
    key.is_ok_and(|key| key != Key::Other)
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() >= MOST_MEMBERS {
                        return Err(A::Error::custom("more members than any object has"));
                    }
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_count_are_plain() {
        let object = Object::read(r#"{"a":7,"b":"7","c":7.0,"d":7e0,"e":-7,"f":null}"#).unwrap();
        assert_eq!(object.count("a"), Member::Is(7));
        for key in ["b", "c", "d", "e"] {
            assert!(matches!(object.count(key), Member::Other(_)), "{key}");
        }
        assert_eq!((object.count("f"), object.count("g")), (Member::Absent, Member::Absent));
    }

    #[test]
    fn what_stands_twice_is_seen() {
        let twice = Object::read(r#"{"seq":null,"x":1,"x":2,"\u0073eq":1}"#).unwrap();
        assert_eq!((twice.duplicate(), twice.count("seq")), (Some("seq"), Member::Is(1)));
        assert_eq!(Object::read(r#"{"x":1,"x":2}"#).unwrap().duplicate(), None);
    }

    #[test]
    fn clients_take_many_values_in_each_of_several_fields() {
        let field = format!("[{}0]", "0,".repeat(MAX_VALUES * 2 / 3));
        let beyond = |data: &str| {
            let object = Object::read(&format!(r#"{{"data":{data}}}"#)).unwrap();
            object.value("data").unwrap_err().is_beyond_clients
        };
        assert!(!beyond(&format!(r#"{{"a":{field},"b":{field}}}"#)));
        assert!(beyond(&format!(r#"{{"a":[{field},{field}]}}"#)));
    }

    #[test]
    fn what_is_of_another_kind_is_left_as_it_stands() {
        let object = Object::read(r#"{"a":"x","b":true,"c":-1.5e3,"d":[1]}"#).unwrap();
        assert_eq!((object.flag("b"), object.number("c")), (Member::Is(true), Member::Is(-1500.0)));
        assert!(matches!(object.flag("a"), Member::Other(_)));
        assert!(matches!(object.number("a"), Member::Other(_)));
        assert!(matches!(object.object("a"), Member::Other(_)));
        assert!(matches!(object.object("d"), Member::Other(_)));
    }

    #[test]
    fn nothing_is_mended() {
        for text in ["[1]", "{\"a\":\"\t\"}", "{\"a\":1,}", "{\"a\":1} x", "{'a':1}"] {
            assert!(Object::read(text).is_none(), "{text}");
        }
    }
}
