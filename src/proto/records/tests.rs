use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SMALL: RecordLimits = RecordLimits { max_record_bytes: 8 };

/// What comes of some pieces: the records' texts, and how it ended.
type Outcome = (Vec<Vec<u8>>, Result<(), String>);

fn split<'a>(limits: RecordLimits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut splitter = RecordSplitter::new(limits);
    let mut records = Vec::new();
    let mut take = |record: Record<'_>| {
        records.push(record.json.to_vec());
        assert_eq!(record.index, records.len() as u64);
    };
    let run = || {
        for mut piece in pieces {
            while let Some(record) = splitter.next_in(&mut piece)? {
                take(record);
            }
            assert!(piece.is_empty());
            assert!(splitter.held.len() <= limits.max_record_bytes);
        }
        splitter.finish().map(|last| last.into_iter().for_each(&mut take))
    };
    let verdict = run().map_err(|error| format!("{error:?}"));
    match &verdict {
        Ok(()) => assert!(splitter.finish().unwrap().is_none()),
        Err(error) => {
            assert_eq!(&format!("{:?}", splitter.next_in(&mut &b"1\n"[..]).unwrap_err()), error);
            assert_eq!(&format!("{:?}", splitter.finish().unwrap_err()), error);
        }
    }
    (records, verdict)
}

fn whole(text: &[u8]) -> Outcome {
    split(RecordLimits::default(), [text])
}

fn texts(text: &str) -> Vec<String> {
    let (records, verdict) = whole(text.as_bytes());
    verdict.unwrap();
    records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
}

fn error(limits: RecordLimits, text: &str) -> RecordError {
    let mut records = RecordSplitter::new(limits);
    let mut piece = text.as_bytes();
    loop {
        match records.next_in(&mut piece) {
            Ok(Some(_)) => {}
            Ok(None) => return records.finish().unwrap_err(),
            Err(error) => return error,
        }
    }
}

/// The text in pieces that end at these places.
fn cut<'a>(text: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places.iter().map(|place| place % (text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

#[test]
fn lines_are_records() {
    assert_eq!(texts("{\"a\":1}\n2\r\n \t\n\r\n \"x\" \n[3]"), ["{\"a\":1}", "2", "\"x\"", "[3]"]);
    assert_eq!(texts("\u{feff}\r\n null\n"), ["null"]);
    assert_eq!(texts("1"), ["1"]);
}

#[test]
fn elements_of_an_array_are_records() {
    let pretty = "\u{feff} \n[\r\n  {\"a\": [1, {\"b\": \"]},\\\"\"}]} ,\n  \"[\", 2\n]\r\n";
    assert_eq!(texts(pretty), ["{\"a\": [1, {\"b\": \"]},\\\"\"}]}", "\"[\"", "2"]);
    assert_eq!(texts("[\"\\\\\",\"\\\\\\\"\"]"), ["\"\\\\\"", "\"\\\\\\\"\""]);
    assert_eq!(texts("[[],[[]],{}]"), ["[]", "[[]]", "{}"]);
}

#[test]
fn nothing_is_no_record() {
    for text in ["", " \r\n\t\n", "\u{feff}", "\u{feff}\n", "[]", " [ \n ] \n"] {
        assert_eq!(texts(text), [""; 0], "{text:?}");
    }
}

#[test]
fn every_way_to_cut_in_two_gives_the_same() {
    for text in [
        "{\"a\":1}\r\n\"x\\\"y\\\\\"\n\n[1,{}]\n 7 ",
        "\u{feff}[ {\"a\":\"\\\\\"}, \"\\\"],[\" ,[[1],{\"b\":{}}],null , 12 ] \n",
        "[]",
        "[1,,2]",
        "[1,2] 3",
        "[1,{\"a\":[2}]",
        "[1,2",
        "\u{feff}\u{feff}1",
        "[12345678 , 123456789]",
        "12345678   \r\n12345678 9\n",
        "12345678\n123456789",
        "[1, [[[[[[[[[[]]]]]]]]]]",
        "[12345678       ,1]",
        "[12345678       1]",
    ] {
        for limits in [RecordLimits::default(), SMALL] {
            let expected = split(limits, [text.as_bytes()]);
            for at in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(at);
                assert_eq!(split(limits, [first, second]), expected, "{text:?} at {at}");
            }
            let single: Vec<_> = text.as_bytes().chunks(1).collect();
            assert_eq!(split(limits, single), expected, "{text:?} byte by byte");
        }
    }
}

