//! JSON for people and for programs, out of JSON that is already text.
//!
//! The text is not read into values and written again: that would reorder keys and round numbers.

use std::io;

use crate::clean::is_unsafe;

/// How deep lines are indented; what stands deeper goes on in the same line, or 100,000 brackets would
/// become gigabytes of spaces.
const MOST_INDENTED: usize = 32;

/// White space taken out, characters that could act on a terminal escaped.
///
/// `json` must be valid.
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    // A string takes all that is written.
    let _ = lay_out(json, None, &mut |piece| {
        out.push_str(piece);
        Ok(())
    });
    out
}

/// Writes `json` as [`compact`] has it.
pub(crate) fn write_compact(json: &str, out: &mut impl io::Write) -> io::Result<()> {
    lay_out(json, None, &mut |piece| out.write_all(piece.as_bytes()))
}

/// Writes `json` with a line for each member.
pub(crate) fn write_pretty(json: &str, out: &mut impl io::Write) -> io::Result<()> {
    lay_out(json, Some("  "), &mut |piece| out.write_all(piece.as_bytes()))
}

type Put<'a> = dyn FnMut(&str) -> io::Result<()> + 'a;

fn lay_out(json: &str, indent: Option<&str>, out: &mut Put<'_>) -> io::Result<()> {
    let mut depth = 0_usize;
    let new_line = |out: &mut Put<'_>, depth: usize| {
        let Some(indent) = indent.filter(|_| depth <= MOST_INDENTED) else { return Ok(()) };
        out("\n")?;
        (0..depth).try_for_each(|_| out(indent))
    };
    let mut chars = json.chars().filter(|c| !matches!(c, '\n' | '\r')).peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => put_string(out, &mut chars)?,
            ' ' | '\t' => {}
            '{' | '[' => {
                put(out, c)?;
                while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
                if let Some(close) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    put(out, close)?;
                } else {
                    depth += 1;
                    new_line(out, depth)?;
                }
            }
            '}' | ']' => {
                let was_indented = depth <= MOST_INDENTED;
                depth = depth.saturating_sub(1);
                if was_indented {
                    new_line(out, depth)?;
                }
                put(out, c)?;
            }
            ',' => {
                put(out, c)?;
                new_line(out, depth)?;
            }
            ':' => out(if indent.is_some() { ": " } else { ":" })?,
            c => put(out, c)?,
        }
    }
    Ok(())
}

fn put(out: &mut Put<'_>, c: char) -> io::Result<()> {
    out(c.encode_utf8(&mut [0; 4]))
}

/// Copies the rest of a string, up to and with its closing quote.
fn put_string(out: &mut Put<'_>, chars: &mut impl Iterator<Item = char>) -> io::Result<()> {
    put(out, '"')?;
    let mut before = None;
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => {
                put(out, c)?;
                chars.next().map_or(Ok(()), |c| put(out, c))?;
            }
            c if is_unsafe(before, c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out(&format!("\\u{unit:04x}"))?;
                }
            }
            c => put(out, c)?,
        }
        before = Some(c);
    }
    put(out, '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(json: &str) -> String {
        let mut out = Vec::new();
        write_pretty(json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

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
        let json = "[\"a b:\\\"{,\\\\\",\"\u{9b}2J\u{7f}\u{202e}\u{e0041}\",\"\\u001b[0m\",\"A\u{fe0f}☎\u{fe0f}\"]";
        let laid_out = compact(json);
        assert_eq!(
            laid_out,
            r#"["a b:\"{,\\","\u009b2J\u007f\u202e\udb40\udc41","\u001b[0m","A\ufe0f☎️"]"#
        );
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

    #[test]
    fn what_is_deep_stays_as_long_as_it_is() {
        let deep = |depth: usize| "[".repeat(depth) + "1,2" + &"]".repeat(depth);
        let (most, one_more) = (pretty(&deep(MOST_INDENTED)), pretty(&deep(MOST_INDENTED + 1)));
        assert_eq!(most.lines().count(), 2 * MOST_INDENTED + 2);
        assert!(one_more.contains("[1,2]"), "{one_more}");
        let deepest = deep(100_000);
        assert!(pretty(&deepest).len() < deepest.len() + 5_000);
        let mut compact = Vec::new();
        write_compact(&deepest, &mut compact).unwrap();
        assert_eq!(compact, deepest.as_bytes());
    }
}
