//! Text that came from elsewhere, made safe to show.

use std::borrow::Cow;

/// The longest line shown, in characters; a server may say more than anyone reads.
const MOST_CHARS: usize = 2_000;

/// Makes text safe to show on one line: no control characters, so no escape sequence reaches the
/// terminal, and nothing that turns the direction of writing round.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_long = text.len() > MOST_CHARS;
    if !is_long && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned: String = text.chars().take(MOST_CHARS).map(replaced).collect();
    if text.chars().nth(MOST_CHARS).is_some() {
        cleaned.push('…');
    }
    Cow::Owned(cleaned)
}

/// Whether a character could do something to a terminal other than show itself.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn replaced(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        c if is_unsafe(c) => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_come_apart() {
        assert_eq!(clean("\x1b[31mred\x1b]0;title\x07"), "\u{fffd}[31mred\u{fffd}]0;title\u{fffd}");
        assert_eq!(clean("one\r\ntwo\t\u{9b}2J\u{7f}"), "one  two \u{fffd}2J\u{fffd}");
        assert_eq!(clean("abc\u{202e}cba"), "abc\u{fffd}cba");
    }

    #[test]
    fn ordinary_text_stays() {
        assert!(matches!(clean("Größe 5 €"), Cow::Borrowed("Größe 5 €")));
    }

    #[test]
    fn long_text_is_cut() {
        let long = "ä".repeat(MOST_CHARS + 1);
        assert_eq!(clean(&long).chars().count(), MOST_CHARS + 1);
        assert!(clean(&long).ends_with('…'));
        let most = "ä".repeat(MOST_CHARS);
        assert_eq!(clean(&most), most);
    }
}
