//! The command line itself.

use crate::support::{Folder, run};

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let folder = Folder::new();
    std::fs::write(folder.path("bad.txt"), "ZCL_A\n").unwrap();
    std::fs::write(folder.path("none.txt"), "# nothing\n").unwrap();
    for words in [
        &[][..],
        &["nope"],
        &["export"],
        &["export", "--json"],
        &["export", "$A", "--json", "-o", "-"],
        &["export", "$A", "-o", ""],
        &["export", "$A", "--password", "x"],
        &["export", "$A", "--chunk-size", "0"],
        &["export", "$A", "--max-size", "-5"],
        &["export", "$A", "--max-message", "lots"],
        &["export", "$A", "--timeout", "0s"],
        &["export", "$A", "-q", "-v"],
        &["export", "--object", "ZCL_A"],
        &["export", "--objects-from", "bad.txt"],
        &["export", "--objects-from", "none.txt"],
        &["export", "--objects-from", "no-such.txt"],
        &["export", "$A", "--resume", "-o", "-"],
        &["export", "$A", "--resume", "--extract", "b"],
        &["call", "git"],
        &["call", "git", "x", "--params", "[1]"],
        &["call", "git", "x", "-o", "a"],
        &["call", "git", "x", "--stream", "-o", ""],
        &["serve"],
        &["serve", "--package", "$DEMO"],
        &["serve", "--package", "$DEMO=.", "--profile", "nope"],
    ] {
        let ran = run(&mut folder.longhaul("http://127.0.0.1:1", words)).expect(2);
        assert!(!ran.stderr().is_empty(), "{words:?}");
        assert_eq!(ran.stdout().is_empty(), !words.contains(&"--json"), "{words:?}");
    }
}

#[test]
fn help_and_version_are_results() {
    let folder = Folder::new();
    let version = run(&mut folder.longhaul("", &["--version"])).expect(0);
    assert_eq!(version.stdout(), concat!("longhaul ", env!("CARGO_PKG_VERSION"), "\n"));
    let help = run(&mut folder.longhaul("", &["--help"])).expect(0).stdout();
    assert!(help.contains("Exit codes") && help.contains("SAP_PASSWORD"), "{help}");
    let help = run(&mut folder.longhaul("", &["export", "--help"])).expect(0).stdout();
    assert!(help.contains("Examples") && help.contains("--max-size"), "{help}");
}

#[test]
fn every_command_has_examples_in_its_help() {
    let folder = Folder::new();
    for (command, words) in [
        ("export", &["--resume", "--extract", "--cacert", "--proxy", "-s, --system"][..]),
        ("ping", &["--cookie-file", "--insecure", "SAP_COOKIE_STRING"]),
        ("types", &["--cert", "--key"]),
        ("call", &["--params", "--stream", "records"]),
        ("serve", &["full", "seed", "deployed", "--listen", "--retain-size", "[default: 10m]"]),
        ("completions", &["bash", "zsh", "fish", "powershell", "elvish"]),
    ] {
        let help = run(&mut folder.longhaul("", &[command, "--help"])).expect(0).stdout();
        let example = format!("longhaul {command} ");
        assert!(help.contains("Examples:") && help.contains(&example), "{help}");
        assert!(words.iter().all(|word| help.contains(word)), "{words:?} in {help}");
    }
}

#[test]
fn shells_get_a_script_that_knows_the_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&mut folder.longhaul("", &["completions", shell])).expect(0);
        let script = ran.stdout();
        for word in ["longhaul", "export", "objects-from"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        assert_eq!(ran.stderr(), "");
    }
}
