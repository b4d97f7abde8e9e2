//! Text that came from elsewhere, made safe to show.

use std::borrow::Cow;

/// The longest line shown, in characters; a server may say more than anyone reads.
const MOST_CHARS: usize = 2_000;

/// Makes text safe to show on one line: no control characters, so no escape sequence reaches the
/// terminal, nothing that turns the direction of writing round, and nothing that cannot be seen.
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

/// Whether a character could do something to a terminal other than show itself, or shows nothing,
/// so that names which differ look the same.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
        || matches!(c, '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        // Tags, and what chooses among the shapes of ideographs.
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
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
    fn what_cannot_be_seen_can() {
        for c in "\u{ad}\u{200b}\u{200c}\u{200d}\u{200f}\u{2060}\u{feff}\u{e0041}\u{e007f}\u{3164}"
            .chars()
        {
            assert_eq!(clean(&format!("Z{c}A")), "Z\u{fffd}A", "{c:?}");
        }
    }

    #[test]
    fn ordinary_text_stays() {
        for text in ["Größe 5 €", "한글 日本語 Gro\u{308}ße", "☎\u{fe0f} 🙂"] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text}");
        }
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
