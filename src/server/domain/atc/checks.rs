//! A few simple checks of ABAP source.
//!
//! They read one file at a time and know no types, so they find what stands in so many words and
//! nothing else. What is inside a comment is none of their business, except a note to be done.

use std::collections::BTreeSet;

use serde::Serialize;

use super::source::{Source, Statement};

/// One thing that a check found in a file, as PROTOCOL 10.5 has it but for the object and the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Finding {
    /// Counted from 1.
    pub(super) line: u64,
    /// From 1, the worst, to 3.
    pub(super) priority: u8,
    /// The name of the check.
    pub(super) check: &'static str,
    /// What it found.
    pub(super) message: String,
}

/// How many characters a line may have.
const MAX_LINE_CHARS: usize = 120;

/// What all checks find in a file, by line; nothing in a file that is not ABAP source.
pub(super) fn check(file_name: &str, text: &str) -> Vec<Finding> {
    let extension = file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !extension.eq_ignore_ascii_case("abap") {
        return Vec::new();
    }
    let source = Source::read(text);
    let mut findings = Findings::default();
    long_lines(text, &source, &mut findings);
    notes(&source, &mut findings);
    for statement in &source.statements {
        breakpoint(statement, &mut findings);
        hard_coded_user(statement, &mut findings);
        select_all(statement, &mut findings);
        obsolete(statement, &mut findings);
    }
    empty_catch(&source, &mut findings);
    findings.0.into_iter().collect()
}

/// Findings in their order; the same one in the same line stands once.
#[derive(Default)]
struct Findings(BTreeSet<Finding>);

impl Findings {
    fn add(&mut self, line: u64, priority: u8, check: &'static str, message: impl Into<String>) {
        self.0.insert(Finding { line, priority, check, message: message.into() });
    }
}

fn long_lines(text: &str, source: &Source, findings: &mut Findings) {
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let chars = line.trim_end().chars().count();
        if chars > MAX_LINE_CHARS && !source.comment_lines.contains(&number) {
            let message = format!("line has {chars} characters, more than {MAX_LINE_CHARS}");
            findings.add(number, 3, "line_length", message);
        }
    }
}

fn notes(source: &Source, findings: &mut Findings) {
    for comment in &source.comments {
        let words = comment.text.split(|c: char| !c.is_alphanumeric() && c != '_');
        for note in words.map(str::to_uppercase).filter(|word| word == "TODO" || word == "FIXME") {
            findings.add(comment.line, 3, "todo", format!("comment says {note}"));
        }
    }
}

fn breakpoint(statement: &Statement, findings: &mut Findings) {
    // One with an ID stops only where somebody switches its checkpoint group on.
    let is_breakpoint = match statement.word(0) {
        "BREAK-POINT" => statement.word(1) != "ID",
        // The macro that stops for one user: BREAK name.
        "BREAK" => statement.tokens.len() == 2,
        _ => false,
    };
    if let Some(token) = statement.tokens.first().filter(|_| is_breakpoint) {
        findings.add(token.line, 1, "breakpoint", format!("{} left in the source", token.text));
    }
}

fn hard_coded_user(statement: &Statement, findings: &mut Findings) {
    let is_user =
        |at: usize| matches!(statement.word(at).trim_start_matches('@'), "SY-UNAME" | "SYST-UNAME");
    let is_literal =
        |at: usize| statement.tokens.get(at).is_some_and(super::source::Token::is_literal);
    for (at, token) in statement.tokens.iter().enumerate() {
        let (before, after) = (at.checked_sub(1), at.saturating_add(1));
        let is_hard_coded = if is_comparison(&token.text) {
            let before = |is: &dyn Fn(usize) -> bool| before.is_some_and(is);
            (before(&is_user) && is_literal(after)) || (before(&is_literal) && is_user(after))
        } else {
            at == 0 && token.text == "CASE" && is_user(after)
        };
        if is_hard_coded {
            findings.add(token.line, 1, "hard_coded_user", "SY-UNAME compared with a fixed name");
        }
    }
}

fn is_comparison(word: &str) -> bool {
    matches!(word, "=" | "EQ" | "<>" | "NE" | "CP" | "NP" | "CS" | "NS" | "CO" | "CN" | "CA" | "NA")
}

fn select_all(statement: &Statement, findings: &mut Findings) {
    let mut in_query = false;
    for (at, token) in statement.tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| statement.word(before));
        let names_columns = match token.text.as_str() {
            // At the start, in parentheses, of a cursor or of a union; elsewhere it is a name.
            "SELECT" => {
                let starts = ["", "(", ":", ",", "FOR", "UNION", "ALL", "DISTINCT"];
                in_query |= starts.contains(&before);
                in_query
            }
            "FIELDS" => in_query,
            _ => false,
        };
        if !names_columns {
            continue;
        }
        let behind = statement.tokens.iter().skip(at.saturating_add(1));
        let mut columns =
            behind.skip_while(|t| matches!(&*t.text, "SINGLE" | "DISTINCT" | "FOR" | "UPDATE"));
        if columns.next().is_some_and(|column| column.text == "*") {
            findings.add(token.line, 2, "select_all", "SELECT * reads columns nobody asked for");
        }
    }
}

fn empty_catch(source: &Source, findings: &mut Findings) {
    for pair in source.statements.windows(2) {
        let [catch, next] = pair else { continue };
        let is_empty = catch.word(0) == "CATCH"
            && catch.word(1) != "SYSTEM-EXCEPTIONS"
            && matches!(next.word(0), "CATCH" | "CLEANUP" | "ENDTRY");
        let is_intended = catch.pragmas.iter().any(|pragma| pragma == "##NO_HANDLER")
            || source.comments.iter().any(|comment| {
                comment.line == catch.last_line
                    && comment.text.trim_start().starts_with("#EC NO_HANDLER")
            });
        if let Some(token) = catch.tokens.first().filter(|_| is_empty && !is_intended) {
            findings.add(token.line, 2, "empty_catch", "exception is caught and forgotten");
        }
    }
}

fn obsolete(statement: &Statement, findings: &mut Findings) {
    let (word, next) = (statement.word(0), statement.word(1));
    // A variable or a method may have such a name.
    let is_name = matches!(next, "" | "(") || next.ends_with('=');
    let has = |wanted: &str| statement.tokens.iter().any(|token| token.text == wanted);
    let instead = match word {
        _ if is_name => return,
        "MOVE" if has("TO") || has("?TO") => "an assignment with =",
        "COMPUTE" => "the calculation alone",
        "ADD" if has("TO") => "+=",
        "SUBTRACT" if has("FROM") => "-=",
        "MULTIPLY" if has("BY") => "*=",
        "DIVIDE" if has("BY") => "/=",
        "REFRESH" if next != "CONTROL" => "CLEAR",
        "ON" if next == "CHANGE" => "a comparison with the value before",
        "DEMAND" | "SUPPLY" => "a method",
        "TYPE-POOLS" => "nothing: type pools load themselves",
        _ => return,
    };
    if let Some(token) = statement.tokens.first() {
        let message = format!("{word} is obsolete, use {instead}");
        findings.add(token.line, 3, "obsolete_statement", message);
    }
}

#[cfg(test)]
mod tests;
