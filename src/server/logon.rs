//! Basic authentication of the upgrade request.

use std::fmt;

use bytes::BytesMut;
use subtle::ConstantTimeEq;

use crate::proto::base64;
use crate::proto::checksum::Sha256;

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
        let Some((scheme, text)) = header.split_once(' ') else { return false };
        let mut given = BytesMut::new();
        if !scheme.eq_ignore_ascii_case("Basic")
            || base64::decode_append(text.trim(), &mut given).is_err()
        {
            return false;
        }
        Sha256::of(&given).0.ct_eq(&self.digest.0).into()
    }
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
    fn nothing_secret_is_printed() {
        let logon = Logon::new("DEVELOPER".into(), "secret");
        assert_eq!(format!("{logon:?}"), "Logon { user: \"DEVELOPER\", .. }");
    }
}
