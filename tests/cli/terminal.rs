//! At a terminal: the bar, the prompt and Ctrl+C.

use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use longhaul::server::{Profile, Script};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::{Folder, PATIENCE, Serving};

/// The bit of a terminal's settings that says that it shows what is typed.
const ECHO: u64 = 0o10;

/// A command that runs at a terminal; ended if the test fails.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn run(folder: &Folder, url: &str, words: &[&str]) -> Self {
        let size = PtySize { rows: 24, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let command = folder.std_command(url, words);
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.cwd(command.get_current_dir().unwrap());
        builder.env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => builder.env(name, value),
                None => builder.env_remove(name),
            }
        }
        let child = pair.slave.spawn_command(builder).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, screen) = mpsc::channel();
        // On a thread of its own, so that each wait can be bounded; it ends with the terminal.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, keys, screen, seen: String::new() }
    }

    /// Reads what is shown up to the first of `words` that is not there yet, until all are.
    #[track_caller]
    fn wait_for(&mut self, words: &[&str]) {
        let until = Instant::now() + PATIENCE;
        while !words.iter().all(|word| self.seen.contains(word)) {
            let left = until.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("{error}: no {words:?} in {:?}", self.seen),
            }
        }
    }

    fn has_echo(&self) -> bool {
        let settings = self.master.get_termios().unwrap();
        u64::from(settings.local_flags.bits()) & ECHO != 0
    }

    /// Waits until the terminal no longer shows what is typed.
    fn wait_for_silence(&self) {
        let until = Instant::now() + PATIENCE;
        while self.has_echo() {
            assert!(Instant::now() < until, "what is typed is still shown");
            thread::yield_now();
        }
    }

    fn write(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Reads to the end and gives the exit code.
    fn wait(&mut self) -> u32 {
        loop {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {:?}", self.seen),
            }
        }
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None, "{:?}", self.seen);
        status.exit_code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already unless the test fails.
        let _ = self.child.kill();
    }
}

/// A server that says how far it is, gives a chunk and then nothing more.
fn halfway() -> Serving {
    let progress = r#"{"id":"{id}","type":"progress","done":10,"total":40,"message":"ZCL_A"}"#;
    let data = "QUFB".repeat(10_000);
    let chunk = format!(r#"{{"id":"{{id}}","type":"chunk","seq":1,"data":"{data}"}}"#);
    let script = Script::new().raw(vec![progress.into(), chunk.into()]);
    Serving::start(|server| server.profile(Profile::Seed).script(script))
}

#[test]
fn a_bar_shows_objects_bytes_rate_and_time_and_ctrl_c_leaves_nothing() {
    let serving = halfway();
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder, &serving.url(), &["export", "$DEMO"]);
    terminal.wait_for(&["[====", "10/40 objects", "29.3 KiB", "/s", "ETA ", "ZCL_A"]);
    terminal.write("\x03");
    assert_eq!(terminal.wait(), 130);
    assert!(terminal.seen.contains("error: interrupted"), "{:?}", terminal.seen);
    assert!(folder.names().is_empty());
}

#[test]
fn a_bar_shows_the_sessions_of_an_export_in_shards() {
    let serving = Serving::start(|server| server.object_delay(Duration::from_millis(20)));
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--sessions", "2"];
    let mut terminal = Terminal::run(&folder, &serving.url(), &words);
    terminal.wait_for(&["[==", "/71 objects", "2 sessions", "ETA "]);
    assert_eq!(terminal.wait(), 0, "{:?}", terminal.seen);
    assert!(terminal.seen.contains("$DEMO.zip: 71 objects"), "{:?}", terminal.seen);
}

#[test]
fn elsewhere_there_is_a_line_now_and_then() {
    let serving = halfway();
    let folder = Folder::new();
    let mut spawned = folder.spawn(&serving.url(), &["export", "$DEMO"]);
    spawned.wait_for_stderr("10/40 objects, 29.3 KiB");
    spawned.signal(rustix::process::Signal::INT);
    assert_eq!(spawned.wait().0.code(), Some(130));
}

#[test]
fn an_export_clears_its_bar_and_says_what_it_did() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder, &serving.url(), &["export", "$DEMO"]);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.seen.contains("$DEMO.zip: 71 objects"), "{:?}", terminal.seen);
}

#[test]
fn records_come_without_a_bar_between_them() {
    let script = Script::new().payload(&b"{\"a\":1}\n{\"a\":2}\n"[..]);
    let serving = Serving::start(|server| server.script(script));
    let folder = Folder::new();
    let params = r#"{"packages":["$DEMO"]}"#;
    let words = ["call", "git", "export", "--stream", "--params", params];
    let mut terminal = Terminal::run(&folder, &serving.url(), &words);
    assert_eq!(terminal.wait(), 0, "{:?}", terminal.seen);
    assert!(terminal.seen.contains("{\"a\":1}\r\n{\"a\":2}\r\n{"), "{:?}", terminal.seen);
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let serving = Serving::start(|server| server.user("ME", "tell-no-one"));
    let folder = Folder::new();
    for (typed, code) in [("tell-no-one\r", 0), ("tell-no-one-else\r", 3)] {
        let mut terminal = Terminal::run(&folder, &serving.url(), &["ping", "--user", "ME"]);
        terminal.wait_for(&["Password for ME: "]);
        terminal.wait_for_silence();
        terminal.write(typed);
        assert_eq!(terminal.wait(), code, "{:?}", terminal.seen);
        assert!(!terminal.seen.contains("tell"), "{:?}", terminal.seen);
    }
    // The control: this terminal does show what is typed.
    let words = ["ping", "--user", "ME", "--password-stdin"];
    let mut terminal = Terminal::run(&folder, &serving.url(), &words);
    terminal.write("tell-no-one\r");
    assert_eq!(terminal.wait(), 0, "{:?}", terminal.seen);
    assert!(terminal.seen.contains("tell-no-one"), "{:?}", terminal.seen);
}

#[test]
fn ctrl_c_at_the_prompt_gives_the_terminal_back() {
    let serving = Serving::start(|server| server.user("ME", "right"));
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--user", "ME"];
    let mut terminal = Terminal::run(&folder, &serving.url(), &words);
    terminal.wait_for(&["Password for ME: "]);
    terminal.wait_for_silence();
    terminal.write("half\x03");
    assert_eq!(terminal.wait(), 130, "{:?}", terminal.seen);
    assert!(terminal.has_echo());
    assert!(folder.names().is_empty());
}
