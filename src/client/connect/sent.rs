//! What went out with a request that nobody may read in what comes back.

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap};

use crate::proto::base64;

/// What stands for a secret.
const MASK: &str = "***";
/// The shortest value of a cookie that is a secret, in bytes; shorter ones are numbers and flags.
const LEAST_COOKIE_BYTES: usize = 4;
/// How much of a secret has to stand at the very end of a text to be its beginning, in characters.
const LEAST_START: usize = 4;
/// The longest `&name;` that is looked at, in bytes.
const MOST_ENTITY_BYTES: usize = 12;

/// The secrets that a request has sent; a server may well show them in its page.
pub(crate) struct Sent {
    /// None is empty; the longest first, so that no rest of one is left.
    secrets: Vec<String>,
}

impl Sent {
    /// Those in headers that are marked as sensitive.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut secrets = Vec::new();
        for (name, value) in headers {
            if !value.is_sensitive() {
                continue;
            }
            let text = String::from_utf8_lossy(value.as_bytes());
            secrets.push(text.clone().into_owned());
            if *name == AUTHORIZATION {
                let (scheme, token) = text.split_once(' ').unwrap_or_default();
                secrets.push(token.trim_end_matches('=').to_owned());
                if scheme == "Basic" {
                    secrets.extend(password(token));
                }
            } else if *name == COOKIE {
                let values =
                    text.split(';').filter_map(|pair| Some(pair.split_once('=')?.1.trim()));
                let values = values.filter(|value| value.len() >= LEAST_COOKIE_BYTES);
                secrets.extend(values.map(str::to_owned));
            }
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// The text without them, also where it has them as HTML, URLs or JSON write them, and without
    /// the start of one at its end, where a page breaks off.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut scrubbed = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let found = self.secrets.iter().find_map(|secret| found_at_start(rest, secret));
            scrubbed.extend(found.map_or_else(|| Some(c), |_| None));
            if found.is_some() {
                scrubbed.push_str(MASK);
            }
            rest = rest.get(found.unwrap_or_else(|| c.len_utf8())..).unwrap_or_default();
        }
        scrubbed
    }
}

/// The password in the token of a Basic logon.
fn password(token: &str) -> Option<String> {
    let (logon, _) = base64::decode(token, &mut crate::proto::BufferPool::default()).ok()?;
    let logon = String::from_utf8(logon.to_vec()).ok()?;
    Some(logon.split_once(':')?.1.to_owned())
}

/// How many bytes a secret takes that the text begins with, however it is written there.
fn found_at_start(text: &str, secret: &str) -> Option<usize> {
    // A page in another encoding shows what it means, but is not read as that.
    let plain = |rest: &'_ str, c: char| {
        let unreadable = || rest.strip_prefix('\u{fffd}').filter(|_| !c.is_ascii());
        rest.strip_prefix(c).or_else(unreadable).map(str::len)
    };
    let written = |rest: &'_ str, c: char| after_written(rest, c).map(str::len);
    // A secret may itself hold what looks as if it stood for another character.
    walk(text, secret, plain)
        .or_else(|| walk(text, secret, |rest, c| written(rest, c).or_else(|| plain(rest, c))))
}

/// Goes along a secret; `after` says how many bytes are left behind a character.
fn walk(text: &str, secret: &str, after: impl Fn(&str, char) -> Option<usize>) -> Option<usize> {
    let mut rest = text;
    for (matched, c) in secret.chars().enumerate() {
        if rest.is_empty() {
            return (matched >= LEAST_START).then_some(text.len());
        }
        rest = rest.get(rest.len().checked_sub(after(rest, c)?)?..)?;
    }
    Some(text.len().saturating_sub(rest.len()))
}

