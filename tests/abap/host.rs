//! The host: Node with the handler, on a port of its own.

use std::fmt::Write as _;
use std::fs::{self, DirEntry};
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use longhaul::{Client, ClientBuilder};
use tempfile::TempDir;

use crate::support::{deadline, sample};

/// Where the handler is.
pub(crate) const PATH: &str = "/sap/bc/apc/sap/zlonghaul";
/// The package that the tests export.
pub(crate) const PACKAGE: &str = "$DEMO";

/// How long Node may take to start on a machine that does other things.
const PATIENCE: Duration = Duration::from_mins(1);

/// A host that ends with the test.
pub(crate) struct Host {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Host {
    /// A host with these arguments; `None` where there is nothing to run it with.
    ///
    /// # Panics
    /// If there is nothing to run it with and `CI` is `true`, or it does not start.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("abap/ci");
        let built = fs::metadata(folder.join("output/init.mjs")).and_then(|file| file.modified());
        let Some(built) = built.ok().filter(|_| folder.join("node_modules/ws").exists()) else {
            return skip("abap/ci/run has not built the handler");
        };
        if newest(&folder.join("../src")).max(newest(&folder.join("stubs"))) > built {
            return skip("abap/ci/run has built an older handler");
        }
        let child = Command::new("node")
            .arg(folder.join("host/serve.mjs"))
            .args(arguments)
            // Its end ends the host, also when the test does not get as far as to drop it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else { return skip("there is no node") };
        let stdout = child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = sender.send(line);
        });
        let line = receiver.recv_timeout(PATIENCE).expect("the host says where it is");
        let address = line.trim().strip_prefix("http://").and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("the host did not start: {line:?}"));
        Some(Self { child, address })
    }

    /// One that serves the sample, with further arguments.
    pub(crate) fn of_sample(arguments: &[&str]) -> Option<Self> {
        Self::of_folder(&sample(), arguments)
    }

    /// One that serves a folder, with further arguments.
    pub(crate) fn of_folder(folder: &Path, arguments: &[&str]) -> Option<Self> {
        let package = format!("{PACKAGE}={}", folder.display());
        let mut all = vec!["--package", &package];
        all.extend(arguments);
        Self::start(&all)
    }

    /// What a client is given.
    pub(crate) fn url(&self) -> String {
        url(self.address)
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_with(|builder| builder).await
    }

    pub(crate) async fn connect_with(
        &self,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Client {
        deadline(change(Client::builder(self.url())).connect()).await.expect("the client connects")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It is ours, and it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The handler's URL behind this address.
pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}{PATH}")
}

/// When a file of this folder was last changed.
fn newest(folder: &Path) -> SystemTime {
    let changed = |entry: io::Result<DirEntry>| entry?.metadata()?.modified();
    let times = fs::read_dir(folder).unwrap().map(changed);
    times.collect::<io::Result<Vec<_>>>().unwrap().into_iter().max().unwrap()
}

fn skip(why: &str) -> Option<Host> {
    let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!is_ci, "{why}");
    println!("skipped: {why}");
    None
}

/// A folder with so many objects, two files each, no two alike.
pub(crate) fn objects(count: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("package.devc.xml"), "<devc/>").unwrap();
    for number in 0..count {
        let name = format!("zcl_{number:04}");
        // Something that does not compress to nothing.
        let mut noise = String::new();
        for line in 0..200_u64 {
            let word = ((number as u64 + 1) * 0x9E37_79B9) ^ (line * 7919);
            writeln!(noise, "  a{word:x} = {line}.").unwrap();
        }
        let source = format!("CLASS {name} DEFINITION.\nENDCLASS.\n* ä {number}\n{noise}");
        fs::write(folder.path().join(format!("{name}.clas.abap")), source).unwrap();
        fs::write(folder.path().join(format!("{name}.clas.xml")), format!("<{name}/>")).unwrap();
    }
    folder
}

/// Where the small part of the sample is.
pub(crate) fn small() -> PathBuf {
    sample().join("zlh_demo_tariff")
}
