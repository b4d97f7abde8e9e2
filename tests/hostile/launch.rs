//! The process between the suite and a client: it starts one, and says how that ended and what it
//! took.
//!
//! A kernel counts towards a child's peak what its parent held when it was started, so whoever
//! starts clients must be smaller than any of them. The suite is not: it floods.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wait4::Wait4;

/// How long a client may take until it has ended by itself.
const LIMIT: Duration = Duration::from_mins(3);
/// How much of what a client prints is kept, in bytes.
const MOST_PRINTED: u64 = 1 << 20;
/// What the launcher is to do, by its environment.
const ORDER: &str = "LONGHAUL_HOSTILE_ORDER";
/// What the line with the launcher's report begins with.
const MARK: &str = "launched ";

/// What to start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) folder: String,
}

/// How a process ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launched {
    /// `None` if it was killed, by its time or by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) peak_kib: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The launcher's part.
pub(crate) fn run() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let order: Order = serde_json::from_str(&order).unwrap();
    let mut command = Command::new(order.program);
    command.args(order.args).env_remove(ORDER).current_dir(order.folder);
    // Nothing of whoever runs the tests may play a part.
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("SAP_") || upper.starts_with("VSP_") || upper.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command.envs(order.env);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdout = printed(child.stdout.take().unwrap());
    let stderr = printed(child.stderr.take().unwrap());
    // Its streams end when it does.
    let ended = stdout.recv_timeout(LIMIT).and_then(|out| Ok((out, stderr.recv_timeout(LIMIT)?)));
    if ended.is_err() {
        child.kill().unwrap();
    }
    let used = child.wait4().unwrap();
    let (stdout, stderr) = ended.unwrap_or_default();
    let peak_kib = used.rusage.maxrss >> 10;
    let launched = Launched { code: used.status.code(), peak_kib, stdout, stderr };
    println!("\n{MARK}{}", serde_json::to_string(&launched).unwrap());
}

/// The beginning of what a stream brings, once it has ended.
fn printed(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut start = Vec::new();
        let _ = stream.by_ref().take(MOST_PRINTED).read_to_end(&mut start);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        let _ = sender.send(String::from_utf8_lossy(&start).into_owned());
    });
    receiver
}

/// Has a process started, and waits for its end.
pub(crate) async fn launch(order: &Order) -> Launched {
    let order = serde_json::to_string(order).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "launch", "--nocapture", "--test-threads=1"]).env(ORDER, order);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let line = stdout.lines().find_map(|line| line.strip_prefix(MARK));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no report in {stdout:?}"))).unwrap()
}
