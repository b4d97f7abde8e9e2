//! What went out with requests that nobody may read in what comes back.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap};

use super::written::{decoded, meant};
use crate::proto::base64;

/// What stands for a secret.
const MASK: &str = "***";
/// The shortest value of a cookie that is a secret, in bytes; shorter ones are numbers and flags.
const LEAST_COOKIE_BYTES: usize = 4;
/// How much of a secret has to stand at the very end of a text to be its beginning, in characters.
const LEAST_START: usize = 4;
/// How often a text is decoded: a page may show what a URL or JSON in it has escaped before.
const MOST_ROUNDS: usize = 3;
/// The longest name that HTML has for a character, in bytes.
const MOST_NAME_BYTES: usize = 32;
/// How many characters of secrets are compared in one text: some tenths of a second. It is the server
/// that makes the text, and cookies too.
const MOST_STEPS: usize = 50_000_000;
/// How much is remembered, in bytes: several requests with as many cookies as are kept.
const MOST_BYTES: usize = 256 << 10;

/// The secrets that requests have sent; a server may well show them in its page.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    /// None is empty, and none is there twice; the one that was sent last is the last.
    secrets: Vec<String>,
}

impl Sent {
    /// Those in headers that are marked as sensitive.
    #[cfg(test)]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut sent = Self::default();
        sent.add(headers);
        sent
    }

    /// Adds those in headers that are marked as sensitive. Beyond [`MOST_BYTES`] those of earlier
    /// headers are forgotten, first those that were not sent for the longest time.
    pub(crate) fn add(&mut self, headers: &HeaderMap) {
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
                let values = text.split(';').filter_map(|pair| Some(pair.split_once('=')?.1));
                secrets.extend(values.flat_map(forms));
            }
        }
        let mut added = 0_usize;
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            self.secrets.retain(|old| *old != secret);
            self.secrets.push(secret);
            added = added.saturating_add(1);
        }
        let mut room = MOST_BYTES;
        let fits = |secret: &&String| {
            room = room.saturating_sub(secret.len());
            room > 0
        };
        let kept = self.secrets.iter().rev().take_while(fits).count().max(added);
        self.secrets.drain(..self.secrets.len().saturating_sub(kept));
    }

    /// The text without them, also where it has them as HTML, URLs or JSON write them, one within
    /// the other too, and without the start of one at its end, where a page breaks off.
    ///
    /// What it shows is decoded where that is how a secret was found. Of a text that takes too long
    /// to search, nothing is shown.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut search = Search::new(&self.secrets);
        let mut scrubbed = search.scrub(text).into_owned();
        let mut plainer = scrubbed.clone();
        for _ in 0..MOST_ROUNDS {
            let Cow::Owned(decoded) = decoded(&plainer) else { break };
            plainer = decoded;
            search.decode();
            if let Cow::Owned(without) = search.scrub(&plainer) {
                scrubbed.clone_from(&without);
                plainer = without;
            }
        }
        if search.steps.get() == 0 { MASK.to_owned() } else { scrubbed }
    }
}

/// A search for secrets in one text, as long as it may take.
struct Search<'s> {
    /// The longest first, so that no rest of one is left.
    secrets: Vec<Cow<'s, str>>,
    /// How many more characters may be compared.
    steps: Cell<usize>,
}

impl<'s> Search<'s> {
    fn new(secrets: &'s [String]) -> Self {
        let secrets = secrets.iter().map(|secret| Cow::Borrowed(secret.as_str())).collect();
        let mut search = Self { secrets, steps: Cell::new(MOST_STEPS) };
        search.sort();
        search
    }

    fn sort(&mut self) {
        self.secrets.sort_unstable_by_key(|secret| Reverse(secret.len()));
    }

    /// Looks for what secrets become that look escaped themselves, besides.
    fn decode(&mut self) {
        let plainer = self.secrets.iter().filter_map(|secret| match decoded(secret) {
            Cow::Owned(plainer) if !self.secrets.contains(&Cow::Borrowed(&plainer)) => {
                Some(Cow::Owned(plainer))
            }
            _ => None,
        });
        let plainer: Vec<_> = plainer.collect();
        self.secrets.extend(plainer);
        self.sort();
    }

