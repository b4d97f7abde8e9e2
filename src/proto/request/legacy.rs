//! Params for servers without features, which read requests with regular expressions.
//!
//! Such a server looks for each key by its text, takes what stands between the next two quotes as
//! its value and counts braces to find where the params end, inside strings as well. What it would
//! misread is refused here, before anything is sent. *Source*: PROTOCOL 2.3.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::Params;
use super::params::push_string;
use super::unwritable::{Form, Unwritable};
use crate::proto::json::each_member;
use crate::proto::operation::OperationName;

/// The params that must be JSON booleans; all other scalars are written as strings.
const BOOLEANS: [&str; 2] = ["includeSubpackages", "stream"];
/// Where the server looks for the params: at the first of this text anywhere.
const PARAMS_KEY: &str = "params";

/// Checks the names and writes the params.
pub(super) fn write(name: &OperationName, params: &Params) -> Result<String, Unwritable> {
    check_name("domain", name.domain())?;
    check_name("action", name.action())?;
    let mut json = String::from("{");
    for (at, (key, value)) in params.iter().enumerate() {
        // Absent and null are the same, and null is not to be written.
        if Form::of(value) == Form::Null {
            continue;
        }
        let place = Place::param(key);
        check_characters(&place, key)?;
        if json.len() > 1 {
            json.push(',');
        }
        push_key(&mut json, key);
        match Form::of(value) {
            Form::List => push_list(&mut json, &place, value)?,
            Form::Object => {
                let later: Vec<_> = params.iter().skip(at).skip(1).map(|(key, _)| key).collect();
                push_object(&mut json, &place, value, &later)?;
            }
            found if BOOLEANS.contains(&key) => {
                if found != Form::Boolean {
                    return Err(place.form(found, "a boolean"));
                }
                json.push_str(value.get());
            }
            _ => push_scalar(&mut json, &place, value)?,
        }
    }
    json.push('}');
    Ok(json)
}

fn check_name(part: &str, name: &str) -> Result<(), Unwritable> {
    let place = Place(part.to_owned());
    check_characters(&place, name)?;
    match name {
        "" => Err(Unwritable::Empty { at: place.0 }),
        // It stands before the params and would be taken for their key.
        PARAMS_KEY => Err(Unwritable::Mistakable { at: place.0 }),
        _ => Ok(()),
    }
}

/// Strings, or objects that name an object of the repository.
fn push_list(json: &mut String, list: &Place, value: &RawValue) -> Result<(), Unwritable> {
    let expected = "a list of strings, or one of objects of type and name";
    let items: Vec<&RawValue> =
        serde_json::from_str(value.get()).map_err(|_| list.form(Form::List, expected))?;
    let first = items.first().map(|item| Form::of(item));
    json.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        let place = list.item(index);
        match Form::of(item) {
            found if Some(found) != first => return Err(place.form(found, expected)),
            Form::String => push_filled(json, &place, item)?,
            Form::Object => push_key_of_object(json, &place, item)?,
            found => return Err(place.form(found, expected)),
        }
    }
    json.push(']');
    Ok(())
}

/// `{"type":"CLAS","name":"ZCL_X"}`, the one form that is found in a list.
fn push_key_of_object(
    json: &mut String,
    place: &Place,
    value: &RawValue,
) -> Result<(), Unwritable> {
    let expected = "an object of the strings type and name, in this order";
    let members = members(place, value, expected)?;
    let [(kind_key, kind), (name_key, name)] = members.as_slice() else {
        return Err(place.form(Form::Object, expected));
    };
    if kind_key != "type" || name_key != "name" {
        return Err(place.form(Form::Object, expected));
    }
    for (opening, key, value) in [("{\"type\":", "type", kind), (",\"name\":", "name", name)] {
        let place = place.member(key);
        if Form::of(value) != Form::String {
            return Err(place.form(Form::of(value), "a string"));
        }
        json.push_str(opening);
        push_filled(json, &place, value)?;
    }
    json.push('}');
    Ok(())
}

