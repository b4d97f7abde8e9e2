//! The function modules that the domain `rfc` has.

use serde_json::{Value, json};

use super::request::Params;

/// A function module: its interface, and what a call of it gives.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Name, kind, type and whether it is optional.
    pub(super) parameters: &'static [(&'static str, &'static str, &'static str, bool)],
    call: fn(&Params) -> Returned,
}

/// What a call gives.
struct Returned {
    subrc: u32,
    exports: Value,
    tables: Value,
}

/// What a structure or table inside a structure is written as.
const COMPLEX: &str = "[complex]";
/// What `sy-subrc` is after an exception that has no number of its own.
const OTHERS: u32 = 99;

const FUNCTIONS: &[Function] = &[
    Function {
        name: "RFC_PING",
        parameters: &[],
        call: |_| Returned { subrc: 0, exports: json!({}), tables: json!({}) },
    },
    Function {
        name: "STFC_CONNECTION",
        parameters: &[
            ("REQUTEXT", "importing", "SY-LISEL", false),
            ("ECHOTEXT", "exporting", "SY-LISEL", true),
            ("RESPTEXT", "exporting", "SY-LISEL", true),
        ],
        call: |params| {
            let exports = json!({
                "ECHOTEXT": params.string("REQUTEXT"), "RESPTEXT": "SAP R/3 Rel. 757   Sysid: LNH",
            });
            Returned { subrc: 0, exports, tables: json!({}) }
        },
    },
    Function {
        name: "STFC_DEEP_STRUCTURE",
        parameters: &[
            ("IMPORTSTRUCT", "importing", "STRUCT", true),
            ("ECHOSTRUCT", "exporting", "STRUCT", true),
            ("RFCTABLE", "tables", "RFCTEST", true),
        ],
        call: |params| {
            let exports = json!({ "ECHOSTRUCT": { "I": "1", "C": "A", "DEEP": COMPLEX } });
            let row = json!({ "RFCCHAR4": params.string("RFCCHAR4"), "RFCDATA": COMPLEX });
            Returned { subrc: 0, exports, tables: json!({ "RFCTABLE": [row] }) }
        },
    },
    Function {
        name: "STFC_EXCEPTION",
        parameters: &[("RAISE", "importing", "CHAR1", true)],
        call: |_| Returned::failed(),
    },
];

impl Function {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    /// Those whose names match a pattern, in which `*` and `%` stand for any text.
    pub(super) fn search(pattern: &str) -> impl Iterator<Item = &'static Self> {
        FUNCTIONS.iter().filter(move |function| matches(function.name, pattern))
    }

    /// Calls the function of that name; one that does not exist fails as any other.
    pub(super) fn call(name: &str, params: &Params) -> Value {
        let function = Self::find(name);
        let Returned { subrc, exports, tables } =
            function.map_or_else(Returned::failed, |function| (function.call)(params));
        json!({ "subrc": subrc, "exports": exports, "tables": tables })
    }
}

impl Returned {
    fn failed() -> Self {
        Self { subrc: OTHERS, exports: json!({}), tables: json!({}) }
    }
}

/// The parts of a pattern stand in the text one after the other; the first at its start, the last
/// at its end.
fn matches(text: &str, pattern: &str) -> bool {
    let is_wild = |c| c == '*' || c == '%';
    let Some((first, rest)) = pattern.split_once(is_wild) else { return text == pattern };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once(is_wild).unwrap_or(("", rest));
    for part in middle.split(is_wild) {
        let Some((_, after)) = text.split_once(part) else { return false };
        text = after;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_they_should() {
        for (pattern, found) in [
            ("*", true),
            ("%", true),
            ("STFC_CONNECTION", true),
            ("STFC*", true),
            ("*CONN*", true),
            ("S*_*N", true),
            ("**ION", true),
            ("", false),
            ("STFC", false),
            ("*X*", false),
            ("*CONNECTION*N", false),
        ] {
            assert_eq!(matches("STFC_CONNECTION", pattern), found, "{pattern}");
        }
    }
}
