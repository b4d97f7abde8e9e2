//! Where the sender listens, and which way each connection goes.

use std::io;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, OpCode};

use super::delivery::{Checks, Delivery, Form, View, text_message, write_header};
use super::flow;
use super::head::Head;
use super::session;
use super::stock::Stocks;

/// The id under which those are sent to that ask for nothing.
const ID: &str = "test_1";

/// Where a sender listens, on 127.0.0.1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    /// The certificate of who signed the sender's, as a PEM file.
    pub(crate) authority: PathBuf,
}

/// Serves until stdin ends; says on stdout where. `folder` takes the certificate.
pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let plain = TcpListener::bind("127.0.0.1:0").await?;
        let tls = TcpListener::bind("127.0.0.1:0").await?;
        let authority = folder.join("authority.pem");
        let acceptor = acceptor(&authority)?;
        let ports =
            Ports { plain: plain.local_addr()?.port(), tls: tls.local_addr()?.port(), authority };
        println!("{}", serde_json::to_string(&ports)?);
        let stocks = Arc::new(Stocks::default());
        tokio::spawn(accept(plain, Arc::clone(&stocks), None));
        tokio::spawn(accept(tls, stocks, Some(acceptor)));
        let gone = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
        gone.await??;
        Ok(())
    })
}

/// A certificate for 127.0.0.1 made on the spot; its authority goes into a file.
fn acceptor(authority: &Path) -> anyhow::Result<TlsAcceptor> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    std::fs::write(authority, issuer.pem())?;
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(listener: TcpListener, stocks: Arc<Stocks>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (stocks, tls) = (Arc::clone(&stocks), tls.clone());
        tokio::spawn(async move {
            // Clients that leave early are their own affair: each says how it went.
            let _ = serve(stream, &stocks, tls).await;
        });
    }
}

async fn serve(stream: TcpStream, stocks: &Stocks, tls: Option<TlsAcceptor>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => answer(stream, stocks).await,
        Some(tls) => answer(tls.accept(stream).await?, stocks).await,
    }
}

async fn answer<S>(mut stream: S, stocks: &Stocks) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = Head::read(&mut stream).await?;
    let stock = || stocks.of(head.number("chunk"));
    let delivery = |form| Delivery::new(stock(), head.number("size"), form, ID, Checks::default());
    match *head.path() {
        ["sap", ..] => {
            stream.write_all(head.upgrade()?.as_bytes()).await?;
            return session::serve(stream, head.rest, stocks).await;
        }
        ["raw", form] => {
            let delivery = delivery(form_of(form)?);
            send(&mut stream, &delivery).await?;
        }
        ["drain", form] => {
            let delivery = delivery(form_of(form)?);
            stream.write_all(head.upgrade()?.as_bytes()).await?;
            send(&mut stream, &delivery).await?;
            let mut close = Vec::new();
            write_header(OpCode::Control(Control::Close), 2, &mut close);
            close.extend_from_slice(&1000_u16.to_be_bytes());
            stream.write_all(&close).await?;
            // Until the client answers: without this its last bytes might be lost. It is for this
            // side to end the connection then, and some clients wait for that.
            let _ = stream.read(&mut [0; 256]).await?;
        }
        ["download"] => {
            let delivery = delivery(Form::Bare);
            let length = head.number("size");
            let type_ = "application/octet-stream";
            answer_head(&mut stream, type_, length).await?;
            send(&mut stream, &delivery).await?;
        }
        ["expected", view, form] => {
            let view = match view {
                "stream" => View::Stream,
                "messages" => View::Messages,
                _ => View::Payload,
            };
            let with_digest = head.number("digest") == 1;
            let (bytes, digest) = delivery(form_of(form)?).expected(view, with_digest);
            let digest = digest.map(|digest| digest.to_string());
            let json = serde_json::json!({ "bytes": bytes, "sha256": digest }).to_string();
            answer_head(&mut stream, "application/json", json.len() as u64).await?;
            stream.write_all(json.as_bytes()).await?;
        }
        _ => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?,
    }
    stream.flush().await?;
    stream.shutdown().await
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, delivery: &Delivery) -> io::Result<()> {
    flow::send(stream, delivery, |_| async { u64::MAX }).await?;
    if delivery.form != Form::Bare {
        stream.write_all(&text_message(&delivery.complete())).await?;
    }
    Ok(())
}

async fn answer_head<S>(stream: &mut S, type_: &str, length: u64) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {type_}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await
}

fn form_of(name: &str) -> io::Result<Form> {
    match name {
        "text" => Ok(Form::Text),
        "binary" => Ok(Form::Binary),
        "bare" => Ok(Form::Bare),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
