//! The process between the bench and a client: it starts one, and says what that took.
//!
//! A kernel counts towards a child's peak what its parent held when it was started, so whoever
//! starts clients must be smaller than any of them. This is: it does nothing else.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wait4::Wait4;

/// What a process took, as the kernel says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launched {
    pub(crate) succeeded: bool,
    /// Seconds, of all its threads, those of the kernel on its behalf included.
    pub(crate) processor: f64,
    pub(crate) peak_bytes: u64,
    /// What it printed.
    pub(crate) stdout: String,
}

/// Starts `program` with `args`, waits `limit` seconds at most, and prints what it took.
pub(crate) fn run(limit: &str, program: &str, args: &[&str]) -> anyhow::Result<()> {
    let limit = Duration::from_secs(limit.parse()?);
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| anyhow::anyhow!("{program}: {error}"))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut stdout = String::new();
            let _ = pipe.read_to_string(&mut stdout);
            let _ = sender.send(stdout);
        });
    }
    let stdout = receiver.recv_timeout(limit);
    if stdout.is_err() {
        eprintln!("stopped after {} s", limit.as_secs());
        child.kill()?;
    }
    let used = child.wait4()?;
    let launched = Launched {
        succeeded: used.status.success(),
        processor: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        peak_bytes: used.rusage.maxrss,
        stdout: stdout.unwrap_or_default(),
    };
    println!("{}", serde_json::to_string(&launched)?);
    Ok(())
}
