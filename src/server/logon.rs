//! Basic authentication.

use std::fmt;

use bytes::Bytes;
use subtle::ConstantTimeEq;

use crate::proto::BufferPool;
use crate::proto::base64;
use crate::proto::checksum::Sha256;

/// What a request without the logon is told.
pub(super) const CHALLENGE: &str = "Basic realm=\"longhaul\"";

/// The one user who may log on.
///
/// Only a digest is kept, so neither memory nor Debug output shows the password, and a comparison
/// takes the same time whatever was sent.
#[derive(Clone)]
pub(super) struct Logon {
    user: String,
    digest: Sha256,
}

impl Logon {
    pub(super) fn new(user: String, password: &str) -> Self {
        let digest = Sha256::of(format!("{user}:{password}").as_bytes());
        Self { user, digest }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Whether the value of an `Authorization` header is this user's logon.
    pub(super) fn accepts(&self, header: &str) -> bool {
        let Some(given) = basic(header) else { return false };
        Sha256::of(&given).0.ct_eq(&self.digest.0).into()
    }
}

/// The user that an `Authorization` header names, whether or not the logon is right.
pub(super) fn named_user(header: &str) -> Option<String> {
    let given = basic(header)?;
    let (user, _) = std::str::from_utf8(&given).ok()?.split_once(':')?;
    Some(user.to_owned())
}

/// User and password, as they are joined for Basic.
fn basic(header: &str) -> Option<Bytes> {
    let (scheme, text) = header.split_once(' ')?;
    let (given, _) = base64::decode(text.trim(), &mut BufferPool::default()).ok()?;
    scheme.eq_ignore_ascii_case("Basic").then_some(given)
}

impl fmt::Debug for Logon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logon").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(logon: &str) -> String {
        format!("Basic {}", base64::encode(logon.as_bytes()))
    }

    #[test]
    fn only_the_exact_logon_is_taken() {
        let logon = Logon::new("DEVELOPER".into(), "pa:ss wörd");
        assert!(logon.accepts(&header("DEVELOPER:pa:ss wörd")));
        assert!(logon.accepts(&header("DEVELOPER:pa:ss wörd").replace("Basic", "basic")));
        for wrong in ["DEVELOPER:pa:ss", "DEVELOPER", "", "developer:pa:ss wörd", "X:Y"] {
            assert!(!logon.accepts(&header(wrong)), "{wrong}");
        }
        for junk in ["", "Basic", "Basic ???", "Bearer abc", "BasicREVW"] {
            assert!(!logon.accepts(junk), "{junk}");
        }
    }

    #[test]
    fn a_header_names_its_user() {
        assert_eq!(named_user(&header("ME:pa:ss")).as_deref(), Some("ME"));
        assert_eq!(named_user(&header("ME")), None);
        assert_eq!(named_user("Bearer abc"), None);
    }

    #[test]
    fn nothing_secret_is_printed() {
        let logon = Logon::new("DEVELOPER".into(), "secret");
        assert_eq!(format!("{logon:?}"), "Logon { user: \"DEVELOPER\", .. }");
    }
}
