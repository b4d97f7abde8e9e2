//! The test vectors, as first inputs.

use std::path::Path;
use std::{fs, io};

use serde_json::Value;

/// All cases of `tests/vectors/*.json`, which are described in its README.
#[derive(Debug)]
pub struct Vectors(Vec<Value>);

impl Vectors {
    /// Reads them.
    ///
    /// # Errors
    /// What the system says, also where a file is no JSON.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        let mut cases = Vec::new();
        for path in paths {
            let mut file: Value = serde_json::from_slice(&fs::read(path)?)?;
            if let Some(Value::Array(list)) = file.get_mut("cases").map(Value::take) {
                cases.extend(list);
            }
        }
        Ok(Self(cases))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The cases of one kind.
    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |case| case["kind"] == kind)
    }

    /// The texts that the cases of one kind have, each with `head` before it.
    pub(crate) fn texts(&self, kind: &str, head: &[u8]) -> Vec<Vec<u8>> {
        let texts = self.of(kind).flat_map(|case| match &case["messages"] {
            Value::Array(messages) => messages.iter().filter_map(message_text).collect(),
            _ => Vec::from_iter(case["text"].as_str().map(str::to_owned)),
        });
        texts.map(|text| [head, text.as_bytes()].concat()).collect()
    }
}

/// The text of one message of a case, if it is one.
pub(crate) fn message_text(message: &Value) -> Option<String> {
    if let Some(repeated) = message.get("repeat") {
        let text = repeated["text"].as_str()?;
        return Some(text.replace("{n}", &repeated["from"].to_string()));
    }
    message.as_str().or_else(|| message.get("resumed")?.get("text")?.as_str()).map(str::to_owned)
}

/// The bytes that `digits` stand for.
pub(crate) fn from_hex(digits: &str) -> Vec<u8> {
    let digits: Vec<_> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .filter_map(|pair| pair.iter().copied().reduce(|a, b| a * 16 + b)?.try_into().ok())
        .collect()
}