#[test]
fn a_record_inside_one_piece_is_not_copied() {
    let text = b"[1, {\"a\":2}]";
    let mut splitter = RecordSplitter::new(RecordLimits::default());
    let mut piece = &text[..];
    assert!(splitter.next_in(&mut piece).unwrap().is_some());
    let record = splitter.next_in(&mut piece).unwrap().unwrap();
    assert_eq!(record.json.as_ptr(), text[4..].as_ptr());
    assert_eq!(splitter.held.capacity(), 0);
}

#[test]
fn a_record_may_be_as_large_as_the_limit() {
    for text in ["12345678", "12345678\n", " 12345678  \r\n1", "[12345678]", "[ 12345678  ,1]"] {
        assert_eq!(split(SMALL, [text.as_bytes()]).1, Ok(()), "{text:?}");
    }
    for text in ["123456789", "1\n12345678 9\n", "[1,123456789", "[1,\"12345678,"] {
        let index = if text.starts_with("12") { 1 } else { 2 };
        let found = error(SMALL, text);
        assert!(
            matches!(found, RecordError::TooLarge { index: i, limit: 8 } if i == index),
            "{text:?}: {found:?}"
        );
        assert!(found.is_limit());
    }
}

#[test]
fn white_space_behind_a_record_is_not_held() {
    let mut splitter = RecordSplitter::new(SMALL);
    assert!(splitter.next_in(&mut &b"1234567"[..]).unwrap().is_none());
    for _ in 0..1000 {
        assert!(splitter.next_in(&mut &b"    "[..]).unwrap().is_none());
    }
    assert_eq!(splitter.held.len(), 8);
    assert_eq!(splitter.finish().unwrap().unwrap().json, b"1234567");
}

#[test]
fn an_array_may_be_as_deep_as_the_limit() {
    let deep = |n: usize| format!("[{}{}]", "[{\"a\":".repeat(n / 2), "}]".repeat(n / 2));
    assert_eq!(whole(deep(128).as_bytes()).1, Ok(()));
    let found = error(RecordLimits::default(), &deep(130));
    assert!(matches!(found, RecordError::TooDeep { index: 1, limit: MAX_RECORD_DEPTH }));
}

#[test]
fn an_array_that_is_not_closed_is_truncated() {
    let text = "[1, {\"a\":\"x]\"}, [2]]";
    for at in 1..text.len() {
        let found = error(RecordLimits::default(), &text[..at]);
        let RecordError::Truncated { index, offset } = found else { panic!("{at}: {found:?}") };
        assert_eq!(offset, at as u64);
        assert_eq!(
            index,
            if at < 3 {
                1
            } else if at < 15 {
                2
            } else {
                3
            },
            "{at}"
        );
    }
    assert!(matches!(
        whole(b"\xef\xbb").1,
        Err(error) if error.contains("Truncated")
    ));
}

#[test]
fn what_cannot_be_split_is_malformed() {
    for (text, at) in [
        ("[,1]", (1, 1, b',')),
        ("[1,]", (2, 3, b']')),
        ("[1,,2]", (2, 3, b',')),
        ("[1}", (1, 2, b'}')),
        ("[{]}]", (1, 2, b']')),
        ("[[}", (1, 2, b'}')),
        ("[1] 2", (2, 4, b'2')),
        ("[]\n[]", (1, 3, b'[')),
        ("\u{feff}[1]]", (2, 6, b']')),
    ] {
        let found = error(RecordLimits::default(), text);
        let RecordError::Malformed { index, offset, byte } = found else {
            panic!("{text:?}: {found:?}")
        };
        assert_eq!((index, offset, byte), at, "{text:?}");
    }
}