/// Scalars by name, such as the texts of a report. `later` are the params that stand after it:
/// the server finds the first key of a text, so none of them may stand in here before its own.
fn push_object(
    json: &mut String,
    object: &Place,
    value: &RawValue,
    later: &[&str],
) -> Result<(), Unwritable> {
    let members = members(object, value, "an object of scalars")?;
    json.push('{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        let place = object.member(key);
        check_characters(&place, key)?;
        if later.contains(&key.as_ref()) {
            return Err(Unwritable::Mistakable { at: place.0 });
        }
        push_key(json, key);
        match Form::of(value) {
            found @ (Form::Null | Form::List | Form::Object) => {
                return Err(place.form(found, "a scalar"));
            }
            _ => push_scalar(json, &place, value)?,
        }
    }
    json.push('}');
    Ok(())
}

/// A string as it is, in raw UTF-8; other scalars as the string of their text.
fn push_scalar(json: &mut String, place: &Place, value: &RawValue) -> Result<(), Unwritable> {
    if Form::of(value) != Form::String {
        push_string(json, value.get());
        return Ok(());
    }
    let text = text(place, value)?;
    check_characters(place, &text)?;
    push_string(json, &text);
    Ok(())
}

/// A string that must not be empty.
fn push_filled(json: &mut String, place: &Place, value: &RawValue) -> Result<(), Unwritable> {
    if value.get() == "\"\"" {
        return Err(Unwritable::Empty { at: place.0.clone() });
    }
    push_scalar(json, place, value)
}

fn push_key(json: &mut String, key: &str) {
    push_string(json, key);
    json.push(':');
}

fn text(place: &Place, value: &RawValue) -> Result<String, Unwritable> {
    // Half of a surrogate pair is a string in JSON and no text.
    serde_json::from_str(value.get()).map_err(|_| place.form(Form::String, "text"))
}

fn members<'a>(
    place: &Place,
    value: &'a RawValue,
    expected: &'static str,
) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>, Unwritable> {
    let mut members = Vec::new();
    each_member(value.get(), |key, value| members.push((key, value)))
        .map_err(|_| place.form(Form::Object, expected))?;
    Ok(members)
}

/// What would end a string, a list or the params for the server, or be written as an escape that
/// it does not undo.
fn check_characters(place: &Place, text: &str) -> Result<(), Unwritable> {
    let misread = |c: &char| matches!(c, '{' | '}' | ']' | '"' | '\\' | '\0'..='\u{1f}');
    match text.chars().find(misread) {
        Some(character) => Err(Unwritable::Character { at: place.0.clone(), character }),
        None => Ok(()),
    }
}

/// Where something stands in the request, as errors show it.
struct Place(String);

impl Place {
    fn param(key: &str) -> Self {
        Self(format!("{PARAMS_KEY}.{key}"))
    }

    fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    fn member(&self, key: &str) -> Self {
        Self(format!("{}.{key}", self.0))
    }

