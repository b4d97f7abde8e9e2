//! JSON for people and for programs, out of JSON that is already text.
//!
//! The text is not read into values and written again: that would reorder keys and round numbers.

use crate::clean::is_unsafe;

/// White space taken out, characters that could act on a terminal escaped.
///
/// `json` must be valid.
pub(crate) fn compact(json: &str) -> String {
    lay_out(json, None)
}

/// As [`compact`], with a line for each member.
pub(crate) fn pretty(json: &str) -> String {
    lay_out(json, Some("  "))
}

fn lay_out(json: &str, indent: Option<&str>) -> String {
    let mut out = String::with_capacity(json.len());
    let mut depth = 0_usize;
    let new_line = |out: &mut String, depth: usize| {
        if let Some(indent) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(indent, depth));
        }
    };
    let mut chars = json.chars().filter(|c| !matches!(c, '\n' | '\r')).peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => push_string(&mut out, &mut chars),
            ' ' | '\t' => {}
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
                if let Some(close) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(if indent.is_some() { ": " } else { ":" }),
            c => out.push(c),
        }
    }
    out
}

/// Copies the rest of a string, up to and with its closing quote.
fn push_string(out: &mut String, chars: &mut impl Iterator<Item = char>) {
    out.push('"');
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            // All of them stand below U+10000, so one escape holds each.
            c if is_unsafe(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_stay() {
        let json = "{ \"b\" : 1.10,\n\"a\":[ 12345678901234567890123, { } , [ ] ] }";
        assert_eq!(compact(json), r#"{"b":1.10,"a":[12345678901234567890123,{},[]]}"#);
        assert_eq!(
            pretty(json),
            "{\n  \"b\": 1.10,\n  \"a\": [\n    12345678901234567890123,\n    {},\n    []\n  ]\n}"
        );
    }

    #[test]
    fn strings_stay_and_cannot_act_on_a_terminal() {
        let json = "[\"a b:\\\"{,\\\\\",\"\u{9b}2J\u{7f}\u{202e}\",\"\\u001b[0m\"]";
        let laid_out = compact(json);
        assert_eq!(laid_out, r#"["a b:\"{,\\","\u009b2J\u007f\u202e","\u001b[0m"]"#);
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&laid_out), read(json));
        assert_eq!(read(&pretty(json)), read(json));
    }

    #[test]
    fn single_values_are_json_too() {
        for json in ["null", "5", "\"x\"", "true", "{}", "[]"] {
            assert_eq!(pretty(json), json);
        }
    }
}