#[test]
fn a_record_that_is_no_json_does_not_stop_the_others() {
    let mut splitter = RecordSplitter::new(RecordLimits::default());
    let mut piece = &b"{\"a\"\n\"x\"\n3"[..];
    let broken = splitter.next_in(&mut piece).unwrap().unwrap().parse::<Value>();
    assert!(matches!(broken, Err(RecordError::Invalid { index: 1, source }) if source.is_eof()));
    let text = splitter.next_in(&mut piece).unwrap().unwrap();
    assert!(matches!(text.parse::<u32>(), Err(RecordError::Invalid { index: 2, .. })));
    assert_eq!(text.parse::<String>().unwrap(), "x");
    assert!(splitter.next_in(&mut piece).unwrap().is_none());
    assert_eq!(splitter.finish().unwrap().unwrap().parse::<u32>().unwrap(), 3);
}

#[test]
fn debug_output_has_no_payload() {
    let mut splitter = RecordSplitter::new(RecordLimits::default());
    let record = Record { index: 3, json: b"secret" };
    assert_eq!(format!("{record:?}"), "Record(3, 6 bytes)");
    assert!(splitter.next_in(&mut &b"secret"[..]).unwrap().is_none());
    assert!(!format!("{splitter:?}").contains("115"), "{splitter:?}");
}

#[test]
fn records_of_a_kept_payload_are_visited() {
    let text = (0..50_000).map(|n| format!("{{\"n\":{n}}}\n")).collect::<Vec<_>>().concat();
    let mut sum = 0;
    let count = each_record(&mut Cursor::new(&text), RecordLimits::default(), |record| {
        sum += record.parse::<Value>()?["n"].as_u64().unwrap();
        Ok(())
    });
    assert_eq!((count.unwrap(), sum), (50_000, 50_000 * 49_999 / 2));
    let refused = each_record(&mut Cursor::new("1\nx\n"), RecordLimits::default(), |record| {
        record.parse::<u32>().map(drop)
    });
    assert!(matches!(refused, Err(RecordError::Invalid { index: 2, .. })));
}

/// Time in bytes, not in bytes times pieces: this would take minutes otherwise.
#[test]
fn a_large_record_in_single_bytes_takes_linear_time() {
    for text in [
        format!("[\"{}\"]", "x".repeat(1_000_000)),
        format!("\"{}\"\n", "x".repeat(1_000_000)),
        format!("1{}\n", " ".repeat(1_000_000)),
        "\n".repeat(1_000_000),
    ] {
        assert_eq!(split(RecordLimits::default(), text.as_bytes().chunks(1)).1, Ok(()));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text = r#"([\[\]{}",:\\\r\n \t]|[a-zé☃😀]){0,8}"#;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn written(values: &[Value], form: u8) -> String {
    let lines =
        |end: &str| values.iter().map(|value| format!("{value}{end}")).collect::<Vec<_>>().concat();
    match form {
        0 => lines("\n"),
        1 => lines("\r\n"),
        2 => format!("\u{feff}{}", lines(" \r\n\n")),
        3 => lines("\n").trim_end().to_owned(),
        4 => json!(values).to_string(),
        _ => serde_json::to_string_pretty(values).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn values_come_back_however_they_are_written_and_cut(
        values in proptest::collection::vec(value(), 0..8),
        form in 0_u8..6,
        places in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        // A list on the first line would be taken for the array.
        let form = if matches!(values.first(), Some(Value::Array(_))) { form / 4 + 4 } else { form };
        let text = written(&values, form);
        let (records, verdict) = split(RecordLimits::default(), cut(text.as_bytes(), &places));
        prop_assert_eq!(verdict, Ok(()));
        let read: Vec<Value> =
            records.iter().map(|record| serde_json::from_slice(record).unwrap()).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn garbage_gives_the_same_however_it_is_cut(
        text in r#"[\[{]{0,2}([\[\]{}",:\\\r\n 1]|☃){0,40}"#,
        limit in 0_usize..20,
        places in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        let limits = RecordLimits { max_record_bytes: limit };
        let expected = split(limits, [text.as_bytes()]);
        prop_assert_eq!(split(limits, cut(text.as_bytes(), &places)), expected);
    }

    #[test]
    fn any_bytes_do_no_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        places in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        let expected = whole(&bytes);
        prop_assert_eq!(split(RecordLimits::default(), cut(&bytes, &places)), expected);
    }
}
