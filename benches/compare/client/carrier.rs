//! The connection under those clients that do not bring their own.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::Task;

/// Anything that carries bytes.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Carrier for S {}

pub(super) async fn plain(task: &Task) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", task.ports.plain)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(super) async fn tls(task: &Task) -> anyhow::Result<impl Carrier + 'static> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&task.ports.authority)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", task.ports.tls)).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1")?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}
