//! From what a user calls the server to where the WebSocket is.

use std::fmt;

use url::Url;

/// The path of the handler ZADT_VSP.
const DEFAULT_PATH: &str = "/sap/bc/apc/sap/zadt_vsp";
/// Paths under this one are services of their own and are kept.
const APC_ROOT: &str = "/sap/bc/apc/";

/// Keys of a query that carry a logon.
const LOGON_KEYS: [&str; 3] = ["sap-user", "sap-password", "sap-contextid"];

/// A URL does not say where a server is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL at all.
    #[error("{url:?} is not a url: {reason}")]
    NotUrl {
        /// What was given, without user and password.
        url: String,
        /// What its reader found.
        reason: String,
    },
    /// A scheme other than `http`, `https`, `ws` and `wss`.
    #[error("scheme {scheme:?} is none of http, https, ws and wss")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// No host in it.
    #[error("{url:?} names no host")]
    NoHost {
        /// What was given.
        url: String,
    },
    /// User and password in the URL, which would end up in logs and histories.
    #[error("user or password inside the url")]
    Credentials,
}

/// Where the WebSocket is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: Url,
    host: String,
}

impl Endpoint {
    /// Reads a base URL; `path` and `sap-client` come from the options.
    pub(crate) fn new(
        base: &str,
        path: Option<&str>,
        sap_client: Option<&str>,
        language: Option<&str>,
    ) -> Result<Self, EndpointError> {
        let mut url = Url::parse(base.trim()).map_err(|error| EndpointError::NotUrl {
            url: without_credentials(base),
            reason: error.to_string(),
        })?;
        // A password with a `?` or `#` may leave a URL that can be read, with the rest of it behind.
        let has_rest = [url.query(), url.fragment()].into_iter().flatten().any(|s| s.contains('@'));
        if !url.username().is_empty() || url.password().is_some() || has_rest {
            return Err(EndpointError::Credentials);
        }
        // SAP takes a logon there too, where every log on the way would keep it.
        if url.query_pairs().any(|(key, _)| LOGON_KEYS.contains(&key.to_ascii_lowercase().as_str()))
        {
            return Err(EndpointError::Credentials);
        }
        let scheme = match url.scheme() {
            "http" | "ws" => "ws",
            "https" | "wss" => "wss",
            other => return Err(EndpointError::Scheme { scheme: other.to_owned() }),
        };
        let no_host = || EndpointError::NoHost { url: without_credentials(base) };
        url.set_scheme(scheme).map_err(|()| no_host())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(no_host)?.to_owned();
        match path {
            Some(path) => url.set_path(path),
            None if url.path().starts_with(APC_ROOT) => {}
            None => url.set_path(DEFAULT_PATH),
        }
        url.set_fragment(None);
        let kept: Vec<_> = url
            .query_pairs()
            .filter(|(key, _)| sap_client.is_none() || key != "sap-client")
            .filter(|(key, _)| language.is_none() || key != "sap-language")
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        let added = [("sap-client", sap_client), ("sap-language", language)];
        let added =
            added.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        for (key, value) in kept.into_iter().chain(added) {
            url.query_pairs_mut().append_pair(&key, &value);
        }
        Ok(Self { url, host })
    }

    /// The URL for the upgrade, `ws` or `wss`.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Whether the connection is to be encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.url.scheme() == "wss"
    }

    /// The path of the service, without the query.
    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    /// Client and language, as they stand in the query.
    pub(crate) fn query(&self) -> Option<&str> {
        self.url.query()
    }

    /// Host and port to dial. An IPv6 address comes without its brackets.
    pub(crate) fn address(&self) -> (&str, u16) {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        (host, self.url.port_or_known_default().unwrap_or(80))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Cuts away what stands before an `@` and from a `?` on, for text that is shown: all of it where the
/// `@` comes behind, since it may be that of a password which has a `?` or `#` in it.
fn without_credentials(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (before, behind) = url.split_at_checked(end).unwrap_or((url, ""));
    match before.rsplit_once('@') {
        _ if behind.contains('@') => "…".to_owned(),
        Some((_, rest)) => format!("…@{rest}"),
        None => before.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str) -> String {
        Endpoint::new(base, None, Some("001"), None).unwrap().url().to_owned()
    }

    #[test]
    fn a_base_url_leads_to_the_handler() {
        let handler = "ws://h:8000/sap/bc/apc/sap/zadt_vsp?sap-client=001";
        for base in
            ["http://h:8000", "http://h:8000/", "ws://h:8000/sap/bc/adt?x#y", " http://h:8000 "]
        {
            assert_eq!(url(base).replace("x=&", ""), handler, "{base}");
        }
        assert_eq!(url("https://h"), "wss://h/sap/bc/apc/sap/zadt_vsp?sap-client=001");
    }

    #[test]
    fn another_apc_service_is_kept() {
        assert_eq!(
            url("https://h/sap/bc/apc/sap/zlonghaul"),
            "wss://h/sap/bc/apc/sap/zlonghaul?sap-client=001"
        );
        let path = Endpoint::new("https://h/x", Some("/y/z"), None, None).unwrap();
        assert_eq!(path.url(), "wss://h/y/z");
    }

    #[test]
    fn client_and_language_replace_what_the_url_says() {
        let endpoint =
            Endpoint::new("http://h?sap-client=100&a=b", None, Some("001"), Some("DE")).unwrap();
        assert!(endpoint.url().ends_with("?a=b&sap-client=001&sap-language=DE"), "{endpoint}");
        let kept = Endpoint::new("http://h?sap-client=100", None, None, None).unwrap();
        assert!(kept.url().ends_with("?sap-client=100"), "{kept}");
    }

    #[test]
    fn addresses_to_dial() {
        let address = |base| {
            let endpoint = Endpoint::new(base, None, None, None).unwrap();
            let (host, port) = endpoint.address();
            (host.to_owned(), port)
        };
        assert_eq!(address("http://[::1]:50000"), ("::1".into(), 50000));
        assert_eq!(address("https://sap.example"), ("sap.example".into(), 443));
        assert_eq!(address("http://sap.example"), ("sap.example".into(), 80));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        let error = |base| Endpoint::new(base, None, None, None).unwrap_err();
        assert!(matches!(error("h:8000"), EndpointError::Scheme { .. }));
        assert!(matches!(error("sap.example"), EndpointError::NotUrl { .. }));
        assert!(matches!(error("ftp://h"), EndpointError::Scheme { scheme } if scheme == "ftp"));
        assert_eq!(error("http://me:secret@h"), EndpointError::Credentials);
        assert_eq!(error("http://h?SAP-Password=secret"), EndpointError::Credentials);
        assert_eq!(error("http://me:2024?secret@h"), EndpointError::Credentials);
        assert_eq!(error("http://me:2024#secret@h"), EndpointError::Credentials);
        for url in [
            "me:secret@h:x",
            "http://h:1x/?sap-password=secret",
            "http://h:1x#secret",
            "http://me:secret#1@h:8000",
            "http://me:secret?1@h:8000",
            "http://h:1x?sap-password=1@secret",
        ] {
            assert!(!format!("{:?}", error(url)).contains("secret"), "{url}");
        }
    }
}
