//! Encryption: what is trusted, and who we are.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
};

use super::dial::BoxedStream;
use super::error::{ConnectError, TlsProblem};

/// The largest file of certificates or of a key that is read, in bytes: 8 MiB, several times what a
/// system trusts in all.
const MAX_PEM_BYTES: u64 = 8 << 20;

/// What a caller says of encryption.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsOptions {
    /// Files of authorities trusted beside the platform's, PEM.
    pub(crate) authorities: Vec<PathBuf>,
    /// Our own certificate chain and its key, PEM.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate at all will do.
    pub(crate) insecure: bool,
}

/// Encrypts streams, by settings that were read once.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl Tls {
    /// Reads the files and the platform's trust store.
    pub(crate) fn new(options: &TlsOptions) -> Result<Self, ConnectError> {
        let provider = Arc::new(ring::default_provider());
        let settings = |error: Error| ConnectError::TlsSettings { reason: error.to_string() };
        let verifier: Arc<dyn ServerCertVerifier> = if options.insecure {
            Arc::new(AnyCertificate(Arc::clone(&provider)))
        } else {
            let mut authorities = Vec::new();
            for path in &options.authorities {
                authorities.extend(certificates(path, "certificate authority")?);
            }
            let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider));
            Arc::new(verifier.map_err(settings)?)
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(settings)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match &options.identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => config
                .with_client_auth_cert(
                    certificates(certificate, "client certificate")?,
                    private_key(key)?,
                )
                .map_err(settings)?,
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Encrypts a stream to `host`.
    pub(crate) async fn wrap(
        &self,
        stream: BoxedStream,
        host: &str,
    ) -> Result<BoxedStream, ConnectError> {
        let failed = |problem| ConnectError::Tls { host: host.to_owned(), problem };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| failed(TlsProblem::WrongName(error.to_string())))?;
        match self.0.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(failed(problem(&error))),
        }
    }
}

/// What a failed read or write means where the connection is encrypted; `None` if it has nothing
/// to do with encryption. With TLS 1.3 a server refuses a client's certificate only after the
/// handshake.
pub(crate) fn problem_of(error: &io::Error) -> Option<TlsProblem> {
    error.get_ref()?.downcast_ref::<Error>().map(classify)
}

fn problem(error: &io::Error) -> TlsProblem {
    problem_of(error).unwrap_or_else(|| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            TlsProblem::NotTls("the connection was closed".into())
        }
        _ => TlsProblem::Handshake(error.to_string()),
    })
}

fn classify(error: &Error) -> TlsProblem {
    use AlertDescription as Alert;
    use CertificateError as Bad;
    let text = error.to_string();
    match error {
        Error::InvalidCertificate(Bad::UnknownIssuer) => TlsProblem::UnknownIssuer(text),
        Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            TlsProblem::WrongName(text)
        }
        Error::InvalidCertificate(
            Bad::Expired
            | Bad::ExpiredContext { .. }
            | Bad::NotValidYet
            | Bad::NotValidYetContext { .. },
        ) => TlsProblem::NotValidNow(text),
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => {
            TlsProblem::BadCertificate(text)
        }
        Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::CertificateUnknown
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::UnsupportedCertificate
            | Alert::UnknownCA
            | Alert::AccessDenied
            // What servers of TLS 1.2 say when they miss a certificate; it can be more.
            | Alert::HandshakeFailure,
        ) => TlsProblem::ClientCertificate(text),
        Error::InvalidMessage(_) => TlsProblem::NotTls(text),
        _ => TlsProblem::Handshake(text),
    }
}

fn certificates(
    path: &Path,
    role: &'static str,
) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let unusable = |reason| ConnectError::TlsFile { path: path.to_owned(), role, reason };
    let pem = read_pem(path).map_err(|error| unusable(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("no certificate in PEM form in it".into()));
    }
    Ok(certificates)
}

/// The bytes of a file of certificates or keys, which is not large.
fn read_pem(path: &Path) -> io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    File::open(path)?.take(MAX_PEM_BYTES.saturating_add(1)).read_to_end(&mut pem)?;
    match u64::try_from(pem.len()) {
        Ok(0..=MAX_PEM_BYTES) => Ok(pem),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ConnectError> {
    let unusable =
        |reason| ConnectError::TlsFile { path: path.to_owned(), role: "private key", reason };
    let pem = read_pem(path).map_err(|error| unusable(error.to_string()))?;
    if pem.windows(9).any(|window| window == b"ENCRYPTED") {
        return Err(unusable("it is encrypted; decrypt it first".into()));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unusable(error.to_string()))
}

/// Takes any certificate, and still checks that the peer has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
