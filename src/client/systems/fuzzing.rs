//! What is read of a system has its form, and errors keep what a file holds to themselves.
#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use serde_json::Value;

use super::SystemsFile;
use crate::fuzzing::Vectors;

/// Every system that a file names is read or said to be wrong, with values of the right form; what
/// is said repeats no value.
///
/// Input: the file.
pub fn systems(data: &[u8]) {
    let file = match SystemsFile::read(data) {
        Ok(file) => file,
        Err(error) => return assert!(error.to_string().len() < 100, "{error}"),
    };
    if let Err(error) = file.default_name() {
        assert_eq!(error.to_string(), "has a \"default\" that is not a text");
    }
    let names: Vec<_> = file.names().map(str::to_owned).collect();
    for name in names {
        match file.system(&name) {
            Ok(None) => unreachable!("it is named"),
            Ok(Some(entry)) => {
                let texts = [&entry.url, &entry.user, &entry.cookie_file];
                for text in texts.into_iter().flatten() {
                    assert!(!text.is_empty() && text.trim() == text);
                }
                let is_number = |it: &String| it.len() == 3 && it.parse::<u16>().is_ok();
                assert!(entry.client.as_ref().is_none_or(is_number));
                assert!(entry.language.iter().all(|it| (1..3).contains(&it.len())));
                let cookies = file.0["systems"][&name]["cookie_string"].as_str();
                let is_secret = cookies.filter(|it| it.len() > 30 && !in_other_words(&file.0, it));
                assert!(is_secret.is_none_or(|it| !format!("{entry:?}").contains(it)));
            }
            Err(error) => {
                let text = error.to_string().replacen(&format!("{name:?}"), "", 1);
                let fixed = "system  has a \"cookie_string\" that is not three digits such as 001";
                assert!(text.len() <= fixed.len(), "{text}");
            }
        }
    }
}

pub(crate) fn seeds(_: &Vectors) -> Vec<Vec<u8>> {
    [
        r#"{"default":"a4h","systems":{"a4h":{"url":"https://h:44300","user":"ME","client":"100",
            "language":"de","insecure":true,"cookie_file":"c.txt","cookie_string":"a=b"}}}"#,
        "\u{feff}{\"systems\":{\"1\":{\"url\":\" http://h \",\"user\":7,\"client\":1,
            \"language\":null,\"insecure\":\"yes\",\"cookie_file\":\"\"}}}\r\n",
        r#"{"systems":{"a":{"url":["hidden"]},"b":{"client":1000},"c":"hidden"},"default":[]}"#,
        r#"{"systems":{"a":{"insecure":"hidden"},"b":{"insecure":0},"c":{"language":"EN-US"}}}"#,
        "[]",
        "{",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

/// Whether a text stands anywhere else than where it is a secret.
fn in_other_words(file: &serde_json::Map<String, Value>, text: &str) -> bool {
    let whole = serde_json::to_string(file).unwrap();
    let quoted = serde_json::to_string(text).unwrap();
    whole.matches(quoted.trim_matches('"')).count() > 1
}
