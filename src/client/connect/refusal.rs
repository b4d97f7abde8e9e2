//! What it means when a server will not, and what of its page is shown.

use super::error::ConnectError;
use super::sent::Sent;

/// How much of a refusing server's page is kept as evidence, in characters.
const MOST_EXPLANATION: usize = 200;

/// How much of such a page is looked at for that, in bytes: 16 KiB.
const MOST_PAGE_BYTES: usize = 16 << 10;

/// What a status other than the one hoped for means.
pub(crate) fn refusal(status: u16, path: &str, page: &[u8], sent: &Sent) -> ConnectError {
    let explanation = explanation(page, sent);
    match status {
        401 => ConnectError::Unauthorized { explanation },
        403 => ConnectError::Forbidden { explanation },
        404 => ConnectError::NotFound { path: path.to_owned(), explanation },
        500 => ConnectError::ServerFailed { explanation },
        503 => ConnectError::Unavailable { explanation },
        _ => ConnectError::Status { status, explanation },
    }
}

/// The start of a page's text, without tags, styles and control characters, and without secrets.
pub(crate) fn explanation(page: &[u8], sent: &Sent) -> String {
    let page = page.get(..MOST_PAGE_BYTES).unwrap_or(page);
    // Before tags are left out, since a password may look like one; and once more, since they may
    // stand inside what is a secret without them.
    let page = sent.scrub(&String::from_utf8_lossy(page));
    let text = sent.scrub(&without_tags(&page));
    text.chars().take(MOST_EXPLANATION).collect::<String>().trim_end().to_owned()
}

fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(c) = rest.chars().next() {
        if c == '<' {
            rest = after_tag(rest);
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c.is_whitespace() || c.is_control() {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        } else {
            text.push(c);
        }
    }
    text
}

/// What follows a tag, or the whole of a style or script.
fn after_tag(text: &str) -> &str {
    let after = |text: &'_ str, end: &str| text.find(end).map(|at| at.saturating_add(end.len()));
    let hidden = ["style", "script"]
        .into_iter()
        .find(|name| text.get(1..=name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)));
    let end = match hidden {
        Some(name) => after(&text.to_ascii_lowercase(), &format!("</{name}>")),
        None => after(text, ">"),
    };
    end.and_then(|end| text.get(end..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use hyper::header::{COOKIE, HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn a_page_is_cut_down_to_its_words() {
        let text = |page: &[u8]| explanation(page, &Sent::of(&HeaderMap::new()));
        let page = b"<html><head><style>p { x }</style><title>Logon\r\n failed</title></head>\n\n<p>Ask your\x1b[31m admin</p>";
        assert_eq!(text(page), "Logon failed Ask your [31m admin");
        assert_eq!(text(&b"x".repeat(10_000)).len(), MOST_EXPLANATION);
        assert_eq!(text(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        assert_eq!(text(b"a <STYLE> never closed"), "a");
    }

    #[test]
    fn secrets_go_before_tags_and_behind_them() {
        let mut cookie = HeaderValue::from_static("s=<b>x</b>12345");
        cookie.set_sensitive(true);
        let sent = Sent::of(&HeaderMap::from_iter([(COOKIE, cookie)]));
        assert_eq!(explanation(b"no <b>x</b>12345 there", &sent), "no *** there");
        let mut cookie = HeaderValue::from_static("s=abcdef");
        cookie.set_sensitive(true);
        let sent = Sent::of(&HeaderMap::from_iter([(COOKIE, cookie)]));
        assert_eq!(explanation(b"no abc<i>def</i> there", &sent), "no *** there");
        let long = format!("{}abcdef", "x".repeat(MOST_EXPLANATION - 2));
        assert!(!explanation(long.as_bytes(), &sent).contains("ab"));
    }
}
