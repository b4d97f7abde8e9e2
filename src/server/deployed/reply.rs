//! Answers as a handler writes them that joins strings: not every one is valid JSON.

use serde_json::Value;

use crate::proto::MessageId;
use crate::server::refusal::Refusal;

/// The answer to a request that went well.
pub(in crate::server) fn success(id: &str, data: &Value) -> String {
    let mut json = head(id);
    json.push_str(",\"success\":true,\"data\":");
    push_value(&mut json, data);
    json.push('}');
    json
}

/// The answer to one that did not. In errors of `git` tabs go out raw too.
pub(in crate::server) fn failure(id: &str, refusal: &Refusal) -> String {
    let tab = if refusal.code == Refusal::GIT_ERROR { "\t" } else { "\\t" };
    let mut json = head(id);
    json.push_str(",\"success\":false,\"error\":{\"code\":");
    push_quoted(&mut json, refusal.code, tab);
    json.push_str(",\"message\":");
    push_quoted(&mut json, &refusal.message, tab);
    if let Some(pause) = refusal.retry_after {
        json.push_str(&format!(",\"retryAfterMs\":{}", pause.as_millis()));
    }
    json.push_str("}}");
    json
}

/// The answer to what has no id.
pub(in crate::server) fn unreadable() -> String {
    let refusal = Refusal::new(Refusal::PARSE_ERROR, "Invalid message format");
    failure(MessageId::RESERVED[1], &refusal)
}

/// A string with its quotes; only quotes, backslashes, line ends and tabs are escaped.
pub(in crate::server) fn quoted(text: &str) -> String {
    let mut json = String::new();
    push_quoted(&mut json, text, "\\t");
    json
}

fn head(id: &str) -> String {
    format!("{{\"id\":{}", quoted(id))
}

fn push_quoted(json: &mut String, text: &str, tab: &str) {
    json.push('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => json.push_str("\\\\"),
            '"' => json.push_str("\\\""),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' => json.push_str("\\n"),
            '\t' => json.push_str(tab),
            c => json.push(c),
        }
    }
    json.push('"');
}

/// Writes a value; it is of our own making, so it is not deep.
fn push_value(json: &mut String, value: &Value) {
    match value {
        Value::String(text) => push_quoted(json, text, "\\t"),
        Value::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                push_value(json, item);
            }
            json.push(']');
        }
        Value::Object(members) => {
            json.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                push_quoted(json, key, "\\t");
                json.push(':');
                push_value(json, member);
            }
            json.push('}');
        }
        other => json.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn control_characters_go_out_raw() {
        let text = "a\r\nb\rc\u{1}d\u{c}e\tf\\g\"h";
        assert_eq!(quoted(text), "\"a\\nb\rc\u{1}d\u{c}e\\tf\\\\g\\\"h\"");
        let git = failure("a\\b", &Refusal::new(Refusal::GIT_ERROR, "x\ty"));
        assert!(git.starts_with("{\"id\":\"a\\\\b\",\"success\":false"), "{git}");
        assert!(git.contains("\"x\ty\""), "{git}");
        let other = failure("a", &Refusal::new(Refusal::UNKNOWN_ACTION, "x\ty"));
        assert!(other.contains("\"x\\ty\""), "{other}");
    }

    #[test]
    fn values_are_json_where_their_strings_are() {
        let data = json!({"a": [1, null, {"b": "c\"\\"}], "d": {}, "e": true});
        let answer: Value = serde_json::from_str(&success("a", &data)).unwrap();
        assert_eq!(answer, json!({"id": "a", "success": true, "data": data}));
        assert!(unreadable().starts_with(r#"{"id":"unknown","success":false"#));
    }
}