    /// The text without secrets as they are, or escaped once; borrowed if there are none.
    fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut scrubbed, mut copied) = (String::new(), 0);
        let mut rest = text;
        while let Some(c) = rest.chars().next()
            && self.steps.get() > 0
        {
            let at = text.len().saturating_sub(rest.len());
            let found = self.secrets.iter().find_map(|secret| self.found_at_start(rest, secret));
            if let Some(len) = found {
                scrubbed.push_str(text.get(copied..at).unwrap_or_default());
                scrubbed.push_str(MASK);
                copied = at.saturating_add(len);
            }
            rest = rest.get(found.unwrap_or_else(|| c.len_utf8())..).unwrap_or_default();
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        scrubbed.push_str(text.get(copied..).unwrap_or_default());
        Cow::Owned(scrubbed)
    }

    /// How many bytes a secret takes that the text begins with, however it is written there.
    fn found_at_start(&self, text: &str, secret: &str) -> Option<usize> {
        // A page in another encoding shows what it means, but is not read as that.
        let plain = |rest: &'_ str, c: char| {
            let unreadable = || rest.strip_prefix('\u{fffd}').filter(|_| !c.is_ascii());
            rest.strip_prefix(c).or_else(unreadable).map(str::len)
        };
        let written = |rest: &'_ str, c: char| after_written(rest, c).map(str::len);
        // A secret may itself hold what looks as if it stood for another character.
        self.walk(text, secret, plain).or_else(|| {
            self.walk(text, secret, |rest, c| written(rest, c).or_else(|| plain(rest, c)))
        })
    }

    /// Goes along a secret; `after` says how many bytes are left behind a character.
    fn walk(
        &self,
        text: &str,
        secret: &str,
        after: impl Fn(&str, char) -> Option<usize>,
    ) -> Option<usize> {
        let mut rest = text;
        for (matched, c) in secret.chars().enumerate() {
            // At the text's end it may have broken off, even within an escape.
            if matched >= LEAST_START && (rest.is_empty() || is_unfinished(rest)) {
                return Some(text.len());
            }
            self.steps.set(self.steps.get().checked_sub(1)?);
            let behind = after(rest, c).and_then(|left| rest.get(rest.len().checked_sub(left)?..));
            rest = behind?;
        }
        Some(text.len().saturating_sub(rest.len()))
    }
}

/// The value of a cookie as it is sent, without quotes, and decoded.
fn forms(value: &str) -> impl Iterator<Item = String> {
    let sent = value.trim();
    let bare = sent.trim_matches('"');
    let forms = [sent.to_owned(), bare.to_owned(), decoded(bare).into_owned()];
    forms.into_iter().filter(|form| form.len() >= LEAST_COOKIE_BYTES)
}

/// The password in the token of a Basic logon.
fn password(token: &str) -> Option<String> {
    let (logon, _) = base64::decode(token, &mut crate::proto::BufferPool::default()).ok()?;
    let logon = String::from_utf8(logon.to_vec()).ok()?;
    Some(logon.split_once(':')?.1.to_owned())
}

/// Whether a text is no more than the beginning of an escape.
fn is_unfinished(text: &str) -> bool {
    let is_opened = text.starts_with(['&', '%', '\\']);
    is_opened
        && text.len() <= MOST_NAME_BYTES
        && meant(text).is_none()
        && !text.contains([';', ' '])
}