    fn form(&self, found: Form, expected: &'static str) -> Unwritable {
        Unwritable::Form { at: self.0.clone(), found, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(params: &str) -> Result<String, Unwritable> {
        write(&OperationName::new("rfc", "call"), &Params::from_json(params).unwrap())
    }

    fn refused_at(params: &str) -> String {
        match written(params).unwrap_err() {
            Unwritable::Character { at, .. }
            | Unwritable::Empty { at }
            | Unwritable::Form { at, .. }
            | Unwritable::Mistakable { at } => at,
        }
    }

    #[test]
    fn every_character_that_ends_something_is_refused_wherever_it_stands() {
        let misread = ['{', '}', ']', '"', '\\', '\0', '\t', '\n', '\r', '\u{1f}'];
        for character in misread {
            let text = serde_json::to_string(&format!("a{character}b")).unwrap();
            for (params, key) in [
                (format!("{{\"x\":{text}}}"), None),
                (format!("{{{text}:\"x\"}}"), None),
                (format!("{{\"x\":[\"a\",{text}]}}"), Some("params.x[1]")),
                (format!("{{\"x\":{{\"y\":{text}}}}}"), Some("params.x.y")),
                (format!("{{\"x\":{{{text}:\"y\"}}}}"), None),
                (
                    format!("{{\"x\":[{{\"type\":\"T\",\"name\":{text}}}]}}"),
                    Some("params.x[0].name"),
                ),
            ] {
                match written(&params) {
                    Err(Unwritable::Character { at, character: found }) => {
                        assert_eq!(found, character, "{params}");
                        assert!(key.is_none_or(|key| key == at), "{at}");
                    }
                    other => panic!("{params}: {other:?}"),
                }
            }
            for name in [
                OperationName::new(format!("a{character}"), "b"),
                OperationName::new("a", format!("b{character}")),
            ] {
                let error = write(&name, &Params::new()).unwrap_err();
                assert!(matches!(error, Unwritable::Character { .. }), "{error:?}");
            }
        }
    }

    #[test]
    fn what_only_looks_odd_is_written() {
        let params = r#"{"a":"[x(<ä€\u00e4\/'|:,>)","b":"","c":{"d":""},"e":[]}"#;
        assert_eq!(
            written(params).unwrap(),
            r#"{"a":"[x(<ä€ä/'|:,>)","b":"","c":{"d":""},"e":[]}"#
        );
    }

    #[test]
    fn scalars_become_strings_and_null_is_left_out() {
        let params = r#"{"a":null,"b":1.50,"c":-1e3,"d":true,"e":{"f":2},"includeSubpackages":false,"stream":true}"#;
        assert_eq!(
            written(params).unwrap(),
            r#"{"b":"1.50","c":"-1e3","d":"true","e":{"f":"2"},"includeSubpackages":false,"stream":true}"#
        );
    }

    #[test]
    fn other_forms_are_refused_with_where_they_stand() {
        for (params, at) in [
            (r#"{"a":[1]}"#, "params.a[0]"),
            (r#"{"a":[["b"]]}"#, "params.a[0]"),
            (r#"{"a":["b",null]}"#, "params.a[1]"),
            (r#"{"a":["b",{"type":"T","name":"N"}]}"#, "params.a[1]"),
            (r#"{"a":["b",""]}"#, "params.a[1]"),
            (r#"{"a":[{"name":"N","type":"T"}]}"#, "params.a[0]"),
            (r#"{"a":[{"type":"T"}]}"#, "params.a[0]"),
            (r#"{"a":[{"type":"T","name":"N","x":"y"}]}"#, "params.a[0]"),
            (r#"{"a":[{"type":"T","name":1}]}"#, "params.a[0].name"),
            (r#"{"a":[{"type":"","name":"N"}]}"#, "params.a[0].type"),
            (r#"{"a":{"b":{}}}"#, "params.a.b"),
            (r#"{"a":{"b":["c"]}}"#, "params.a.b"),
            (r#"{"a":{"b":null}}"#, "params.a.b"),
            (r#"{"a":"\ud800"}"#, "params.a"),
            (r#"{"includeSubpackages":"true"}"#, "params.includeSubpackages"),
            (r#"{"stream":1}"#, "params.stream"),
            (r#"{"a":{"report":"x"},"report":"y"}"#, "params.a.report"),
        ] {
            assert_eq!(refused_at(params), at, "{params}");
        }
        assert!(written(r#"{"report":"y","a":{"report":"x"}}"#).is_ok(), "the first one wins");
        for name in ["", PARAMS_KEY] {
            let error = write(&OperationName::new(name, "x"), &Params::new()).unwrap_err();
            assert!(matches!(error, Unwritable::Empty { .. } | Unwritable::Mistakable { .. }));
        }
    }
}
