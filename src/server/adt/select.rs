//! The two queries that the data preview understands.

/// A query, with the package it asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Select {
    /// The objects of a package: `SELECT OBJECT, OBJ_NAME, DEVCLASS FROM TADIR WHERE …`.
    Objects(String),
    /// The packages directly below one: `SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = '…'`.
    Subpackages(String),
}

/// What a query is made of.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A keyword or a name in upper case, a comma or an equals sign.
    Word(String),
    /// A text without its quotes.
    Literal(String),
}

/// Words that must stand there, and texts that may be any or must be one, blanks at its end aside.
enum Expected {
    Words(&'static str),
    Exactly(&'static str),
    Any,
}

use Expected::{Any, Exactly, Words};

const OBJECTS: &[Expected] = &[
    Words("SELECT OBJECT , OBJ_NAME , DEVCLASS FROM TADIR WHERE PGMID ="),
    Exactly("R3TR"),
    Words("AND DELFLAG ="),
    Exactly(""),
    Words("AND DEVCLASS ="),
    Any,
];

const SUBPACKAGES: &[Expected] = &[Words("SELECT DEVCLASS FROM TDEVC WHERE PARENTCL ="), Any];

impl Select {
    /// Reads a query; white space and the case of what is not quoted do not matter.
    pub(super) fn read(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let objects = matched(&tokens, OBJECTS).map(Self::Objects);
        objects.or_else(|| matched(&tokens, SUBPACKAGES).map(Self::Subpackages))
    }
}

/// The last text that may be any, if all is as expected.
fn matched(tokens: &[Token], expected: &[Expected]) -> Option<String> {
    let (mut tokens, mut found) = (tokens.iter(), None);
    for expected in expected {
        match expected {
            Words(words) => {
                for word in words.split(' ') {
                    tokens.next().filter(|token| matches!(token, Token::Word(w) if w == word))?;
                }
            }
            Exactly(text) => {
                let is_text = |token: &&Token| matches!(token, Token::Literal(l) if l == text);
                tokens.next().filter(is_text)?;
            }
            Any => match tokens.next()? {
                Token::Literal(text) => found = Some(text.clone()),
                Token::Word(_) => return None,
            },
        }
    }
    found.filter(|_| tokens.next().is_none())
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let token = match first {
            '\'' => {
                let (literal, after) = literal(rest)?;
                rest = after;
                Token::Literal(literal)
            }
            ',' | '=' => {
                rest = rest.strip_prefix(first)?;
                Token::Word(first.into())
            }
            _ => {
                let is_end = |c: char| c.is_whitespace() || ",='".contains(c);
                let (word, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
                rest = after;
                Token::Word(word.to_uppercase())
            }
        };
        tokens.push(token);
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// The text that `rest` begins with, where two quotes stand for one, and what comes after it. ABAP
/// does not tell blanks at the end of a text from none.
fn literal(rest: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = rest.strip_prefix('\'')?;
    loop {
        let (part, after) = rest.split_once('\'')?;
        text.push_str(part);
        let Some(more) = after.strip_prefix('\'') else {
            return Some((text.trim_end_matches(' ').into(), after));
        };
        text.push('\'');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TADIR: &str = "SELECT OBJECT, OBJ_NAME, DEVCLASS FROM TADIR \
        WHERE PGMID = 'R3TR' AND DELFLAG = ' ' AND DEVCLASS = '$ZRAY'";

    #[test]
    fn both_queries_are_read_however_they_are_set() {
        let objects = Some(Select::Objects("$ZRAY".into()));
        assert_eq!(Select::read(TADIR), objects);
        assert_eq!(Select::read(&TADIR.replace(' ', "\r\n\t").replace("'\r\n\t'", "''")), objects);
        let tight = "select object,obj_name,devclass from tadir where pgmid='R3TR' \
            and delflag='' and devclass='$ZRAY'";
        assert_eq!(Select::read(tight), objects);
        let below = "  Select devclass From tdevc Where parentcl = '/NS/P' \n";
        assert_eq!(Select::read(below), Some(Select::Subpackages("/NS/P".into())));
    }

    #[test]
    fn two_quotes_are_one() {
        let quoted = "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = 'it''s ''''x, = '";
        assert_eq!(Select::read(quoted), Some(Select::Subpackages("it's ''x, =".into())));
        let empty = "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = ''";
        assert_eq!(Select::read(empty), Some(Select::Subpackages(String::new())));
    }

    #[test]
    fn other_queries_are_not_read() {
        for query in [
            "",
            "SELECT * FROM TADIR",
            "SELECT DEVCLASS FROM TDEVC",
            "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = X",
            "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = 'X",
            "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = 'X' OR PARENTCL = 'Y'",
            "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = 'X' 'Y'",
            "SELECT DEVCLASS FROM TDEVC WHERE 'PARENTCL' = 'X'",
            &TADIR.replace("R3TR", "LIMU"),
            &TADIR.replace("' '", "'X'"),
            &TADIR.replace("TADIR", "USR02"),
        ] {
            assert_eq!(Select::read(query), None, "{query}");
        }
    }
}
