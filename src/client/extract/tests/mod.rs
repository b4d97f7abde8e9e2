//! What is refused, and that nothing is left of it. A disk that is full cannot be had in a test.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::{Duration, Instant};

use super::forged::{self as archive, Archive, Entry, FILE};

use super::*;
use crate::ops::git::archive::ArchiveError;

/// Everything below a folder: paths, and texts of files, `->` and the target for links.
fn listing(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            let target = fs::read_link(entry.path()).unwrap();
            found.insert(name, format!("-> {}", target.display()));
        } else if kind.is_dir() {
            for (path, text) in listing(&entry.path()) {
                found.insert(format!("{name}/{path}"), text);
            }
            found.insert(format!("{name}/"), String::new());
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

/// A folder with something in it, and beside it a place for the target.
struct Home {
    folder: tempfile::TempDir,
    before: BTreeMap<String, String>,
}

impl Home {
    fn new() -> Self {
        Self::with(|folder| fs::write(folder.join("neighbour"), "mine").unwrap())
    }

    fn with(fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        let before = listing(folder.path());
        Self { folder, before }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn extract(&self, bytes: &[u8], options: &ExtractOptions) -> Result<Extracted, ExtractError> {
        extract(Cursor::new(bytes), &self.target(), options)
    }

    /// Extracts, expects that to fail, and that nothing has changed.
    fn refuse(&self, bytes: &[u8], options: &ExtractOptions) -> ExtractError {
        let error = self.extract(bytes, options).unwrap_err();
        assert_eq!(listing(self.folder.path()), self.before, "{error}");
        error
    }
}

fn refuse(bytes: &[u8]) -> ExtractError {
    Home::new().refuse(bytes, &ExtractOptions::default())
}

fn overwriting() -> ExtractOptions {
    ExtractOptions::default().overwrite(true)
}

#[test]
fn a_whole_archive_becomes_a_folder() {
    let home = Home::new();
    let bytes = archive::of(&[
        (".abapgit.xml", "<xml/>"),
        ("src/zray/zcl_a.clas.abap", "CLASS zcl_a."),
        ("src//ns/p/#ns#cl_b.clas.xml", "<b/>"),
    ]);
    let extracted = home.extract(&bytes, &ExtractOptions::default()).unwrap();
    assert_eq!((extracted.files, extracted.bytes, extracted.replaced), (3, 22, 0));
    let mut expected = home.before.clone();
    for (path, text) in [
        ("out/", ""),
        ("out/.abapgit.xml", "<xml/>"),
        ("out/src/", ""),
        ("out/src/#ns#p/", ""),
        ("out/src/#ns#p/#ns#cl_b.clas.xml", "<b/>"),
        ("out/src/zray/", ""),
        ("out/src/zray/zcl_a.clas.abap", "CLASS zcl_a."),
    ] {
        expected.insert(path.into(), text.into());
    }
    assert_eq!(listing(home.folder.path()), expected);
}

#[test]
fn folders_in_an_archive_and_an_archive_of_nothing() {
    let mut archive = Archive::default();
    archive.add_stored("src/", 0o040_755, b"");
    archive.add_stored("src/x", FILE, b"x");
    let home = Home::new();
    assert_eq!(home.extract(&archive.finish(), &ExtractOptions::default()).unwrap().files, 1);
    let home = Home::new();
    home.extract(&archive::of(&[]), &ExtractOptions::default()).unwrap();
    assert!(home.target().is_dir());
}

#[test]
fn prepared_and_dropped_is_as_if_nothing_had_been() {
    let home = Home::new();
    let bytes = Cursor::new(archive::of(&[("a/b", "x")]));
    let prepared = prepare(bytes, &home.target(), &ExtractOptions::default()).unwrap();
    assert_eq!(prepared.files(), 1);
    assert!(home.folder.path().join("out.part").is_dir() && !home.target().exists());
    drop(prepared);
    assert_eq!(listing(home.folder.path()), home.before);
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in ["../x", "a/../../x", "/etc/x", "C:/x", "C:x", "..\\x", "nul", "a.", "a\nb", "a//b"]
    {
        let error = refuse(&archive::of(&[("good", ""), (name, "x")]));
        assert!(matches!(&error, ExtractError::Name { path, .. } if path == name), "{error:?}");
    }
}

#[test]
fn links_and_devices_are_refused() {
    for mode in [0o120_777, 0o010_644, 0o020_644, 0o140_644, 0o040_755] {
        let mut archive = Archive::default();
        archive.add_stored("link", mode, b"/etc/passwd");
        let error = refuse(&archive.finish());
        assert!(matches!(error, ExtractError::Special { mode: m, .. } if m == mode), "{error:?}");
    }
}

#[test]
fn names_that_meet_are_refused() {
    let twice = refuse(&archive::of(&[("a", "1"), ("a", "2")]));
    assert!(matches!(twice, ExtractError::Archive(ArchiveError::DuplicateEntries)), "{twice:?}");
    let mapped = refuse(&archive::of(&[("s/#n#p/x", "1"), ("s//n/p/x", "2")]));
    assert!(matches!(mapped, ExtractError::Duplicate { .. }), "{mapped:?}");
    let composed = ["src/\u{e4}/x", "src/a\u{308}/y"];
    for names in
        [["src/a", "src/A"], ["src/zray/x", "src/ZRAY/y"], ["ä", "Ä"], ["a", "A/b"], composed]
    {
        let error = refuse(&archive::of(&[(names[0], "1"), (names[1], "2")]));
        assert!(
            matches!(&error, ExtractError::Case { first, second } if [first, second] == names),
            "{error:?}"
        );
    }
    for names in [["a", "a/b"], ["a/b", "a"]] {
        let error = refuse(&archive::of(&[(names[0], "1"), (names[1], "2")]));
        assert!(
            matches!(&error, ExtractError::Conflict { file, inside } if file == "a" && inside == "a/b"),
            "{error:?}"
        );
    }
}

/// 6 GB of zeros in 6 MB, which say they are `size` bytes.
fn bomb(size: u32) -> Vec<u8> {
    let packed = archive::deflated_zeros(6_000_000_000 / 258);
    let mut archive = Archive::default();
    archive.add(&Entry { name: "zeros", mode: FILE, method: 8, packed: &packed, crc: 0, size });
    archive.finish()
}

#[test]
fn six_gigabytes_in_six_megabytes_are_refused_at_once() {
    for size in [1000, u32::MAX - 1] {
        let bytes = bomb(size);
        assert!(bytes.len() < 7_000_000, "{}", bytes.len());
        let started = Instant::now();
        let error = refuse(&bytes);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        let is_expected = match size {
            // What comes out beyond the length that it states.
            1000 => matches!(&error, ExtractError::Archive(ArchiveError::Inflate { .. })),
            _ => matches!(&error, ExtractError::Ratio { .. }),
        };
        assert!(is_expected, "{error:?}");
    }
}

#[test]
fn what_inflates_is_counted() {
    let packed = archive::deflated_zeros(100);
    let zeros = vec![0; 25_801];
    let (crc, size) = (crc32fast::hash(&zeros), 25_801);
    let mut archive = Archive::default();
    for name in ["a", "b"] {
        archive.add(&Entry { name, mode: FILE, method: 8, packed: &packed, crc, size });
    }
    let bytes = archive.finish();
    let limit = |bytes| ExtractOptions::default().max_inflated_bytes(bytes);
    let error = Home::new().refuse(&bytes, &limit(51_601));
    assert!(matches!(error, ExtractError::TooLarge { got: 51_602, limit: 51_601 }), "{error:?}");
    let home = Home::new();
    assert_eq!(home.extract(&bytes, &limit(51_602)).unwrap().bytes, 51_602);
    assert_eq!(fs::read(home.target().join("b")).unwrap(), zeros);
    let error = Home::new().refuse(&bytes, &ExtractOptions::default().max_entries(1));
    assert!(matches!(error, ExtractError::TooMany { got: 2, limit: 1 }), "{error:?}");
}

#[test]
fn archives_that_are_not_sound() {
    let mut bytes = archive::of(&[("a", "some text")]);
    let at = bytes.windows(9).position(|window| window == b"some text").unwrap();
    bytes[at] ^= 1;
    let error = refuse(&bytes);
    assert!(matches!(error, ExtractError::Archive(ArchiveError::EntryCrc { .. })), "{error:?}");
    let error = refuse(&bytes[..bytes.len() - 30]);
    assert!(matches!(error, ExtractError::Archive(ArchiveError::Directory { .. })), "{error:?}");
    let error = refuse(b"<html>");
    assert!(matches!(error, ExtractError::Archive(ArchiveError::NotZip { len: 6 })), "{error:?}");
}

#[test]
fn what_exists_is_refused() {
    let bytes = archive::of(&[("a", "x")]);
    let folder = Home::with(|home| fs::create_dir(home.join("out")).unwrap());
    assert!(matches!(folder.refuse(&bytes, &ExtractOptions::default()), ExtractError::Exists(_)));
    let file = Home::with(|home| fs::write(home.join("out"), "mine").unwrap());
    for options in [ExtractOptions::default(), overwriting()] {
        assert!(matches!(file.refuse(&bytes, &options), ExtractError::Exists(_)));
    }
    let part = Home::with(|home| fs::write(home.join("out.part"), "mine").unwrap());
    assert!(matches!(part.refuse(&bytes, &ExtractOptions::default()), ExtractError::PartExists(_)));
    let home = Home::new();
    for target in ["/", "..", "a/.."] {
        let error = extract(Cursor::new(&bytes), Path::new(target), &overwriting()).unwrap_err();
        assert!(matches!(error, ExtractError::Target(_)), "{target}");
    }
    let nowhere = home.folder.path().join("no/such/out");
    let error = extract(Cursor::new(&bytes), &nowhere, &overwriting()).unwrap_err();
    assert!(matches!(error, ExtractError::File { .. }), "{error:?}");
    assert_eq!(listing(home.folder.path()), home.before);
}

#[test]
fn what_appears_between_the_two_steps_is_refused() {
    let home = Home::new();
    let bytes = Cursor::new(archive::of(&[("a", "x")]));
    let prepared = prepare(bytes, &home.target(), &ExtractOptions::default()).unwrap();
    fs::create_dir(home.target()).unwrap();
    assert!(matches!(prepared.commit(), Err(ExtractError::Exists(_))));
    assert!(!home.folder.path().join("out.part").exists());
}

#[test]
fn overwriting_replaces_files_and_touches_nothing_else() {
    let home = Home::with(|home| {
        fs::create_dir_all(home.join("out/src/zray")).unwrap();
        fs::write(home.join("out/src/zray/a"), "old").unwrap();
        fs::write(home.join("out/src/zray/kept"), "mine").unwrap();
    });
    let bytes = archive::of(&[("src/zray/a", "new"), ("src/zsub/b", "b")]);
    let extracted = home.extract(&bytes, &overwriting()).unwrap();
    assert_eq!((extracted.files, extracted.replaced), (2, 1));
    let mut expected = home.before.clone();
    for (path, text) in [("out/src/zray/a", "new"), ("out/src/zsub/", ""), ("out/src/zsub/b", "b")]
    {
        expected.insert(path.into(), text.into());
    }
    assert_eq!(listing(home.folder.path()), expected);
}

#[test]
fn overwriting_refuses_what_is_of_another_kind() {
    let bytes = archive::of(&[("a", "new"), ("src/b", "b")]);
    let folder = Home::with(|home| fs::create_dir_all(home.join("out/a")).unwrap());
    assert!(
        matches!(folder.refuse(&bytes, &overwriting()), ExtractError::Exists(path) if path.ends_with("a"))
    );
    let file = Home::with(|home| {
        fs::create_dir(home.join("out")).unwrap();
        fs::write(home.join("out/src"), "mine").unwrap();
    });
    assert!(
        matches!(file.refuse(&bytes, &overwriting()), ExtractError::Exists(path) if path.ends_with("src"))
    );
}

#[test]
fn an_overwriting_that_fails_is_taken_back() {
    let home = Home::with(|home| {
        fs::create_dir(home.join("out")).unwrap();
        fs::write(home.join("out/a"), "old").unwrap();
    });
    let bytes = Cursor::new(archive::of(&[("a", "new"), ("src/b", "b"), ("z", "z")]));
    let prepared = prepare(bytes, &home.target(), &overwriting()).unwrap();
    // One of the new files is gone when its turn comes.
    fs::remove_file(home.folder.path().join("out.part/new/z")).unwrap();
    let error = prepared.commit().unwrap_err();
    assert!(matches!(error, ExtractError::File { action: "renaming to", .. }), "{error:?}");
    assert_eq!(listing(home.folder.path()), home.before);
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let bytes = archive::of(&[("src/a", "new")]);
    let target = Home::with(|home| {
        fs::create_dir(home.join("elsewhere")).unwrap();
        symlink("elsewhere", home.join("out")).unwrap();
    });
    let inside = Home::with(|home| {
        fs::create_dir_all(home.join("elsewhere")).unwrap();
        fs::create_dir(home.join("out")).unwrap();
        symlink("../elsewhere", home.join("out/src")).unwrap();
    });
    let leaf = Home::with(|home| {
        fs::create_dir_all(home.join("out/src")).unwrap();
        symlink("nowhere", home.join("out/src/a")).unwrap();
    });
    for home in [&target, &inside, &leaf] {
        assert!(matches!(home.refuse(&bytes, &overwriting()), ExtractError::Link(_)));
    }
    assert!(matches!(target.refuse(&bytes, &ExtractOptions::default()), ExtractError::Link(_)));
    let slash = PathBuf::from(format!("{}/", target.target().display()));
    let error = extract(Cursor::new(&bytes), &slash, &overwriting()).unwrap_err();
    assert!(matches!(error, ExtractError::Link(_)), "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_parent_that_cannot_be_written_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let rights = |mode| fs::set_permissions(home.folder.path(), fs::Permissions::from_mode(mode));
    rights(0o555).unwrap();
    let may_write_all_the_same = fs::write(home.folder.path().join("probe"), "").is_ok();
    if may_write_all_the_same {
        // Root may write anywhere.
        return;
    }
    let error = home.refuse(&archive::of(&[("a", "x")]), &ExtractOptions::default());
    rights(0o755).unwrap();
    assert!(matches!(error, ExtractError::File { action: "making", .. }), "{error:?}");
}

#[test]
fn depth_and_folders_are_bounded() {
    let deep = format!("{}x", "a/".repeat(65));
    let error = refuse(&archive::of(&[(&deep, "1")]));
    assert!(matches!(error, ExtractError::Name { source: InvalidName::TooDeep { .. }, .. }));
    let names: Vec<_> = (0..10).map(|n| format!("{n}/a/b/c/x")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let options = ExtractOptions::default().max_entries(20);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let bytes = std::io::Cursor::new(archive::of(&files));
    let error = extract(bytes, &target, &options).unwrap_err();
    assert!(matches!(error, ExtractError::TooMany { limit: 20, .. }), "{error:?}");
}
