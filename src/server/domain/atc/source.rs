//! ABAP source taken apart: statements of words, and comments.
//!
//! No more than the checks need. Literals and string templates become one token each, the
//! expressions inside a template become words; comments and pragmas stand apart.

use std::collections::BTreeSet;
use std::str::CharIndices;

/// A source taken apart.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Its statements in their order; chained ones (`MOVE: a TO b, c TO d.`) count as one.
    pub(super) statements: Vec<Statement>,
    /// Its comments in their order, without what opens them.
    pub(super) comments: Vec<Comment>,
    /// Lines that hold nothing but a comment.
    pub(super) comment_lines: BTreeSet<u64>,
}

/// One statement, never without a token.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) tokens: Vec<Token>,
    /// Its pragmas in upper case, such as `##NO_HANDLER`.
    pub(super) pragmas: Vec<String>,
    /// The line of its period.
    pub(super) last_line: u64,
}

/// A word in upper case, a literal, or one of `(`, `)`, `:` and `,`.
#[derive(Debug)]
pub(super) struct Token {
    /// The word; `'` for a literal of any kind.
    pub(super) text: String,
    /// Where it stands, counted from 1.
    pub(super) line: u64,
}

#[derive(Debug)]
pub(super) struct Comment {
    pub(super) text: String,
    pub(super) line: u64,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            reader.line(number, line);
        }
        reader.end_statement();
        reader.source
    }
}

impl Statement {
    /// The word at a place; empty where there is none.
    pub(super) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }
}

impl Token {
    pub(super) fn is_literal(&self) -> bool {
        self.text == "'"
    }
}

#[derive(Default)]
struct Reader {
    source: Source,
    tokens: Vec<Token>,
    pragmas: Vec<String>,
    /// The word that is being read.
    word: String,
    line: u64,
    /// What is open: templates, and the expressions inside them. Only an expression may go on in
    /// the next line.
    open: Vec<Open>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Template,
    Expression,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        self.line = number;
        if let Some(text) = line.strip_prefix('*') {
            self.comment(text, true);
            return;
        }
        let mut chars = line.char_indices();
        while let Some((at, c)) = chars.next() {
            if self.open.last() == Some(&Open::Template) {
                self.template(c, &mut chars);
                continue;
            }
            match c {
                '"' => {
                    self.end_word();
                    let before = line.get(..at).unwrap_or_default();
                    self.comment(chars.as_str(), before.trim().is_empty());
                    break;
                }
                '\'' | '`' => {
                    self.push("'");
                    skip_literal(c, &mut chars);
                }
                '|' => {
                    self.push("'");
                    self.open.push(Open::Template);
                }
                '}' if self.open.last() == Some(&Open::Expression) => {
                    self.end_word();
                    self.open.pop();
                }
                '.' => self.end_statement(),
                '(' => self.push("("),
                ')' => self.push(")"),
                ':' => self.push(":"),
                ',' => self.push(","),
                c if c.is_whitespace() => self.end_word(),
                c => self.word.extend(c.to_uppercase()),
            }
        }
        self.end_word();
        if self.open.last() == Some(&Open::Template) {
            // It cannot go on in the next line; whoever forgot its end gets no more of it.
            self.open.clear();
        }
    }

    fn template(&mut self, c: char, chars: &mut CharIndices<'_>) {
        match c {
            '\\' => {
                chars.next();
            }
            '|' => {
                self.open.pop();
            }
            '{' => self.open.push(Open::Expression),
            _ => {}
        }
    }

    fn comment(&mut self, text: &str, is_alone: bool) {
        self.source.comments.push(Comment { text: text.to_owned(), line: self.line });
        if is_alone {
            self.source.comment_lines.insert(self.line);
        }
    }

    fn push(&mut self, text: &str) {
        self.end_word();
        self.tokens.push(Token { text: text.to_owned(), line: self.line });
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.word);
        if text.starts_with("##") {
            self.pragmas.push(text);
        } else {
            self.tokens.push(Token { text, line: self.line });
        }
    }

    fn end_statement(&mut self) {
        self.end_word();
        self.open.clear();
        let tokens = std::mem::take(&mut self.tokens);
        let pragmas = std::mem::take(&mut self.pragmas);
        if !tokens.is_empty() {
            self.source.statements.push(Statement { tokens, pragmas, last_line: self.line });
        }
    }
}

/// Goes behind the end of a literal, in which a doubled quote stands for one.
fn skip_literal(quote: char, chars: &mut CharIndices<'_>) {
    while let Some((_, c)) = chars.next() {
        if c == quote {
            if !chars.as_str().starts_with(quote) {
                return;
            }
            chars.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of each statement, joined by blanks.
    fn statements(text: &str) -> Vec<String> {
        let words = |statement: &Statement| {
            statement.tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        Source::read(text).statements.iter().map(words).collect()
    }

    #[test]
    fn a_period_outside_literals_ends_a_statement() {
        assert_eq!(
            statements(
                "WRITE 'It''s a. \"no\" comment'. WRITE `a.``b|`.\nx = |{ y }. \\| \\{ z. |."
            ),
            ["WRITE '", "WRITE '", "X = ' Y"]
        );
        assert_eq!(statements("lo_x->do( iv = 1 ).y\n."), ["LO_X->DO ( IV = 1 )", "Y"]);
        assert_eq!(statements("DATA: a TYPE i,\n  b TYPE i."), ["DATA : A TYPE I , B TYPE I"]);
        assert_eq!(statements("no end"), ["NO END"]);
    }

    #[test]
    fn templates_nest_and_their_expressions_may_go_on() {
        assert_eq!(
            statements("x = |a { COND #( WHEN b = 'c|' THEN |d { e }.|\n  ELSE f ) } g.| && h."),
            ["X = ' COND # ( WHEN B = ' THEN ' E ELSE F ) && H"]
        );
        assert_eq!(statements("x = |forgotten.\ny = 1."), ["X = ' Y = 1"]);
    }

    #[test]
    fn comments_stand_apart() {
        let source = Source::read("\u{feff}* one\nx = 1. \"two\n  \"#EC three\n *x = '\"'.\n");
        let comments: Vec<_> =
            source.comments.iter().map(|comment| (comment.line, comment.text.as_str())).collect();
        assert_eq!(comments, [(1, " one"), (2, "two"), (3, "#EC three")]);
        assert_eq!(source.comment_lines.into_iter().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(source.statements.len(), 2, "a star elsewhere than in column 1 opens none");
    }

    #[test]
    fn pragmas_stand_apart_and_lines_are_counted() {
        let source = Source::read("TRY.\r\n  CATCH cx_root\r\n    ##no_handler.\r\nENDTRY.");
        let catch = &source.statements[1];
        assert_eq!((catch.pragmas.join(" ").as_str(), catch.last_line), ("##NO_HANDLER", 3));
        assert_eq!((catch.word(0), catch.tokens[0].line, catch.word(9)), ("CATCH", 2, ""));
    }
}
