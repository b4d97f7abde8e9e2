//! Reading and mending give what a reader that builds everything gives.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use serde_json::Value;
use serde_json::value::RawValue;

use super::{
    Key, MAX_MENDED_GROWTH, Object, each_element, each_member, member, mend, read, whole_number,
};
use crate::fuzzing::Vectors;

/// Stands for a raw control character while others read a text that has some: one of 32 that have
/// no meaning.
const STAND_IN: u32 = 0xe000;

/// Mending escapes what it must and nothing else; known keys, members and elements are those that
/// are there; values are what they are to others.
///
/// Input: a text.
pub fn json(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    number_is_read(&text);
    mended_means_the_same(&text);
    members_are_found(&text);
    read_alike(&text);
    if let Some(mended) = mend(&text) {
        members_are_found(&mended);
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for kind in ["frames", "incoming", "welcome", "control", "resume"] {
        seeds.extend(vectors.texts(kind, &[]));
    }
    seeds.extend(["18446744073709551615", "01", "-0", "[1,[],{}]"].map(Into::into));
    seeds
}

fn number_is_read(text: &str) {
    let number: Option<u64> = text.parse().ok();
    // The one way to write it is the only one taken.
    assert_eq!(whole_number(text), number.filter(|number| number.to_string() == text));
}

fn mended_means_the_same(text: &str) {
    let softened = with_stand_ins(text);
    let Some(mended) = mend(text) else {
        return assert!(softened == text || text.len() > MAX_MENDED_GROWTH / 6);
    };
    assert!(mended.len() <= text.len() + MAX_MENDED_GROWTH + 6 && mended.len() > text.len());
    assert_eq!(mend(&mended), None, "nothing is left to mend");
    assert!(serde_json::from_str::<Value>(text).is_err(), "it was to be mended");
    let is_taken = |c| (STAND_IN..STAND_IN + 0x20).contains(&u32::from(c));
    if text.contains(is_taken) {
        return;
    }
    let mut soft: Value = match serde_json::from_str(&softened) {
        Ok(soft) => soft,
        Err(_) => return assert!(serde_json::from_str::<Value>(&mended).is_err()),
    };
    undo(&mut soft);
    assert_eq!(serde_json::from_str::<Value>(&mended).unwrap(), soft);
}

fn with_stand_ins(text: &str) -> String {
    let (mut in_string, mut soft) = (false, String::new());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_string => {
                soft.push(c);
                soft.extend(chars.next());
                continue;
            }
            '"' => in_string = !in_string,
            '\0'..' ' if in_string => {
                soft.extend(char::from_u32(STAND_IN + u32::from(c)));
                continue;
            }
            _ => {}
        }
        soft.push(c);
    }
    soft
}

fn undo(value: &mut Value) {
    let text = |text: &str| {
        let back = |c| {
            let code = u32::from(c);
            char::from_u32(code.wrapping_sub(STAND_IN)).filter(|c| *c < ' ').unwrap_or(c)
        };
        text.chars().map(back).collect::<String>()
    };
    match value {
        Value::String(string) => *string = text(string),
        Value::Array(list) => list.iter_mut().for_each(undo),
        Value::Object(object) => {
            *object = std::mem::take(object)
                .into_iter()
                .map(|(key, mut value)| {
                    undo(&mut value);
                    (text(&key), value)
                })
                .collect();
        }
        _ => {}
    }
}

/// What is read here is what `serde_json` reads.
fn read_alike(text: &str) {
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return };
    match (read::<Value>(raw), serde_json::from_str::<Value>(text)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
        (ours, theirs) => assert!(ours.is_err() && theirs.is_err(), "{ours:?} {theirs:?}"),
    }
    assert_eq!(read::<&RawValue>(raw).unwrap().get(), raw.get());
}

fn members_are_found(text: &str) {
    let (mut members, mut elements) = (Vec::new(), Vec::new());
    let is_object = each_member(text, |key, value| members.push((key, value.get()))).is_ok();
    let is_list = each_element(text, |value| elements.push(value.get())).is_ok();
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(all)) => {
            assert!(is_object);
            assert!(members.iter().all(|(key, _)| all.contains_key(&**key)));
            assert!(all.keys().all(|key| members.iter().any(|(found, _)| found == key)));
        }
        Ok(Value::Array(all)) => {
            assert!(is_list);
            let read = elements.iter().map(|element| serde_json::from_str(element).unwrap());
            assert_eq!(read.collect::<Vec<Value>>(), all);
        }
        _ => {}
    }
    let Ok(object) = Object::read(text) else { return };
    // Half a surrogate pair in a key that nobody knows is passed over here.
    if !is_object {
        return;
    }
    let known = members.iter().filter(|(key, _)| key_of(key) != Key::Other);
    let is_twice = |key: &str| members.iter().filter(|(found, _)| found == key).count() > 1;
    assert_eq!(object.duplicate().is_some(), known.clone().any(|(key, _)| is_twice(key)));
    for (key, _) in known {
        let all = members.iter().filter(|(found, _)| found == key).map(|(_, value)| *value);
        let first = all.clone().next().filter(|value| *value != "null");
        assert_eq!(object.raw(key_of(key)).map(RawValue::get), first, "{key}");
        assert_eq!(member(text, key).map(RawValue::get), all.clone().next());
    }
}

fn key_of(name: &str) -> Key {
    serde_json::from_value(name.into()).unwrap_or(Key::Other)
}
