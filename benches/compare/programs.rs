//! What is not part of this program: whether it is there, and how it is started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::args;
use crate::client::Task;
use crate::plan::{Program, Row};

/// What is installed beside this program.
pub(crate) struct Programs {
    curl: Result<(), String>,
    go: Result<PathBuf, String>,
    node: Result<(), String>,
    python: PathBuf,
    python_plain: Result<(), String>,
    python_fast: Result<(), String>,
}

impl Programs {
    /// Looks for all of it, and builds what is to be built.
    pub(crate) fn look() -> Self {
        let python = python();
        let can_import = |modules: &str| {
            let mut command = Command::new(&python);
            command.args(["-c", &format!("import {modules}")]);
            succeeds(&mut command)
        };
        let install = |packages: &str| {
            format!(
                "Python with {packages} is not there; with pip: python3 -m venv \
                 benches/compare/naive/python/.venv && benches/compare/naive/python/.venv/bin/pip \
                 install -r benches/compare/naive/python/requirements.txt"
            )
        };
        let python_plain = can_import("websockets").map_err(|_| install("websockets"));
        let python_fast = can_import("websockets, orjson, pybase64")
            .map_err(|_| install("websockets, orjson and pybase64"));
        let node = succeeds(
            Command::new("node")
                .args(["--input-type=module", "-e", "import 'ws'"])
                .current_dir(naive().join("node")),
        );
        Self {
            curl: succeeds(Command::new("curl").arg("--version"))
                .map_err(|_| "curl is not there; with apt: apt-get install curl".to_owned()),
            go: go(),
            node: node.map_err(|_| {
                "Node with ws is not there; with apt and npm: apt-get install nodejs npm && npm \
                 install --prefix benches/compare/naive/node"
                    .to_owned()
            }),
            python,
            python_plain,
            python_fast,
        }
    }

    /// Why a program is not there, with what installs it.
    pub(crate) fn missing(&self, program: Program) -> Option<&str> {
        match program {
            Program::Own(_) => None,
            Program::Curl => self.curl.as_ref().err(),
            Program::Go => self.go.as_ref().err(),
            Program::Node => self.node.as_ref().err(),
            Program::Python { fast: false } => self.python_plain.as_ref().err(),
            Program::Python { fast: true } => self.python_fast.as_ref().err(),
        }
        .map(String::as_str)
    }

    /// Program and arguments of one run.
    pub(crate) fn command(&self, row: &Row, task: &Task) -> anyhow::Result<Vec<String>> {
        let query = format!("size={}&chunk={}", task.size, task.chunk);
        let socket = format!("ws://127.0.0.1:{}/drain/text?{query}", task.ports.plain);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut command = match row.program {
            Program::Own(_) => {
                let own = text(&std::env::current_exe()?);
                return Ok(vec![own, "client".into(), serde_json::to_string(task)?]);
            }
            Program::Curl => {
                let url = format!("http://127.0.0.1:{}/download?{query}", task.ports.plain);
                let mut command = vec!["curl".into(), "-sS".into(), "--noproxy".into(), "*".into()];
                if !task.verify {
                    let said = r#"{"bytes":%{size_download},"seconds":%{time_total}}"#;
                    let nothing = if cfg!(windows) { "NUL" } else { "/dev/null" };
                    command.extend(["-o", nothing, "-w", said].map(str::to_owned));
                }
                command.push(url);
                return Ok(command);
            }
            Program::Go => {
                vec![self.go.as_deref().map(text).unwrap_or_default(), socket]
            }
            Program::Node => vec!["node".into(), text(&naive().join("node/client.js")), socket],
            Program::Python { .. } => {
                vec![text(&self.python), text(&naive().join("python/client.py")), socket]
            }
        };
        if task.verify {
            command.push("--verify".into());
        }
        if let Program::Python { fast: true } = row.program {
            command.push("--fast".into());
        }
        Ok(command)
    }
}

/// Where the naive clients are that are programs of their own.
fn naive() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/compare/naive")
}

/// The Python of the virtual environment beside its client, else the one of the path.
fn python() -> PathBuf {
    let environment = naive().join("python/.venv");
    let places = ["bin/python", "Scripts/python.exe"].map(|place| environment.join(place));
    places.into_iter().find(|place| place.exists()).unwrap_or_else(|| "python3".into())
}

/// Builds the client in Go with what Debian packages, or with what its caller's `GOPATH` has.
fn go() -> Result<PathBuf, String> {
    let folder = args::target().join("compare");
    let program = folder.join(if cfg!(windows) { "naive-go.exe" } else { "naive-go" });
    let source = naive().join("go/main.go");
    let mut command = Command::new("go");
    command.arg("build").arg("-o").arg(&program).arg(source).env("GO111MODULE", "off");
    if std::env::var_os("GOPATH").is_none() {
        command.env("GOPATH", "/usr/share/gocode");
    }
    match std::fs::create_dir_all(folder).map_err(|error| error.to_string()) {
        Ok(()) => succeeds(&mut command),
        Err(error) => Err(error),
    }
    .map(|()| program)
    .map_err(|why| {
        format!(
            "Go with gorilla/websocket is not there ({why}); with apt: apt-get install golang-go \
             golang-github-gorilla-websocket-dev"
        )
    })
}

/// Runs something that ends soon; its last words if it fails.
fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(words.lines().last().unwrap_or("it failed").to_owned())
}
