//! Text that came from elsewhere, made safe to show.

use std::borrow::Cow;

use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, Emoji, EmojiPresentation};

/// The longest line shown, in characters; a server may say more than anyone reads.
const MOST_CHARS: usize = 2_000;

/// What makes a picture out of the sign before it.
const PICTURE: char = '\u{fe0f}';

/// Makes text safe to show on one line: no control characters, so no escape sequence reaches the
/// terminal, nothing that turns the direction of writing round, and nothing that cannot be seen or
/// looks like a space.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_long = text.len() > MOST_CHARS;
    let shown = || {
        let mut before = None;
        move |c: char| shown(before.replace(c), c)
    };
    if !is_long && text.chars().map(shown()).eq(text.chars()) {
        return Cow::Borrowed(text);
    }
    let mut cleaned: String = text.chars().take(MOST_CHARS).map(shown()).collect();
    if text.chars().nth(MOST_CHARS).is_some() {
        cleaned.push('…');
    }
    Cow::Owned(cleaned)
}

/// Whether a character behind another could do something to a terminal other than show itself, shows
/// nothing, or what a space does, so that names which differ by it look the same.
pub(crate) fn is_unsafe(before: Option<char>, c: char) -> bool {
    if c == PICTURE {
        // Some are pictures without it.
        let can_be_one = |c: char| {
            let is = CodePointSetData::new::<Emoji>().contains(c);
            is && !c.is_ascii() && !CodePointSetData::new::<EmojiPresentation>().contains(c)
        };
        return !before.is_some_and(can_be_one);
    }
    // The space of Chinese and Japanese is as wide as their signs.
    let is_blank = c.is_whitespace() && !matches!(c, ' ' | '\u{3000}');
    c.is_control()
        || is_blank
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        // A pattern of no dots, a note without a head, and what annotates.
        || matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffb}')
}

fn shown(before: Option<char>, c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        c if is_unsafe(before, c) => '\u{fffd}',
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
        let unseen =
            "\u{ad}\u{200b}\u{200c}\u{200d}\u{200f}\u{2060}\u{feff}\u{e0041}\u{e007f}\u{3164}";
        let blank =
            "\u{a0}\u{1680}\u{2003}\u{200a}\u{2028}\u{202f}\u{205f}\u{2800}\u{1d159}\u{fff9}";
        let selectors = "\u{fe00}\u{fe0e}\u{fe0f}\u{180b}\u{180f}\u{e0100}";
        for c in unseen.chars().chain(blank.chars()).chain(selectors.chars()) {
            for before in ['Z', '1', '_', 'ä', '漢', '-'] {
                let shown = format!("{before}\u{fffd}A");
                assert_eq!(clean(&format!("{before}{c}A")), shown, "{c:?}");
            }
            assert_eq!(clean(&c.to_string()), "\u{fffd}", "{c:?}");
        }
        assert_eq!(clean("☎\u{fe0f}\u{fe0f}☎\u{fe0e}"), "☎\u{fe0f}\u{fffd}☎\u{fffd}");
    }

    #[test]
    fn ordinary_text_stays() {
        for text in ["Größe 5 €", "한글 日本語 Gro\u{308}ße", "☎\u{fe0f} 🙂", "東京\u{3000}駅"]
        {
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
