//! The same as `serde_json` reads, and errors that cost little.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::*;
use crate::proto::json::LossyText;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// Reads it both ways.
fn same<T: DeserializeOwned + PartialEq + Debug>(json: &str) {
    let is = walk::<T>(&raw(json));
    let wanted = serde_json::from_str::<T>(json);
    match (is, wanted) {
        (Ok(is), Ok(wanted)) => assert_eq!(is, wanted, "{json}"),
        (Err(_), Err(_)) => {}
        different => panic!("{json}: {different:?}"),
    }
}

/// An error that is short.
fn cost<T: DeserializeOwned + Debug>(json: &str) {
    let error = walk::<T>(&raw(json)).unwrap_err();
    assert!(error.to_string().len() < 2 * MOST_ERROR_BYTES, "{json:.30}");
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
        assert_eq!(walk::<Box<RawValue>>(&raw(json)).unwrap().get(), json);
        assert_eq!(walk::<&RawValue>(&raw(json)).unwrap().get(), json);
    }
    assert_eq!(
        walk::<Vec<&RawValue>>(&raw(r#"[ "]" , {"a":[ ]} ]"#)).unwrap()[1].get(),
        r#"{"a":[ ]}"#
    );
}

#[test]
fn keys_that_stand_for_numbers_have_no_space_around_them() {
    for key in ["1", " 1", "1 ", "-1", "x", "", "01"] {
        same::<HashMap<u8, u8>>(&format!(r#"{{"{key}":1}}"#));
    }
    for key in ["true", " true"] {
        same::<HashMap<bool, u8>>(&format!(r#"{{"{key}":1}}"#));
    }
}

#[test]
fn depth_ends_where_it_does_elsewhere() {
    for depth in [MAX_VALUE_DEPTH - 1, MAX_VALUE_DEPTH] {
        same::<Value>(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        same::<Value>(&format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(walk::<IgnoredAny>(&raw(&deep)).is_ok());
    assert!(walk::<Box<RawValue>>(&raw(&deep)).is_ok());
}

#[test]
fn an_error_tells_the_beginning_and_the_place() {
    let long = format!("\"{}\"", "\u{7f}".repeat(100_000));
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
    let error = walk::<Vec<u8>>(&raw("[1,\n 2,\n \"x\"]")).unwrap_err();
    assert_eq!((error.line(), error.column()), (3, 4));
}

#[test]
fn long_strings_are_found_wherever_they_stand() {
    let long = "x".repeat(SHORT_BYTES);
    for (before, behind) in [("", ""), ("[1,", "]"), ("[\"a\\\"\",{\"b\":[", "]}]")] {
        assert!(has_long_string(&format!("{before}\"{long}\"{behind}")));
        assert!(!has_long_string(&format!("{before}\"{}\"{behind}", &long[2..])));
    }
    assert!(has_long_string(&format!("{{\"{long}\":1}}")));
    assert!(!has_long_string(&"[1,\"a\"]".repeat(1_000)));
}

#[test]
fn types_of_every_form_are_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Plain {
        a: u8,
        b: String,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Nothing;
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair(u8, String);
    for json in
        [r#"{"a":1,"b":"x"}"#, r#"{"a":1}"#, r#"[1,"x"]"#, "[1]", "{}", "null", "1", r#""x""#]
    {
        same::<Plain>(json);
        same::<Nothing>(json);
        same::<Pair>(json);
    }
    // What asks for bytes gets a string also where it is none of Unicode.
    let LossyText(text) = walk(&raw(r#""a\ud800b""#)).unwrap();
    assert_eq!((text.starts_with("a\u{fffd}"), text.ends_with('b')), (true, true));
    assert!(walk::<LossyText>(&raw("[1]")).is_err());
}
