//! Characters that a page does not write as themselves.

use std::borrow::Cow;

/// The text with each escape of HTML, URLs and JSON decoded once, but not to a control
/// character; borrowed if there is none.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    let (mut decoded, mut copied) = (String::new(), 0);
    let mut rest = text;
    while let Some(at) = rest.find(['&', '%', '\\']) {
        rest = rest.get(at..).unwrap_or_default();
        let Some((c, after)) = meant(rest).filter(|(c, _)| !c.is_control()) else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let start = text.len().saturating_sub(rest.len());
        decoded.push_str(text.get(copied..start).unwrap_or_default());
        decoded.push(c);
        rest = after;
        copied = text.len().saturating_sub(rest.len());
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    decoded.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(decoded)
}

/// The character that an escape at the start of a text stands for, and what follows it.
pub(super) fn meant(text: &str) -> Option<(char, &str)> {
    match text.as_bytes().first()? {
        b'&' => in_html(text.get(1..)?),
        b'%' => in_url(text),
        b'\\' => in_json(text),
        _ => None,
    }
}

/// A number or a name, with or without its semicolon. Of the names, those that have to be.
fn in_html(text: &str) -> Option<(char, &str)> {
    const NAMES: [(&str, char); 5] =
        [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];
    let (c, rest) = if let Some(number) = text.strip_prefix('#') {
        let (radix, digits) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, number),
        };
        let rest = digits.trim_start_matches(|c: char| c.is_digit(radix));
        // By length: to compare the rest each time would take the square of it.
        let digits = digits.get(..digits.len().checked_sub(rest.len())?)?;
        let code = u32::from_str_radix(digits, radix).ok()?;
        (char::from_u32(code)?, rest)
    } else {
        NAMES.into_iter().find_map(|(name, c)| Some((c, text.strip_prefix(name)?)))?
    };
    Some((c, rest.strip_prefix(';').unwrap_or(rest)))
}

/// The bytes of UTF-8, or else one of Latin-1.
fn in_url(text: &str) -> Option<(char, &str)> {
    let byte = |text: &'_ str| {
        let digits = text.strip_prefix('%')?.get(..2)?;
        u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    };
    let mut bytes = Vec::new();
    let mut rest = text;
    while bytes.len() < 4
        && let Some(next) = byte(rest)
    {
        bytes.push(next);
        rest = rest.get(3..)?;
        if let Ok(read) = std::str::from_utf8(&bytes) {
            return Some((read.chars().next()?, rest));
        }
    }
    Some((char::from(*bytes.first()?), text.get(3..)?))
}

/// Half of a pair alone stands for nothing.
fn in_json(text: &str) -> Option<(char, &str)> {
    let number = |text: &'_ str, opening: &str, len: usize| {
        let digits = text.strip_prefix(opening)?.get(..len)?;
        u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    };
    let unit = |text: &str| number(text, "\\u", 4).and_then(|unit| u16::try_from(unit).ok());
    if let Some(first) = unit(text) {
        let rest = text.get(6..)?;
        if let Some(c) = char::from_u32(first.into()) {
            return Some((c, rest));
        }
        let c = char::decode_utf16([first, unit(rest)?]).next()?.ok()?;
        return Some((c, rest.get(6..)?));
    }
    if let Some(code) = number(text, "\\x", 2) {
        return Some((char::from_u32(code)?, text.get(4..)?));
    }
    let c = text.get(1..)?.chars().next().filter(char::is_ascii_punctuation)?;
    Some((c, text.get(2..)?))
}
