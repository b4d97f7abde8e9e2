//! Requests as a handler reads them that looks for text instead of parsing JSON.
//!
//! Each function here does what one regular expression of such a handler does, quirks included.
//! All take time in proportion to the length of the text, whatever stands in it.

/// How an object in a list begins.
const OBJECT_START: &str = "{\"type\":\"";

/// A request, as far as such a handler makes one out.
#[derive(Debug)]
pub(in crate::server) struct Incoming {
    pub(in crate::server) id: String,
    pub(in crate::server) domain: String,
    pub(in crate::server) action: String,
    pub(super) params: Params,
}

/// The text from the first brace after `"params"` to the brace that balances it, strings not told
/// apart; empty where there is none.
#[derive(Debug, Default)]
pub(super) struct Params(String);

impl Incoming {
    /// Finds the first `"id"`, `"domain"` and `"action"` that have strings, wherever they stand;
    /// `None` without an id.
    pub(in crate::server) fn read(text: &str) -> Option<Self> {
        let first = |key: &str| first_string(text, key).unwrap_or_default().to_owned();
        let (id, domain, action) = (first("id"), first("domain"), first("action"));
        let params = after(text, "\"params\"").and_then(balanced).unwrap_or_default();
        (!id.is_empty()).then(|| Self { id, domain, action, params: Params(params.to_owned()) })
    }
}

impl Params {
    /// The first string after a colon from `"name":` on, so another param's where this one's value
    /// is no string; empty where there is none, or where a space stands before the colon.
    pub(super) fn string(&self, name: &str) -> &str {
        let start = self.0.find(&format!("\"{name}\":"));
        let rest = start.and_then(|at| self.0.get(at..)).unwrap_or_default();
        let mut colons = rest.match_indices(':').filter_map(|(at, _)| rest.get(at..));
        colons.find_map(string_after_colon).unwrap_or_default()
    }

    /// The first `true` or `false` of that name.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let key = format!("\"{name}\"");
        let mut rest = after(&self.0, &key);
        while let Some(found) = rest {
            let value = spaced_colon(found).unwrap_or_default();
            match (value.starts_with("true"), value.starts_with("false")) {
                (false, false) => rest = after(found, &key),
                (is_true, _) => return Some(is_true),
            }
        }
        None
    }

    /// Every text between two quotes in the list of that name, which ends at the first `]`.
    pub(super) fn strings(&self, name: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut rest = self.list(name);
        while let Some((_, opened)) = rest.split_once('"') {
            rest = match opened.split_once('"') {
                // Nothing is no match, so the second quote is tried as the first.
                Some(("", _)) => opened,
                Some((text, left)) => {
                    found.push(text);
                    left
                }
                None => break,
            };
        }
        found
    }

    /// Type and name of every `{"type":"…","name":"…"}` in the list of that name.
    pub(super) fn objects(&self, name: &str) -> Vec<(&str, &str)> {
        let list = self.list(name);
        let starts = list.match_indices(OBJECT_START).filter_map(|(at, _)| list.get(at..));
        starts.filter_map(object).collect()
    }

    /// How many strings with names stand in the object of that name.
    pub(super) fn pairs(&self, name: &str) -> usize {
        let start = after(&self.0, &format!("\"{name}\":"));
        let mut rest = start.and_then(balanced).unwrap_or_default();
        let mut pairs = 0_usize;
        while let Some((_, opened)) = rest.split_once('"') {
            let Some((key, left)) = opened.split_once('"') else { break };
            rest = match spaced_colon(left).and_then(|value| value.strip_prefix('"')) {
                Some(value) if !key.is_empty() => {
                    pairs = pairs.saturating_add(1);
                    value.split_once('"').map_or("", |(_, left)| left)
                }
                _ => left,
            };
        }
        pairs
    }

    /// What stands between the brackets of the first list of that name.
    fn list(&self, name: &str) -> &str {
        let key = format!("\"{name}\"");
        let mut rest = after(&self.0, &key);
        while let Some(found) = rest {
            if let Some(list) = spaced_colon(found).and_then(|value| value.strip_prefix('[')) {
                // Where no bracket follows this one, none follows a later one.
                return list.split_once(']').map_or("", |(list, _)| list);
            }
            rest = after(found, &key);
        }
        ""
    }
}

/// The string of the first key of that name that has one.
fn first_string<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let key = format!("\"{key}\"");
    let mut rest = after(text, &key);
    while let Some(found) = rest {
        let start = found.trim_start_matches(is_space);
        if let Some(value) = string_after_colon(start) {
            return Some(value);
        }
        rest = after(found, &key);
    }
    None
}

/// What stands after the first `found` in a text.
fn after<'a>(text: &'a str, found: &str) -> Option<&'a str> {
    text.split_once(found).map(|(_, rest)| rest)
}

/// Type and name of the object that a text begins with, in its one form.
fn object(text: &str) -> Option<(&str, &str)> {
    let (kind, text) = text.strip_prefix(OBJECT_START)?.split_once('"')?;
    let (name, text) = text.strip_prefix(",\"name\":\"")?.split_once('"')?;
    let is_whole = !kind.is_empty() && !name.is_empty() && text.starts_with('}');
    is_whole.then_some((kind, name))
}

