//! Texts whose meaning is small and whose reading might not be.

use longhaul::proto::limits::MAX_VALUES;

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{
    KIB, LARGE, MIB, MOST_LARGE, STREAM, asked, chunk, complete, next, pong, says, sends, text,
};

/// How deep, and how long.
const DEEP: usize = 100_000;
/// How long a text is that is most of a message.
const LONG: usize = LARGE / 4 * 3;

fn patient(task: Task) -> Asked {
    Asked { idle_ms: 60_000, connect_ms: 20_000, ..Asked::to(task) }
}

fn ping() -> Asked {
    patient(Task::Ping(1))
}

fn answer() -> Asked {
    patient(Task::Answer)
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn answering(data: &str) -> impl FnOnce(&str) -> Vec<u8> + Send + 'static + use<> {
    let data = data.to_owned();
    move |id| text(&format!(r#"{{"id":"{id}","success":true,"data":{data}}}"#))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = deep();
    cases.extend(strings());
    cases.extend(misplaced());
    cases.extend(errors());
    cases.extend(results());
    cases.extend(checked());
    cases.extend(records());
    cases
}

fn deep() -> Vec<Case> {
    let unclosed =
        |id: &str| text(&format!(r#"{{"id":"{id}","success":true,"data":{}"#, "[".repeat(8 * MIB)));
    let beside = |id: &str| {
        let deep = nested(DEEP);
        text(&format!(r#"{{"id":"{id}","x":{deep},"success":true,"data":{{"pong":true}}}}"#))
    };
    let objects = |id: &str| {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP));
        text(&format!(r#"{{"id":"{id}","success":true,"data":{deep}}}"#))
    };
    vec![
        Case::new(
            "data 100,000 deep",
            ping(),
            "Operation",
            sends(STREAM, answering(&nested(DEEP))),
        ),
        Case::new("objects 100,000 deep", ping(), "Operation", sends(STREAM, objects)),
        Case::new("100,000 deep where nobody looks", ping(), "ok", sends(STREAM, beside)),
        Case::new(
            "8,000,000 brackets that never close",
            Asked { idle_ms: 3_000, ..ping() },
            "Idle",
            sends(STREAM, unclosed),
        )
        .costs_at_most(16 + 2 * 8),
        Case::command(
            "data 100,000 deep, printed",
            &["call", "test", "x", "--json", "--timeout", "20s"],
            "exit 0 ok",
            sends(STREAM, answering(&nested(DEEP))),
        ),
    ]
}

fn strings() -> Vec<Case> {
    // Each becomes six bytes when it is mended.
    let control = |id: &str| {
        let raw = "\u{1}".repeat(8 * MIB);
        let unreadable = text(&format!(r#"{{"id":"{id}","success":true,"data":{{"x":"{raw}"}}}}"#));
        [unreadable, pong(id)].concat()
    };
    let escapes = |id: &str| {
        let escaped = r"\ud83d\ude00".repeat(MIB / 2);
        text(&format!(r#"{{"id":"{id}","success":true,"data":{{"pong":true,"x":"{escaped}"}}}}"#))
    };
    vec![
        Case::new("8 MiB of raw control characters", ping(), "ok", sends(STREAM, control))
            .costs_at_most(16 + 2 * 8),
        Case::new("6 MiB of escapes", ping(), "ok", sends(STREAM, escapes))
            .costs_at_most(16 + 2 * 6),
    ]
}

/// Long strings where none belongs. Each of their characters is written as six where it is shown.
fn misplaced() -> Vec<Case> {
    let says = |line: &'static str| {
        sends(STREAM, move |id| {
            let long = "\u{7f}".repeat(LONG);
            text(&line.replace("ID", id).replace("LONG", &long))
        })
    };
    let before_pong = |line: &'static str| {
        sends(STREAM, move |id| {
            let long = "\u{7f}".repeat(LONG);
            [text(&line.replace("ID", id).replace("LONG", &long)), pong(id)].concat()
        })
    };
    let strings = || patient(Task::Strings);
    let data = |data: &'static str| answering(&data.replace("LONG", &"\u{7f}".repeat(LONG)));
    let all = vec![
        Case::new(
            "a long string as success",
            answer(),
            "Transfer/Frame/Invalid",
            says(r#"{"id":"ID","success":"LONG"}"#),
        ),
        Case::new(
            "a long string as done",
            ping(),
            "Transfer/Frame/Invalid",
            says(r#"{"id":"ID","type":"progress","done":"LONG"}"#),
        ),
        Case::new(
            "a long string as error",
            answer(),
            "Server/UNSPECIFIED",
            says(r#"{"id":"ID","success":false,"error":"LONG"}"#),
        ),
        Case::new(
            "a long string as error of nobody",
            ping(),
            "ok",
            before_pong(r#"{"id":"error","success":false,"error":"LONG"}"#),
        ),
        Case::new("a long string as frame", ping(), "ok", before_pong(r#""LONG""#)),
        Case::new(
            "a long string as list",
            strings(),
            "Operation",
            sends(STREAM, data(r#""LONG""#)),
        ),
        Case::new(
            "a long string in a list of lists",
            patient(Task::Lists),
            "Operation",
            sends(STREAM, data(r#"[[],"LONG"]"#)),
        ),
        Case::new(
            "a long string as pong",
            ping(),
            "Operation",
            sends(STREAM, data(r#"{"pong":"LONG"}"#)),
        ),
        Case::command(
            "a long string as types",
            &["types", "--json", "--timeout", "60s"],
            "exit 5 broken",
            sends(STREAM, data(r#"{"types":"LONG"}"#)),
        ),
        Case::command(
            "a long string as one type",
            &["types", "--json", "--timeout", "60s"],
            "exit 5 broken",
            sends(STREAM, data(r#"{"types":[{"type":["LONG"]}]}"#)),
        ),
    ];
    all.into_iter().map(|case| case.costs_at_most(MOST_ANSWER_MIB)).collect()
}

fn errors() -> Vec<Case> {
    let error = |code: usize, message: usize| {
        says(STREAM, move |id| {
            let (code, message) = ("C".repeat(code), "m".repeat(message));
            vec![format!(
                r#"{{"id":"{id}","success":false,"error":{{"code":"{code}","message":"{message}"}}}}"#
            )]
        })
    };
    let object = says(STREAM, |id| {
        let inside = "1,".repeat(LONG / 2);
        vec![format!(r#"{{"id":"{id}","success":false,"error":{{"message":[{inside}1]}}}}"#)]
    });
    vec![
        Case::new(
            "an error with 48 MiB of message",
            answer(),
            "Server/UNSPECIFIED",
            error(0, LONG),
        )
        .costs_at_most(MOST_LARGE),
        Case::new(
            "an error with 48 MiB of code",
            answer(),
            "Server/CCCCCCCCCCCCCCCCCCCC",
            error(LONG, 0),
        )
        .costs_at_most(MOST_LARGE),
        Case::new("an error whose message is a list", answer(), "Server/UNSPECIFIED", object)
            .costs_at_most(MOST_LARGE),
        Case::command(
            "an error with 48 MiB of message, printed",
            &["call", "test", "x", "--json"],
            "exit 4 refused",
            error(3, LONG),
        )
        .costs_at_most(MOST_LARGE),
    ]
}

/// An answer is there twice while it is made sense of: as it came and as data, then as that and as what
/// the caller gets.
const MOST_ANSWER_MIB: u64 = 16 + 2 * (LONG / MIB) as u64;

/// A list that has as many values as are read costs what they take, some 48 bytes each.
const MOST_VALUES_MIB: u64 = 16 + 48 * 2 + 64;
/// In debug builds the message is too small for so many.
const TYPES_END: &str = "exit 5 limit";

fn empty_strings() -> String {
    format!("[{}\"\"]", "\"\",".repeat(LONG / 3))
}

/// A result of one field, a list of as many entries as there is room for.
fn entries(field: &str, entry: &str) -> String {
    let list = format!("{}{entry}", format!("{entry},").repeat(LONG / (entry.len() + 1)));
    format!(r#"{{"{field}":[{list}]}}"#)
}

/// What `longhaul check` looks at.
fn checked() -> Vec<Case> {
    vec![
        Case::command(
            "large answers to all, checked",
            &["check", "--section", "2", "--json", "--timeout", "60s"],
            "exit 4 ok",
            asked(STREAM, |mut asked| async move {
                let long = "\x7f".repeat(LARGE / 5);
                loop {
                    let id = &asked.id;
                    let data = format!(r#"{{"pong":true,"timestamp":"{long}"}}"#);
                    let answer = format!(r#"{{"id":"{id}","success":true,"data":{data}}}"#);
                    asked.peer.send(&text(&answer)).await;
                    let Some(more) = next(asked.peer).await else { return };
                    asked = more;
                }
            }),
        )
        .costs_at_most(16 + 4 * (LARGE / 5 / MIB) as u64),
        Case::command(
            "16 million types, checked",
            &["check", "--section", "10", "--json", "--timeout", "60s"],
            "exit 4 ok",
            sends(STREAM, answering(&entries("types", r#""""#))),
        )
        .costs_at_most(MOST_ANSWER_MIB),
        Case::command(
            "a million objects of one member, checked",
            &["check", "--section", "10", "--json", "--timeout", "60s"],
            "exit 0 ok",
            sends(STREAM, answering(&format!(r#"{{"x":[{}0]}}"#, r#"{"":0},"#.repeat(1_000_000)))),
        )
        .costs_at_most(MOST_LARGE),
        Case::command(
            "8 million members, checked",
            &["check", "--section", "10", "--json", "--timeout", "60s"],
            "exit 4 ok",
            sends(STREAM, |id| {
                let members = r#""a":1,"#.repeat(LONG / 6);
                text(&format!(r#"{{{members}"id":"{id}","success":true}}"#))
            }),
        )
        .costs_at_most(MOST_ANSWER_MIB),
    ]
}

fn results() -> Vec<Case> {
    let skipped = |entry: &'static str| {
        says(STREAM, move |id| {
            let list = format!("{}{entry}", format!("{entry},").repeat(LONG / (entry.len() + 1)));
            let start = chunk(id, 1, &crate::archives::one_object());
            let end = complete(id, 1)
                .replace(r#""data":{}"#, &format!(r#""data":{{"skipped":[{list}]}}"#));
            vec![start, end]
        })
    };
    let export = ["export", "$DEMO", "--no-shard", "--json", "--timeout", "60s"];
    vec![
        Case::new(
            "an answer of 48 MiB",
            answer(),
            if cfg!(debug_assertions) { "ok 6291458" } else { "ok 50331650" },
            sends(STREAM, answering(&format!("\"{}\"", "x".repeat(LONG)))),
        )
        .costs_at_most(MOST_ANSWER_MIB),
        Case::command(
            "an answer of 48 MiB, printed",
            &["call", "test", "x"],
            "exit 0 ok",
            sends(STREAM, answering(&format!("\"{}\"", "x".repeat(LONG)))),
        )
        .costs_at_most(MOST_ANSWER_MIB),
        Case::command(
            "16 million types",
            &["types", "--json", "--timeout", "60s"],
            TYPES_END,
            sends(STREAM, answering(&entries("types", r#""""#))),
        )
        .costs_at_most(MOST_LARGE),
        Case::new(
            "16 million strings as untyped answer",
            patient(Task::Strings),
            "Operation",
            sends(STREAM, answering(&empty_strings())),
        )
        .costs_at_most(MOST_LARGE),
        Case::new(
            "16 million strings, left as text",
            answer(),
            if cfg!(debug_assertions) { "ok 6291460" } else { "ok 50331652" },
            sends(STREAM, answering(&empty_strings())),
        )
        .costs_at_most(MOST_ANSWER_MIB),
        Case::command(
            "as many types as are read",
            &["types", "--json", "--timeout", "60s"],
            "exit 0 ok",
            sends(
                STREAM,
                answering(&format!(r#"{{"types":[{}""]}}"#, r#""","#.repeat(MAX_VALUES - 2))),
            ),
        )
        .costs_at_most(MOST_VALUES_MIB),
        Case::command("16 million entries in skipped", &export, "exit 6 ok", skipped("{}"))
            .costs_at_most(MOST_LARGE),
        Case::command(
            "a million entries in skipped",
            &export,
            "exit 6 ok",
            skipped(r#"{"type":"CLAS","name":"ZCL_A","reason":"no"}"#),
        )
        .costs_at_most(MOST_LARGE),
    ]
}

fn records() -> Vec<Case> {
    let payload = |bytes: Vec<u8>| {
        says(STREAM, move |id| {
            let count = bytes.len().div_ceil(768 * KIB) as u64;
            let chunks = bytes.chunks(768 * KIB).zip(1..).map(|(piece, seq)| chunk(id, seq, piece));
            chunks.chain([complete(id, count)]).collect()
        })
    };
    let records = || patient(Task::Records);
    let endless = [b"[\"".to_vec(), vec![b'x'; 8 * MIB]].concat();
    vec![
        Case::new("a record that never ends", records(), "Record/TooLarge", payload(endless)),
        Case::new(
            "a record 100,000 deep",
            records(),
            "Record/TooDeep",
            payload(format!("[{}]", nested(DEEP)).into_bytes()),
        ),
        Case::new(
            "8 MiB of white space and no record",
            records(),
            "ok 0",
            payload(vec![b' '; 8 * MIB]),
        ),
        Case::new(
            "4 million records of one digit",
            records(),
            if cfg!(debug_assertions) { "ok 131072" } else { "ok 4194304" },
            payload(b"1\n".repeat(if cfg!(debug_assertions) { 128 * KIB } else { 4 * MIB })),
        ),
    ]
}