/// What follows a character that is not written as itself.
fn after_written(text: &str, c: char) -> Option<&str> {
    if let Some((found, rest)) = meant(text) {
        return (found == c).then_some(rest);
    }
    // HTML has two thousand names for characters; letters and digits need none.
    let named = || {
        let name = text.strip_prefix('&')?;
        let end = name.bytes().take(MOST_NAME_BYTES).position(|byte| byte == b';')?;
        let (name, rest) = (name.get(..end)?, name.get(end.saturating_add(1)..)?);
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_name && !c.is_ascii_alphanumeric()).then_some(rest)
    };
    named().or_else(|| text.strip_prefix('+').filter(|_| c == ' '))
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
    fn cookies_are_found_as_they_are_meant() {
        let cookies = sent("cookie", "MYSAPSSO2=ab%2bcd; sid=\"abcdef\"");
        for page in ["ab%2bcd", "ab%2Bcd", "ab+cd", "ab&#43;cd", "abcdef", "&quot;abcdef&quot;"] {
            assert_eq!(cookies.scrub(page), MASK, "{page}");
        }
    }

    #[test]
    fn what_was_sent_is_kept_until_much_else_was() {
        let header = |value: String| {
            let mut value = HeaderValue::try_from(value).unwrap();
            value.set_sensitive(true);
            HeaderMap::from_iter([(COOKIE, value)])
        };
        let mut sent = Sent::of(&header("s=first".into()));
        sent.add(&header("s=second".into()));
        assert_eq!(sent.scrub("first, second"), "***, ***");
        for number in 0..1_000 {
            sent.add(&header(format!("s=first; t={number}{}", "x".repeat(1_000))));
        }
        assert_eq!(sent.scrub("first, second"), "***, second");
        let bytes: usize = sent.secrets.iter().map(String::len).sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
    }

    #[test]
    fn a_page_that_takes_too_long_to_search_is_not_shown() {
        let sent = sent("cookie", &format!("s={}b", "a".repeat(16_000)));
        assert_eq!(sent.scrub(&format!("{} no", "a".repeat(15_000))), MASK);
        assert_eq!(sent.scrub(&"&".repeat(16_000)), "&".repeat(16_000));
        assert_eq!(sent.scrub(&"&#1".repeat(5_000)), "&#1".repeat(5_000));
    }

    #[test]
    fn what_looks_escaped_itself_is_found_however_often_it_is_escaped() {
        for (password, page) in [
            ("Pa%20ss<1", "Pa%20ss&amp;lt;1"),
            ("pa\\!ss<1", "pa\\!ss&amp;lt;1"),
            ("x%41\"y", "x%41\\&quot;y"),
        ] {
            assert_eq!(basic(password).scrub(page), MASK, "{page}");
        }
    }

    #[test]
    fn a_page_may_break_off_within_an_escape() {
        for page in ["hunter&am", "hunter&", "hunter%2", "hunter\\u00"] {
            assert_eq!(basic("hunter&2").scrub(page), MASK, "{page}");
        }
        assert_eq!(basic("hunter&2").scrub("hunter& no"), "hunter& no");
    }

    #[test]
    fn what_was_sent_last_is_kept_however_long() {
        let long = "t".repeat(MOST_BYTES + 1);
        assert_eq!(sent("authorization", &format!("Bearer {long}")).scrub(&long), MASK);
    }

    #[test]
    fn however_often_it_is_escaped() {
        let sent = basic("a&b \u{e4}\u{1f600}\"c");
        for page in [
            "a&amp;amp;b &amp;auml;&amp;#x1f600;&amp;quot;c",
            "a%2526b%20%25C3%25A4%25f0%259f%2598%2580%2522c",
            "a\\\\u0026b \\\\u00e4\\\\ud83d\\\\ude00\\\\\\\"c",
            "a&amp;#38;amp;b &#38;amp;auml;&#128512;&quot;c",
        ] {
            assert_eq!(sent.scrub(page), MASK, "{page}");
        }
        assert_eq!(sent.scrub("100%2525 &amp;amp; \\\\u0026"), "100%2525 &amp;amp; \\\\u0026");
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
            "a&ampb &lt\u{e4}&gt&quotc",
            "a&#0000000000000038;b &#60\u{e4}&#x3e&#34c",
            "a&amp;b &lt;&auml;&gt;&quot;c",
            "a%26b%20%3c%E4%3e%22c",
            "a\\x26b \\x3c\\u00E4>\\\"c",
        ] {
            assert_eq!(sent.scrub(page), MASK, "{page}");
        }
        assert_eq!(basic("x\u{1f600}y").scrub("x\\ud83d\\ude00y \\ud83dy"), "*** \\ud83dy");
        let entities = basic("a&amp;b%26");
        assert_eq!(entities.scrub("a&amp;b%26 a&amp;amp;b%2526"), "*** ***");
        assert_eq!(
            sent.scrub("a&b &bogus; %2 \\u00 &#xffffffff;"),
            "a&b &bogus; %2 \\u00 &#xffffffff;"
        );
    }
}
