//! From a host to a stream: address, proxy, encryption. The one way to both the WebSocket and
//! the HTTP logon.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

use super::approach::StageNote;
use super::error::{ConnectError, Stage};
use super::proxy::{ProxyChoice, authority};
use super::tls::{Tls, TlsOptions};

/// Bytes both ways, whatever carries them.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A stream that may be plain, encrypted, or through a proxy.
pub(crate) type BoxedStream = Box<dyn ByteStream>;

impl fmt::Debug for dyn ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}

/// Dials by the same settings wherever a connection is needed.
pub(crate) struct Dialer {
    proxies: ProxyChoice,
    tls_options: TlsOptions,
}

impl Dialer {
    pub(crate) fn new(proxies: ProxyChoice, tls_options: TlsOptions) -> Self {
        Self { proxies, tls_options }
    }

    /// A stream to `host`, encrypted if it is to be.
    pub(crate) async fn dial(
        &self,
        host: &str,
        port: u16,
        is_secure: bool,
        stage: &StageNote,
    ) -> Result<BoxedStream, ConnectError> {
        let proxy = self.proxies.proxy_for(host, port, is_secure)?;
        // Files and trust store are read only where something is to be encrypted.
        let encrypts = is_secure || proxy.as_ref().is_some_and(super::proxy::Proxy::is_secure);
        let tls = if encrypts { Some(Tls::new(&self.tls_options)?) } else { None };
        let mut stream = match proxy {
            None => dial(host, port, stage).await?,
            Some(proxy) => {
                let (proxy_host, proxy_port) = proxy.address();
                let mut stream = dial(proxy_host, proxy_port, stage).await.map_err(|source| {
                    ConnectError::ProxyUnreachable {
                        proxy: authority(proxy_host, proxy_port),
                        source: Arc::new(source),
                    }
                })?;
                if let Some(tls) = tls.as_ref().filter(|_| proxy.is_secure()) {
                    stage.set(Stage::Tls);
                    stream = tls.wrap(stream, proxy_host).await?;
                }
                stage.set(Stage::Proxy);
                proxy.tunnel(stream, host, port).await?
            }
        };
        if let Some(tls) = tls.filter(|_| is_secure) {
            stage.set(Stage::Tls);
            stream = tls.wrap(stream, host).await?;
        }
        Ok(stream)
    }
}

async fn dial(host: &str, port: u16, stage: &StageNote) -> Result<BoxedStream, ConnectError> {
    stage.set(Stage::Lookup);
    let lookup = |source| ConnectError::Lookup { host: host.to_owned(), source: Arc::new(source) };
    let addresses: Vec<_> = lookup_host((host, port)).await.map_err(lookup)?.collect();
    if addresses.is_empty() {
        return Err(lookup(io::ErrorKind::NotFound.into()));
    }
    stage.set(Stage::Dial);
    let stream = TcpStream::connect(&addresses[..]).await.map_err(|source| ConnectError::Dial {
        host: host.to_owned(),
        port,
        source: Arc::new(source),
    })?;
    // Requests are small and someone waits for each; not all systems allow it, none need it.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}
