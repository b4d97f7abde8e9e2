//! Proxies: whether one stands between, and the tunnel through it.

use std::sync::Arc;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Method, Request, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;

use super::dial::BoxedStream;
use super::error::ConnectError;
use crate::client::limits::{MAX_HEAD_BYTES, MAX_HEADERS};

/// Which proxy is to be used for what.
#[derive(Clone, Debug, Default)]
pub(crate) enum ProxyChoice {
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say; never for loopback.
    #[default]
    Environment,
    /// This one, for everything.
    Explicit(GivenUrl),
    /// None.
    Direct,
}

/// A URL as it was given, which may hold a password; that is not printed.
#[derive(Clone)]
pub(crate) struct GivenUrl(pub(crate) String);

impl std::fmt::Debug for GivenUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl GivenUrl {
    /// Without user and password.
    fn shown(&self) -> String {
        match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
            (None, Some((_, host))) => format!("…@{host}"),
            _ => self.0.clone(),
        }
    }
}

/// A proxy that stands between.
pub(crate) struct Proxy {
    uri: Uri,
    logon: Option<HeaderValue>,
}

impl ProxyChoice {
    /// The proxy for a connection to `host`, if there is to be one.
    pub(crate) fn proxy_for(
        &self,
        host: &str,
        port: u16,
        is_secure: bool,
    ) -> Result<Option<Proxy>, ConnectError> {
        let matcher = match self {
            Self::Direct => return Ok(None),
            Self::Environment if is_loopback(host) => return Ok(None),
            Self::Environment => Matcher::from_env(),
            Self::Explicit(url) => Matcher::builder().all(url.0.as_str()).build(),
        };
        let scheme = if is_secure { "https" } else { "http" };
        let target = format!("{scheme}://{}/", authority(host, port));
        let intercept = target.parse().ok().and_then(|uri| matcher.intercept(&uri));
        match (intercept, self) {
            (Some(intercept), _) => Proxy::new(&intercept).map(Some),
            (None, Self::Explicit(url)) => Err(ConnectError::ProxyUrl { proxy: url.shown() }),
            // What cannot be read must not send a logon another way than was meant.
            (None, _) => match unreadable_proxy(is_secure, &target) {
                Some(url) => Err(ConnectError::ProxyUrl { proxy: url.shown() }),
                None => Ok(None),
            },
        }
    }
}

/// The proxy the environment names for `target`, which the library below could not read.
fn unreadable_proxy(is_secure: bool, target: &str) -> Option<GivenUrl> {
    let variable = |name: &str| {
        let value =
            [name.to_uppercase(), name.to_owned()].iter().find_map(|n| std::env::var(n).ok());
        value.filter(|value| !value.is_empty())
    };
    let own = variable(if is_secure { "https_proxy" } else { "http_proxy" });
    let named = own.or_else(|| variable("all_proxy"))?;
    // Whether NO_PROXY leaves the target out is for the library to say.
    let excepted = Matcher::builder()
        .all("http://proxy.invalid")
        .no(variable("no_proxy").unwrap_or_default())
        .build()
        .intercept(&target.parse().ok()?)
        .is_none();
    (!excepted).then_some(GivenUrl(named))
}

impl Proxy {
    fn new(intercept: &Intercept) -> Result<Self, ConnectError> {
        let uri = intercept.uri().clone();
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(ConnectError::ProxyUrl { proxy: uri.to_string() });
        }
        Ok(Self { uri, logon: intercept.basic_auth().cloned() })
    }

    /// Host and port of the proxy itself.
    pub(crate) fn address(&self) -> (&str, u16) {
        let host = self.uri.host().unwrap_or_default();
        let default = if self.is_secure() { 443 } else { 80 };
        (host.trim_matches(['[', ']']), self.uri.port_u16().unwrap_or(default))
    }

    /// Whether the way to the proxy is encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Asks the proxy at the other end of `stream` for a tunnel to `host`.
    pub(crate) async fn tunnel(
        &self,
        stream: BoxedStream,
        host: &str,
        port: u16,
    ) -> Result<BoxedStream, ConnectError> {
        let (proxy_host, proxy_port) = self.address();
        let (proxy, target) = (authority(proxy_host, proxy_port), authority(host, port));
        let broken = |error: hyper::Error| ConnectError::ProxyBroken {
            proxy: proxy.clone(),
            source: Arc::new(error),
        };
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        // The connection has to be driven while the answer is waited for, and then taken over.
        let driving = tokio::spawn(connection.with_upgrades());
        let _ends_with_this = AbortOnDrop(driving.abort_handle());
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() =
            target.parse().map_err(|_| ConnectError::ProxyUrl { proxy: target.clone() })?;
        if let Ok(host) = HeaderValue::try_from(&target) {
            request.headers_mut().insert(HOST, host);
        }
        if let Some(logon) = &self.logon {
            request.headers_mut().insert(PROXY_AUTHORIZATION, logon.clone());
        }
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ConnectError::Proxy { proxy, target, status: status.as_u16() });
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(broken)?;
        Ok(Box::new(TokioIo::new(upgraded)))
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether a host is this machine, by its name or address alone.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// `host:port`, with an IPv6 address in brackets.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explicit(url: &str) -> ProxyChoice {
        ProxyChoice::Explicit(GivenUrl(url.into()))
    }

    #[test]
    fn an_explicit_proxy_holds_for_loopback_as_well() {
        let proxy = explicit("http://me:secret@proxy:3128").proxy_for("127.0.0.1", 80, false);
        let proxy = proxy.unwrap().unwrap();
        assert_eq!(proxy.address(), ("proxy", 3128));
        assert_eq!(proxy.logon.unwrap(), "Basic bWU6c2VjcmV0");
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_its_password() {
        for url in ["socks5://me:secret@proxy:1080", "ftp://me:secret@proxy", "me:secret@"] {
            let error = explicit(url).proxy_for("host", 443, true).err().unwrap();
            assert!(matches!(error, ConnectError::ProxyUrl { .. }), "{error:?}");
            assert!(!format!("{error:?}").contains("secret"));
        }
        assert!(!format!("{:?}", explicit("http://me:secret@proxy")).contains("secret"));
    }

    #[test]
    fn this_machine_by_its_names() {
        for host in
            ["localhost", "LOCALHOST", "dev.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "128.0.0.1", "sap", "::2"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