/// What follows a character that is not written as itself.
fn after_written(text: &str, c: char) -> Option<&str> {
    match text.as_bytes().first()? {
        b'&' => {
            let end = text.bytes().take(MOST_ENTITY_BYTES).position(|byte| byte == b';')?;
            let (name, rest) = (text.get(1..end)?, text.get(end.saturating_add(1)..)?);
            let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
            let meant = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let digits = name.strip_prefix('#')?;
                    let code = match digits.strip_prefix(['x', 'X']) {
                        Some(digits) => number(digits, 16),
                        None => number(digits, 10),
                    };
                    char::from_u32(code?)?
                }
            };
            (meant == c).then_some(rest)
        }
        b'%' => {
            let mut bytes = [0; 4];
            let mut rest = text;
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let (digits, after) = rest.strip_prefix('%')?.split_at_checked(2)?;
                rest = (u8::from_str_radix(digits, 16).ok()? == byte).then_some(after)?;
            }
            Some(rest)
        }
        b'\\' => {
            let rest = text.get(1..)?;
            let escaped = || {
                let (digits, after) = rest.strip_prefix('u')?.split_at_checked(4)?;
                let code = u32::from_str_radix(digits, 16).ok()?;
                (char::from_u32(code)? == c).then_some(after)
            };
            rest.strip_prefix(c).or_else(escaped)
        }
        b'+' if c == ' ' => text.get(1..),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn sent(name: &'static str, value: &str) -> Sent {
        let mut value = HeaderValue::try_from(value).unwrap();
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("text/html"));
        headers.insert(HeaderName::from_static(name), value);
        Sent::of(&headers)
    }

    fn basic(password: &str) -> Sent {
        let token = base64::encode(format!("ME:{password}").as_bytes());
        sent("authorization", &format!("Basic {token}"))
    }

    #[test]
    fn a_basic_logon_is_found_whole_and_taken_apart() {
        let sent = basic("x:y-hunter2");
        for (page, left) in [
            ("got Basic TUU6eDp5LWh1bnRlcjI= there", "got *** there"),
            ("got TUU6eDp5LWh1bnRlcjI= there", "got ***= there"),
            ("got TUU6eDp5LWh1bnRlcjI", "got ***"),
            ("ME:x:y-hunter2, text/html", "ME:***, text/html"),
            ("it breaks off in x:y-hun", "it breaks off in ***"),
            ("Basic logon failed", "Basic logon failed"),
        ] {
            assert_eq!(sent.scrub(page), left);
        }
        assert_eq!(basic("").scrub("ME: no password"), "ME: no password");
    }

    #[test]
    fn cookies_and_tokens_are_found() {
        let cookies = sent("cookie", "sap-client=001; SAP_SESSIONID=abc%3d; x=1");
        assert_eq!(cookies.scrub("SAP_SESSIONID=abc%3d, 1 of 001"), "SAP_SESSIONID=***, 1 of 001");
        assert_eq!(cookies.scrub("sap-client=001; SAP_SESSIONID=abc%3d; x=1"), "***");
        assert_eq!(sent("authorization", "Bearer t0k").scrub("no t0k here"), "no *** here");
        assert_eq!(sent("x-csrf-token", "t==").scrub("<t==>"), "<***>");
    }

    #[test]
    fn however_it_is_written() {
        let sent = basic("a&b <ä>\"c");
        for page in [
            "a&b <ä>\"c",
            "a&amp;b &lt;ä&gt;&quot;c",
            "a&#38;b &#x3c;&#XE4;>&#34;c",
            "a%26b+%3C%c3%A4%3e%22c",
            "a&b <\\u00e4>\\\"c",
            "a&b <\u{fffd}>\"c",
        ] {
            assert_eq!(sent.scrub(page), MASK, "{page}");
        }
        let entities = basic("a&amp;b%26");
        assert_eq!(entities.scrub("a&amp;b%26 a&amp;amp;b%2526"), "*** ***");
        assert_eq!(
            sent.scrub("a&b &bogus; %2 \\u00 &#xffffffff;"),
            "a&b &bogus; %2 \\u00 &#xffffffff;"
        );
    }
}
