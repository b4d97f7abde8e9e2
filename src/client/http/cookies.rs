//! Cookies of one session with one server.

use cookie::Cookie;
use hyper::header::{HeaderMap, SET_COOKIE};

use crate::client::Secret;
use crate::client::limits::{MAX_COOKIE_BYTES, MAX_COOKIES};

/// Cookies by name; what they say is not printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct CookieJar(Vec<(String, Secret)>);

impl CookieJar {
    /// The cookies of a `Cookie` header.
    pub(crate) fn from_header(header: &Secret) -> Self {
        let mut jar = Self::default();
        for pair in header.expose().split(';') {
            if let Some((name, value)) = pair.trim().split_once('=') {
                jar.put(name, value);
            }
        }
        jar
    }

    /// Takes the cookies that an answer sets; the last of each name counts. Says whether there
    /// were any.
    pub(crate) fn absorb(&mut self, headers: &HeaderMap) -> bool {
        let mut any = false;
        for value in headers.get_all(SET_COOKIE) {
            let Some(cookie) = value.to_str().ok().and_then(|text| Cookie::parse(text).ok()) else {
                continue;
            };
            any = true;
            if cookie.value().is_empty()
                || cookie.max_age().is_some_and(|age| age.whole_seconds() <= 0)
            {
                self.0.retain(|(name, _)| name != cookie.name());
            } else {
                self.put(cookie.name(), cookie.value());
            }
        }
        any
    }

    /// The `Cookie` header; `None` without any.
    pub(crate) fn header(&self) -> Option<Secret> {
        let pairs: Vec<_> =
            self.0.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; ").into())
    }

    fn put(&mut self, name: &str, value: &str) {
        let others = self.0.iter().filter(|(other, _)| other != name);
        let (count, bytes) =
            others.fold((0_usize, length(name, value)), |(count, bytes), (name, value)| {
                (count.saturating_add(1), bytes.saturating_add(length(name, value.expose())))
            });
        // One that does not fit is as if it had not come: what had its name stays.
        if count < MAX_COOKIES && bytes <= MAX_COOKIE_BYTES {
            self.0.retain(|(other, _)| other != name);
            self.0.push((name.to_owned(), value.into()));
        }
    }
}

fn length(name: &str, value: &str) -> usize {
    name.len().saturating_add(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(SET_COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    #[test]
    fn cookies_of_an_answer_become_a_header() {
        let mut jar = CookieJar::default();
        assert!(jar.absorb(&setting(&[
            "sap-usercontext=sap-client=001; path=/",
            "SAP_SESSIONID_A4H_001=old; path=/; secure; HttpOnly",
            "SAP_SESSIONID_A4H_001=new%3d; path=/",
            "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "garbage",
        ])));
        assert_eq!(
            jar.header().unwrap().expose(),
            "sap-usercontext=sap-client=001; SAP_SESSIONID_A4H_001=new%3d"
        );
        assert!(!CookieJar::default().absorb(&HeaderMap::new()));
        assert!(CookieJar::default().header().is_none());
    }

    #[test]
    fn an_answer_replaces_and_removes_what_was_there() {
        let mut jar = CookieJar::from_header(&"a=1; b=x=y;c=3 ; d".into());
        jar.absorb(&setting(&["a=2", "c=gone; Max-Age=0"]));
        assert_eq!(jar.header().unwrap().expose(), "b=x=y; a=2");
        assert!(!format!("{jar:?}").contains("x=y"), "{jar:?}");
    }

    #[test]
    fn a_cookie_that_is_too_large_leaves_the_old_one() {
        let mut jar = CookieJar::from_header(&"a=1; b=2".into());
        jar.absorb(&setting(&[&format!("a={}", "x".repeat(MAX_COOKIE_BYTES))]));
        assert_eq!(jar.header().unwrap().expose(), "a=1; b=2");
    }

    #[test]
    fn no_server_fills_the_jar_without_end() {
        let mut jar = CookieJar::default();
        for n in 0..1000 {
            jar.absorb(&setting(&[&format!("c{n}=1")]));
        }
        assert_eq!(jar.0.len(), MAX_COOKIES);
        let half = "x".repeat(MAX_COOKIE_BYTES / 2 - 2);
        let mut jar = CookieJar::default();
        for name in ["a", "b", "c", "a"] {
            jar.absorb(&setting(&[&format!("{name}={half}"), &format!("{name}{name}=1")]));
        }
        let names: Vec<_> = jar.0.iter().map(|(name, _)| name.as_str()).collect();
        // What goes beyond is left out, and what comes again takes its own place only.
        assert_eq!(names, ["bb", "cc", "a", "aa"]);
    }
}
