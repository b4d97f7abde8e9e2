//! A reverse proxy as it stands before real systems: nginx, with TLS, in front of the server.
//!
//! Where nginx is not installed the test says so and passes; CI installs it.

mod support;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use longhaul::ops::git::{Export, List};
use longhaul::server::{Profile, Script, Server};
use longhaul::{Client, ListedBy};
use support::tls::{Authority, Identity};
use support::{PACKAGE, assert_holds, chain, chunks_of, deadline, sample, serve};

/// An nginx that ends with the test.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // It is ours, and it may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Nginx {
    /// Starts nginx before `upstream`; `None` if there is none here.
    fn start(folder: &Path, identity: &Identity, upstream: &str) -> Option<(Self, u16)> {
        // nginx cannot be asked for just any port, so one that was free a moment ago is given.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.join("nginx.conf");
        std::fs::write(&config, configuration(folder, identity, port, upstream)).unwrap();
        let child = Command::new("nginx")
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.ok().map(|child| (Self(child), port))
    }
}

fn configuration(folder: &Path, identity: &Identity, port: u16, upstream: &str) -> String {
    let (folder, certificate, key) =
        (folder.display(), identity.certificate.display(), identity.key.display());
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
         events {{ worker_connections 64; }}
         http {{
             access_log off;
             client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
             fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
             scgi_temp_path {folder}/scgi;
             server {{
                 listen 127.0.0.1:{port} ssl;
                 ssl_certificate {certificate};
                 ssl_certificate_key {key};
                 location / {{
                     proxy_pass http://{upstream};
                     proxy_http_version 1.1;
                     proxy_set_header Upgrade $http_upgrade;
                     proxy_set_header Connection \"upgrade\";
                     proxy_set_header Host $host;
                 }}
             }}
         }}"
    )
}

/// What a client behind nginx needs to stay.
struct Front {
    client: Client,
    _nginx: Nginx,
    _server: Server,
    _files: (Authority, tempfile::TempDir),
}

/// A client that reaches a server of the sample through nginx; `None` if there is none here.
async fn through_nginx(profile: Profile) -> Option<Front> {
    let server = serve(profile, sample(), Script::new()).await;
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let identity = authority.sign("localhost", 2100);
    let upstream = server.addr().to_string();
    let Some((nginx, port)) = Nginx::start(folder.path(), &identity, &upstream) else {
        eprintln!("skipped: nginx is not installed");
        return None;
    };
    let url = format!("https://localhost:{port}");
    let connecting = async {
        loop {
            let builder = Client::builder(&url).authority(authority.file());
            match builder.connect().await {
                Ok(client) => break client,
                // It takes nginx a moment to listen.
                Err(longhaul::ConnectError::Dial { .. }) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => panic!("{}", chain(&error)),
            }
        }
    };
    let client = deadline(connecting).await;
    Some(Front { client, _nginx: nginx, _server: server, _files: (authority, folder) })
}

#[tokio::test]
async fn exports_come_through_nginx() {
    let Some(Front { client, .. }) = &through_nginx(Profile::Full).await else { return };
    for size in [1000, 786_432] {
        let export = Export::packages([PACKAGE]).without_subpackages();
        let transfer = deadline(client.start_with(export, chunks_of(size))).await.unwrap();
        let export = deadline(transfer.collect()).await.unwrap();
        assert_holds(&export.payload, PACKAGE, &sample());
    }
}

#[tokio::test]
async fn objects_are_listed_through_nginx() {
    let Some(Front { client, .. }) = &through_nginx(Profile::Seed).await else { return };
    let listing = deadline(client.list(List::packages([PACKAGE]))).await;
    let listing = listing.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert!(listing.objects.len() > 70, "{}", listing.objects.len());
    assert_eq!((listing.by, listing.empty.len()), (ListedBy::DataPreview, 0));
}
