//! Cookie files in Netscape's format, as browsers' helpers and curl write them.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::limits::MAX_COOKIE_FILE_BYTES;

/// A cookie file is not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CookieFileError {
    /// It cannot be read.
    #[error("cookie file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("cookie file {} has {bytes} bytes, more than {MAX_COOKIE_FILE_BYTES}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length, or how much of it was read.
        bytes: u64,
    },
    /// A line is not in Netscape's format.
    #[error("line {line} of cookie file {} does not have seven fields", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// No cookie in it is for this host and still valid.
    #[error("cookie file {} has no valid cookie for {host}", path.display())]
    NoCookie {
        /// The file.
        path: PathBuf,
        /// The host.
        host: String,
    },
}

/// The `Cookie` header for `host`: every cookie of the file that is for it, has not expired, and
/// may go over a connection that is encrypted or not.
pub(crate) fn read(path: &Path, host: &str, is_secure: bool) -> Result<String, CookieFileError> {
    let unreadable = |source| CookieFileError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let stated = file.metadata().map_err(unreadable)?.len();
    // What is no file of its own has no length, and perhaps no end.
    let mut text = Vec::new();
    let read = file.take(MAX_COOKIE_FILE_BYTES.saturating_add(1)).read_to_end(&mut text);
    let bytes = stated.max(read.map_err(unreadable)? as u64);
    if bytes > MAX_COOKIE_FILE_BYTES {
        return Err(CookieFileError::TooLarge { path: path.to_owned(), bytes });
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    let header = header(&String::from_utf8_lossy(&text), host, is_secure, now)
        .map_err(|line| CookieFileError::Line { path: path.to_owned(), line })?;
    if header.is_empty() {
        return Err(CookieFileError::NoCookie { path: path.to_owned(), host: host.to_owned() });
    }
    Ok(header)
}

/// The header, or the number of a line that is no cookie.
fn header(text: &str, host: &str, is_secure: bool, now: u64) -> Result<String, usize> {
    let mut header = String::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
        // A cookie that scripts must not see is marked by what looks like a comment.
        let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = line.splitn(7, '\t').collect();
        let [domain, subdomains, _path, secure, expires, name, value] = fields[..] else {
            return Err(at.saturating_add(1));
        };
        // 0 is a cookie of the session; what is no number is taken as that.
        let expires: f64 = expires.trim().parse().unwrap_or(0.0);
        #[expect(clippy::cast_precision_loss, reason = "seconds stay exact far beyond any date")]
        let valid = expires <= 0.0 || expires > now as f64;
        let may_go = is_secure || !is_true(secure);
        if valid && may_go && is_for(domain, is_true(subdomains), host) && !name.is_empty() {
            if !header.is_empty() {
                header.push_str("; ");
            }
            header.push_str(name);
            header.push('=');
            header.push_str(value);
        }
    }
    Ok(header)
}

/// Whether a cookie's domain covers a host: the host itself, or a domain above it where the cookie
/// is for hosts below as well.
fn is_for(domain: &str, subdomains: bool, host: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let is_below = || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || (subdomains && is_below())
}

fn is_true(field: &str) -> bool {
    field.trim().eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Netscape HTTP Cookie File\r\n\
        \n\
        #HttpOnly_sap.example\tFALSE\t/\tTRUE\t0\tSAP_SESSIONID_A4H_001\tabc%3d\r\n\
        .example\tTRUE\t/\tTRUE\t2000000000\tMYSAPSSO2\tAjEx\n\
        sap.example\tFALSE\t/\tTRUE\t100\texpired\tx\n\
        other.example\tFALSE\t/\tTRUE\t0\tforeign\tx\n\
        sap.example\tFALSE\t/\tTRUE\t0\twith=tab\ta\tb\n";

    #[test]
    fn cookies_of_the_host_that_are_valid() {
        let header = header(FILE, "SAP.example", true, 1_000).unwrap();
        assert_eq!(header, "SAP_SESSIONID_A4H_001=abc%3d; MYSAPSSO2=AjEx; with=tab=a\tb");
    }

    #[test]
    fn a_secure_cookie_does_not_go_in_clear() {
        assert_eq!(header("h\tFALSE\t/\tTRUE\t0\ta\tb\n", "h", false, 0).unwrap(), "");
        assert_eq!(header("h\tFALSE\t/\tFALSE\t0\ta\tb\n", "h", false, 0).unwrap(), "a=b");
    }

    #[test]
    fn a_domain_covers_only_what_is_below_it() {
        assert!(is_for(".example", true, "sap.example"));
        assert!(is_for("sap.example", false, "sap.example"));
        assert!(!is_for(".example", false, "sap.example"), "that host alone");
        assert!(!is_for("ample", true, "sap.example"));
        assert!(!is_for("sap.example", true, "example"));
    }

    #[test]
    fn a_line_that_is_no_cookie_is_named() {
        assert_eq!(header("# x\nname=value\n", "h", true, 0), Err(2));
        assert_eq!(header("", "h", true, 0), Ok(String::new()));
    }

    #[test]
    fn files_that_are_no_use_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        assert!(matches!(read(&path, "h", true), Err(CookieFileError::Unreadable { .. })));
        std::fs::write(&path, "garbage").unwrap();
        assert!(matches!(read(&path, "h", true), Err(CookieFileError::Line { line: 1, .. })));
        std::fs::write(&path, FILE).unwrap();
        assert!(matches!(read(&path, "nowhere", true), Err(CookieFileError::NoCookie { .. })));
        std::fs::write(&path, vec![b'#'; 2 << 20]).unwrap();
        assert!(matches!(read(&path, "h", true), Err(CookieFileError::TooLarge { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_end_is_too_large() {
        let read = read(Path::new("/dev/zero"), "h", true);
        assert!(matches!(read, Err(CookieFileError::TooLarge { .. })), "{read:?}");
    }
}
