//! The server and the lines before it, in a process of their own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use longhaul::server::Server;

use crate::link::{Link, Shape};
use crate::plan::Line;

/// What the child is told by: a line's microseconds and bits a second each, `-` for none.
const SERVE: &str = "LONGHAUL_BENCH_LINES";

/// A server behind lines.
pub(crate) struct Serving {
    /// By line.
    pub(crate) urls: Vec<String>,
    child: Child,
}

impl Serving {
    pub(crate) fn start(lines: &[Line]) -> Self {
        let told = lines.iter().map(|line| match line.shape {
            Some(Shape { round_trip, bits_per_second: Some(bits) }) => {
                format!("{}:{bits}", round_trip.as_micros())
            }
            _ => "-".to_owned(),
        });
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(SERVE, told.collect::<Vec<_>>().join(" "))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let urls = BufReader::new(child.stdout.take().unwrap()).lines().take(lines.len());
        Self { urls: urls.map(Result::unwrap).collect(), child }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this is the child.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os(SERVE).is_some()
}

/// Serves until whoever started it is gone.
pub(crate) async fn serve() {
    let server = Server::builder().bind("127.0.0.1:0").await.unwrap();
    let mut links = Vec::new();
    for told in std::env::var(SERVE).unwrap().split(' ') {
        let Some((micros, bits)) = told.split_once(':') else {
            println!("{}", server.url());
            continue;
        };
        let round_trip = Duration::from_micros(micros.parse().unwrap());
        let shape = Shape { round_trip, bits_per_second: Some(bits.parse().unwrap()) };
        let link = Link::start(server.addr(), shape).unwrap();
        println!("{}", link.url());
        links.push(link);
    }
    let gone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = gone.await;
}
