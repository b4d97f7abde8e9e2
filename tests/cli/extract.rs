//! `--extract`: files in a folder, beside the archive or instead of it, whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use longhaul::server::Script;

use crate::archive::{Archive, FILE, of};
use crate::support::{Folder, Serving, run, unzip};

/// The files below a folder, by their path in it.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_folder_holds_what_the_archive_holds() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "-o", "demo.zip", "--extract", "demo", "--json"];
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(0).json();
    assert_eq!((&report["output"], &report["extracted"]), (&"demo.zip".into(), &"demo".into()));
    assert_eq!(folder.names(), ["demo", "demo.zip"]);
    let archive: BTreeMap<_, _> = unzip(&folder.path("demo.zip")).into_iter().collect();
    assert!(tree(&folder.path("demo")) == archive, "the files differ");
    assert_eq!(report["files"], archive.len());
}

#[test]
fn without_an_output_no_archive_is_left() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--extract", "demo"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.stdout().starts_with("demo: 71 objects, "), "{}", ran.stdout());
    assert_eq!(folder.names(), ["demo"]);
    let words = ["export", "$DEMO", "--extract", "again", "--json"];
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(0).json();
    assert!(report["output"].is_null() && report["extracted"] == "again", "{report}");
    let words = ["export", "$DEMO", "--extract", "third", "-o", "-"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    fs::write(folder.path("a.zip"), ran.stdout_bytes()).unwrap();
    let archive: BTreeMap<_, _> = unzip(&folder.path("a.zip")).into_iter().collect();
    assert!(tree(&folder.path("third")) == archive, "the files differ");
}

#[test]
fn a_folder_that_exists_is_refused_unless_it_may_be_overwritten() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    folder.write("demo/.abapgit.xml", "old");
    folder.write("demo/mine.txt", "mine");
    let words = ["export", "$DEMO", "--extract", "demo", "-o", "a.zip"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(1).expect_hint("--overwrite");
    assert_eq!(folder.names(), ["demo"]);
    assert_eq!(tree(&folder.path("demo")).len(), 2);
    let words = [&words[..], &["--overwrite"]].concat();
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.stdout().contains("replaced 1 files"), "{}", ran.stdout());
    let mut files = tree(&folder.path("demo"));
    assert_eq!(files.remove("mine.txt").as_deref(), Some(&b"mine"[..]));
    let archive: BTreeMap<_, _> = unzip(&folder.path("a.zip")).into_iter().collect();
    assert!(files == archive, "the files differ");

    folder.write("file", "");
    for words in [
        &["export", "$DEMO", "--extract", "file", "--overwrite"][..],
        &["export", "$DEMO", "--extract", "file"],
        &["export", "$DEMO", "--extract", "no/such/folder"],
    ] {
        let ran = run(&mut folder.longhaul(&serving.url(), words)).expect(1);
        assert!(!ran.stderr().contains("--overwrite"), "it would not help: {}", ran.stderr());
    }
    assert_eq!(folder.names(), ["a.zip", "demo", "file"]);
}

#[test]
fn what_is_missing_is_missing_from_both() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--object", "CLAS:ZCL_NO_SUCH", "--extract", "demo"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(6);
    assert_eq!(folder.names(), ["demo"]);
}

#[test]
fn a_hostile_archive_leaves_nothing_anywhere() {
    let file = ("src/zcl_a.clas.abap", "CLASS zcl_a DEFINITION.");
    let mut link = Archive::default();
    link.add_stored(file.0, FILE, file.1.as_bytes());
    link.add_stored("src/link", 0o120_777, b"/etc/passwd");
    let bomb = "0".repeat(200_000);
    for (what, archive, more, code) in [
        ("a way out", of(&[file, ("../evil.abap", "x")]), &[][..], 5),
        ("a way out below", of(&[file, ("src/../../evil.abap", "x")]), &[], 5),
        ("an absolute name", of(&[file, ("/tmp/evil.abap", "x")]), &[], 5),
        ("a drive", of(&[file, ("C:/evil.abap", "x")]), &[], 5),
        ("a name twice", of(&[file, file]), &[], 5),
        ("a name in two cases", of(&[file, ("SRC/ZCL_A.CLAS.ABAP", "x")]), &[], 5),
        ("a file that is a folder", of(&[file, ("src/zcl_a.clas.abap/x", "x")]), &[], 5),
        ("a link", link.finish(), &[], 5),
        ("too much", of(&[file, ("src/b.prog.abap", &bomb)]), &["--max-size", "300kB"], 0),
        ("no archive", b"<html>".to_vec(), &[], 5),
    ] {
        let serving = Serving::start(|server| server.script(Script::new().payload(archive)));
        let folder = Folder::new();
        folder.write("inside/kept.txt", "kept");
        let words = ["export", "$DEMO", "-q", "-o", "inside/a.zip", "--extract", "inside/demo"];
        let words = [&words[..], more].concat();
        let ran = run(&mut folder.longhaul(&serving.url(), &words));
        if code == 0 {
            // The control: the same way with nothing wrong in it, but for the count.
            ran.expect(6);
            assert_eq!(tree(&folder.path("inside/demo")).len(), 2);
            let words = [&words[..words.len() - 1], &["100kB", "--overwrite"]].concat();
            fs::remove_dir_all(folder.path("inside/demo")).unwrap();
            fs::remove_file(folder.path("inside/a.zip")).unwrap();
            run(&mut folder.longhaul(&serving.url(), &words)).expect(5).expect_hint("--max-size");
        } else {
            let ran = ran.expect(code);
            assert!(ran.stderr().contains("error: "), "{what}: {}", ran.stderr());
        }
        let left: Vec<_> = tree(&folder.path("")).into_keys().collect();
        assert_eq!(left, ["inside/kept.txt"], "{what}");
        assert!(!folder.path("inside/demo").exists(), "{what}");
        assert!(!folder.path("inside/demo.part").exists(), "{what}");
    }
}