/// From the first `{` to the `}` that balances it.
fn balanced(text: &str) -> Option<&str> {
    let text = text.get(text.find('{')?..)?;
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth = depth.saturating_add(1),
            b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return text.get(..=at);
        }
    }
    None
}

/// The string of `: "…"`.
fn string_after_colon(text: &str) -> Option<&str> {
    let text = text.strip_prefix(':')?.trim_start_matches(is_space).strip_prefix('"')?;
    text.split_once('"').map(|(value, _)| value)
}

/// What stands after a colon and the white space around it.
fn spaced_colon(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(is_space).strip_prefix(':')?;
    Some(text.trim_start_matches(is_space))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        Params(text.to_owned())
    }

    #[test]
    fn the_first_of_each_anywhere_wins() {
        let text = r#"{"params":{"id" : "inner","domain":1,"a":"b"},"id":"outer","action":"x","domain":"d"}"#;
        let request = Incoming::read(text).unwrap();
        assert_eq!((request.id.as_str(), request.domain.as_str()), ("inner", "d"));
        assert_eq!((request.action.as_str(), request.params.string("a")), ("x", "b"));
        assert!(Incoming::read(r#"{"id":1,"domain":"d"}"#).is_none());
        assert!(Incoming::read(r#"{"id":"","domain":"d"}"#).is_none());
        assert!(Incoming::read("").is_none());
    }

    #[test]
    fn params_end_where_the_braces_balance() {
        for (text, found) in [
            (r#"{"id":"a","params":{"x":"y{"}}"#, r#"{"x":"y{"}}"#),
            (r#"{"id":"a","params":{"x":"y}","z":"w"}}"#, r#"{"x":"y}"#),
            (r#"{"id":"a","params":{"x":{"y":{}}},"z":{}}"#, r#"{"x":{"y":{}}}"#),
            (r#"{"id":"a","params":{"x":"{"},"z":"#, ""),
            (r#"{"id":"a","params":1,"z":{}}"#, "{}"),
        ] {
            assert_eq!(Incoming::read(text).unwrap().params.0, found, "{text}");
        }
    }

    #[test]
    fn strings_are_taken_from_the_next_colon() {
        let params =
            params(r#"{"n":1,"a":"x","sp" :"lost","u":"\u00e4","q":"a\"b","l":["m"],"e":""}"#);
        for (name, value) in [
            ("n", "x"),
            ("a", "x"),
            ("sp", ""),
            ("u", "\\u00e4"),
            ("q", "a\\"),
            ("l", ""),
            ("e", ""),
            ("none", ""),
        ] {
            assert_eq!(params.string(name), value, "{name}");
        }
    }

    #[test]
    fn lists_end_at_the_first_bracket_and_quotes_pair_up() {
        let lists = params(r#"{"p" : ["A","B"],"q":["C]","D"],"r":["","E"],"s":["#);
        assert_eq!(lists.strings("p"), ["A", "B"]);
        assert!(lists.strings("q").is_empty(), "a quote without its partner is no match");
        assert_eq!(lists.strings("r"), [",", "]"].get(..1).unwrap());
        assert!(lists.strings("s").is_empty() && lists.strings("t").is_empty());
    }

    #[test]
    fn objects_have_one_form() {
        let objects = params(concat!(
            r#"{"o":[{"type":"CLAS","name":"ZA"},{"name":"ZB","type":"CLAS"},{"type":"CLAS", "name":"ZC"},"#,
            r#"{"type":"","name":"ZD"},{"type":"PROG","name":"ZE"}]}"#
        ));
        assert_eq!(objects.objects("o"), [("CLAS", "ZA"), ("PROG", "ZE")]);
    }

    #[test]
    fn flags_and_pairs() {
        let params = params(r#"{"f":"true","g" : false,"t":{"A":"1","B":2,"C" : "3"}}"#);
        assert_eq!(
            (params.flag("f"), params.flag("g"), params.flag("h")),
            (None, Some(false), None)
        );
        assert_eq!((params.pairs("t"), params.pairs("f")), (2, 2));
    }

    #[test]
    fn whatever_stands_there_takes_no_longer_than_its_length() {
        for unit in [
            "\"id\"",
            "\"id\":",
            "\"id\" : \"",
            "{",
            "\"params\":{",
            "\"p\":[",
            ":\"",
            ": ",
            "{\"type\":\"",
        ] {
            let text = unit.repeat((1 << 20) / unit.len());
            let text = format!("\"id\":\"a\",\"params\":{{\"p\":[{text}");
            let request = Incoming::read(&text).unwrap();
            let whole = params(&text);
            for params in [&request.params, &whole] {
                let _ = (params.string("p"), params.flag("p"), params.strings("p").len());
                let _ = (params.objects("p").len(), params.pairs("p"));
            }
        }
    }
}
