//! A server, a folder and a command for each test.

use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use longhaul::server::{Server, ServerBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// No command may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The folder of the sample package.
pub(crate) const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample");

/// A reference server that serves the sample as `$DEMO`.
pub(crate) struct Serving {
    server: Server,
    runtime: Runtime,
}

impl Serving {
    pub(crate) fn start(adjust: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let runtime = Runtime::new().unwrap();
        let builder = adjust(Server::builder().package("$DEMO", SAMPLE));
        let server = runtime.block_on(builder.bind("127.0.0.1:0")).unwrap();
        Self { server, runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.addr()
    }

    /// How often an object was asked for.
    #[cfg(unix)]
    pub(crate) fn times_exported(&self, kind: &str, name: &str) -> u64 {
        self.server.times_exported(kind, name)
    }

    /// Makes something that stands before the server, and goes with it.
    pub(crate) fn front<T>(&self, making: impl Future<Output = T>) -> T {
        self.runtime.block_on(making)
    }
}

/// A folder to run in, with what a command leaves there.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders it stands in.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The names of the files in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What interrupted exports have left in it: how many parts, and how many bytes in all.
    pub(crate) fn parts(&self) -> (usize, u64) {
        let names = self.names().into_iter().filter(|name| is_of(name, "part"));
        let sizes = names.filter_map(|name| Some(fs::metadata(self.path(&name)).ok()?.len()));
        sizes.fold((0, 0), |(count, bytes), size| (count + 1, bytes + size))
    }

    /// The shards that interrupted exports have left in it.
    #[cfg(unix)]
    pub(crate) fn shards(&self) -> Vec<PathBuf> {
        let stores = self.names().into_iter().filter(|name| is_of(name, "shards"));
        let entries = stores.filter_map(|name| fs::read_dir(self.path(&name)).ok()).flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.filter(|path| path.extension().is_some_and(|found| found == "zip")).collect()
    }

    /// The names of the files in it that are not of interrupted exports, sorted.
    pub(crate) fn finished(&self) -> Vec<String> {
        let is_left = |name: &String| is_of(name, "part") || is_of(name, "journal");
        self.names().into_iter().filter(|name| !is_left(name)).collect()
    }

    /// A command that runs in it, against the server at `url`.
    pub(crate) fn longhaul(&self, url: &str, words: &[&str]) -> Command {
        let mut command = Command::from_std(self.std_command(url, words));
        command.timeout(PATIENCE);
        command
    }

    /// The same, to be talked to while it runs.
    pub(crate) fn spawn(&self, url: &str, words: &[&str]) -> Spawned {
        Spawned::new(self.std_command(url, words))
    }

    /// The same without any harness.
    pub(crate) fn std_command(&self, url: &str, words: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_longhaul"));
        // Nothing of whoever runs the tests may play a part.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().to_uppercase();
            if name.starts_with("SAP_") || name.starts_with("VSP_") || name.ends_with("_PROXY") {
                command.env_remove(&name).env_remove(name.to_lowercase());
            }
        }
        command.env("HOME", self.path("home")).env("USERPROFILE", self.path("home"));
        command.env("SAP_URL", url).args(words).current_dir(self.0.path());
        command
    }
}

fn is_of(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// Waits until something has happened that nobody tells of.
#[track_caller]
pub(crate) fn wait_until(has_happened: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !has_happened() {
        assert!(Instant::now() < until, "it does not happen");
        thread::yield_now();
    }
}

/// Runs to the end and gives what came of it.
pub(crate) fn run(command: &mut Command) -> Ran {
    Ran(command.output().unwrap())
}

/// A command that has ended.
pub(crate) struct Ran(Output);

impl Ran {
    /// Its exit code, once it is the expected one; else shows what it said.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "{}\n{}", self.stdout(), self.stderr());
        self
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stdout_bytes(&self) -> &[u8] {
        &self.0.stdout
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// The one JSON object on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value: Value = serde_json::from_slice(&self.0.stdout).unwrap();
        assert!(value.is_object() && self.stdout().lines().count() == 1, "{}", self.stdout());
        value
    }

    /// That it failed with nothing on stdout, an error, and a hint that has `word` in it.
    #[track_caller]
    pub(crate) fn expect_hint(&self, word: &str) {
        let stderr = self.stderr();
        assert_eq!(self.stdout(), "");
        assert!(stderr.lines().any(|line| line.starts_with("error: ")), "{stderr}");
        let hint = stderr.lines().find(|line| line.starts_with("hint: "));
        assert!(hint.is_some_and(|hint| hint.contains(word)), "no {word} in: {stderr}");
    }
}

/// A command that runs; killed if the test fails.
pub(crate) struct Spawned {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// The lines of a stream, read on a thread of their own, so that each wait can be bounded.
type Lines = mpsc::Receiver<String>;

impl Spawned {
    pub(crate) fn new(mut command: std::process::Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, stdout: lines(stdout), stderr: lines(stderr) }
    }

    /// The next line of stdout.
    pub(crate) fn stdout_line(&mut self) -> String {
        self.stdout.recv_timeout(PATIENCE).unwrap()
    }

    /// Reads stderr up to a line that has `word` in it.
    pub(crate) fn wait_for_stderr(&mut self, word: &str) {
        while !self.stderr.recv_timeout(PATIENCE).unwrap().contains(word) {}
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the end; what is left of stdout comes with it.
    pub(crate) fn wait(self) -> (ExitStatus, String) {
        let (status, stdout, _) = self.wait_for_all();
        (status, stdout)
    }

    /// Waits for the end; what is left of stdout and of stderr comes with it.
    pub(crate) fn wait_for_all(mut self) -> (ExitStatus, String, String) {
        // The streams end when the command does.
        let [stdout, stderr] = [&self.stdout, &self.stderr].map(rest);
        (self.child.wait().unwrap(), stdout, stderr)
    }
}

fn rest(lines: &Lines) -> String {
    let mut rest = String::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => rest.push_str(&line),
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("the command does not end"),
        }
    }
}

fn lines(stream: impl Read + Send + 'static) -> Lines {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // It has ended already unless the test fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files of a ZIP, in its order.
pub(crate) fn unzip(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let count = archive.len();
    let read = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}
