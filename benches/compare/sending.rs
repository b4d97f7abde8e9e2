//! The sender as the bench holds it: a process, and what it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use serde::Deserialize;

use crate::sender::{PACE, Ports};

/// A running sender; it ends with this.
pub(crate) struct Sending {
    pub(crate) ports: Ports,
    child: Child,
}

/// What a client should receive.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Expected {
    pub(crate) bytes: u64,
    pub(crate) sha256: Option<String>,
}

impl Sending {
    pub(crate) fn start(folder: &Path, pace: Option<u32>) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("sender")
            .arg(folder)
            .envs(pace.map(|pace| (PACE, pace.to_string())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("a pipe")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let ports = serde_json::from_str(&line).context("the sender did not start")?;
        Ok(Self { ports, child })
    }

    /// What a client gets that looks at `view` of so much.
    pub(crate) fn expected(
        &self,
        view: &str,
        chunk: u64,
        size: u64,
        with_digest: bool,
    ) -> anyhow::Result<Expected> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports.plain))?;
        let digest = u8::from(with_digest);
        let target = format!("/expected/{view}?chunk={chunk}&size={size}&digest={digest}");
        write!(stream, "GET {target} HTTP/1.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, json) = answer.split_once("\r\n\r\n").context("the sender did not answer")?;
        Ok(serde_json::from_str(json)?)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
