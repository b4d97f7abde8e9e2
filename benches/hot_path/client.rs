//! The whole client on a current-thread runtime, against a server in a process that is not counted.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use futures::future::join_all;
use longhaul::ops::system::Ping;
use longhaul::{Client, TransferOptions};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::peer;

/// What the child that serves is told by.
const SERVE: &str = "LONGHAUL_BENCH_SERVE";
/// How many are under way at once.
const AT_ONCE: u32 = 64;

/// So many times 64 requests at once.
pub(crate) fn requests(turns: u32) {
    with_client(async |client| {
        let ask = async || {
            for _ in 0..turns {
                client.run(Ping).await.expect("an answer");
            }
        };
        join_all((0..AT_ONCE).map(|_| ask())).await;
    });
}

/// So many times 64 transfers at once, of one chunk each.
pub(crate) fn transfers(turns: u32) {
    with_client(async |client| {
        let receive = async || {
            for _ in 0..turns {
                let options = TransferOptions::default().without_digest();
                let request = client.request("test", "payload").param("size", 1).stream();
                let transfer = request.options(options).start().await.expect("a transfer");
                assert_eq!(transfer.finish().await.expect("a verdict").bytes, 1);
            }
        };
        join_all((0..AT_ONCE).map(|_| receive())).await;
    });
}

fn with_client(work: impl AsyncFnOnce(Client)) {
    let server = Serving::start();
    runtime().block_on(async {
        work(Client::builder(&server.url).connect().await.expect("a connection")).await;
    });
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub(crate) fn is_server() -> bool {
    std::env::var_os(SERVE).is_some()
}

/// Serves until whoever started it is gone.
pub(crate) fn serve() {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(peer::serve(listener));
        let gone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ = gone.await;
    });
}

/// A server's process, ended when dropped.
struct Serving {
    url: String,
    child: Child,
}

impl Serving {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut url = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut url).expect("its url");
        Self { url: url.trim().to_owned(), child }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
