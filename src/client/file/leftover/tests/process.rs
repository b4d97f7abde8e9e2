//! Processes that die or may not write: this program again, told by a variable what to do.
#![expect(clippy::print_stdout, reason = "how they tell how far they are")]

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Names the target to the process that is to write it.
const TARGET: &str = "LONGHAUL_TEST_PART_OF";

/// What this process is to write, if it is one of those.
fn told() -> Option<PathBuf> {
    std::env::var_os(TARGET).map(PathBuf::from)
}

/// The arguments that make this program run `test` alone.
fn only(test: &str) -> [String; 3] {
    let (_, module) = module_path!().split_once("::").unwrap();
    [format!("{module}::{test}"), "--exact".to_owned(), "--nocapture".to_owned()]
}

#[test]
fn a_lock_ends_with_its_process() {
    if let Some(target) = told() {
        let _part = part(&target, &[b"abc", b"def"]);
        println!("\nwritten");
        // Until it is killed.
        let _ = io::stdin().lines().next();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(only("a_lock_ends_with_its_process"))
        .env(TARGET, &target)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap() == "written"));
    assert!(find(&target).is_none());
    assert!(LeftoverInfo::peek(&target).is_none());
    assert_eq!(Leftover::remove_stale(&target).unwrap(), 0);
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(LeftoverInfo::peek(&target).unwrap().bytes, 6);
    let found = find(&target).unwrap();
    assert_eq!(found.position().sha256.clone().finish(), Sha256::of(b"abcdef"));
    found.into_part().seal().unwrap().commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"abcdef");
}

/// A limit on the size of files ends a write in the middle, as a full disk does.
#[cfg(unix)]
#[test]
fn what_was_good_before_the_disk_was_full_is_kept() {
    if let Some(target) = told() {
        let mut part = part(&target, &[]);
        let failed = (2..).find_map(|next| {
            part.write(&[7; 1000])
                .and_then(|()| part.mark(seq(next)))
                .err()
                .map(|error| (next, error))
        });
        let (next, first) = failed.unwrap();
        let len = part.len();
        for error in [first, part.write(b"x").unwrap_err(), part.mark(seq(next)).unwrap_err()] {
            let Error::File { action: "writing", path, source } = error else { panic!("{error}") };
            assert_eq!((path, source.kind()), (names(&target).part, io::ErrorKind::FileTooLarge));
        }
        assert_eq!(len, (next - 2) * 1000);
        assert!(fs::metadata(names(&target).part).unwrap().len() > len, "cut in a chunk");
        assert!(part.restart().is_err());
        part.keep().unwrap();
        println!("\nfull at {len}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.zip");
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(only("what_was_good_before_the_disk_was_full_is_kept"))
        .env(TARGET, &target)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let len = said.lines().find_map(|line| line.strip_prefix("full at ")?.parse::<u64>().ok());
    let found = find(&target).unwrap();
    assert_eq!(Some(found.position().offset), len);
}
