use std::fs;

use tempfile::TempDir;

use super::*;
use crate::failure::Kind;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn find_in(name: &str, text: &str) -> Result<System, Failure> {
    let folder = folder(&[(".vsp.json", text)]);
    find(name, &[folder.path().to_owned()])
}

#[test]
fn a_system_says_what_it_says() {
    let text = r#"{"default":"a4h","systems":{"a4h":{"url":"https://h:44300","user":"ME",
        "client":"100","language":"de","insecure":true,"cookie_file":"c.txt",
        "cookie_string":"a=b","transports":["x"],"safe":{"read_only":true}}},"more":1}"#;
    let folder = folder(&[(".vsp.json", text)]);
    let system = find("a4h", &[folder.path().to_owned()]).unwrap();
    let expected = System {
        name: "a4h".into(),
        file: folder.path().join(".vsp.json"),
        url: Some("https://h:44300".into()),
        user: Some("ME".into()),
        client: Some("100".into()),
        language: Some("DE".into()),
        insecure: Some(true),
        cookie_file: Some(folder.path().join("c.txt")),
        cookie_string: Some("a=b".into()),
    };
    assert_eq!(system, expected);
    assert!(!format!("{system:?}").contains("a=b"));
}

#[test]
fn files_are_read_liberally() {
    let text = "\u{feff}{\"systems\":{\"1\":{\"url\":\" http://h \",\"user\":7,\"client\":1,\
        \"language\":null,\"insecure\":\"yes\",\"cookie_file\":\"\"}}}\r\n";
    let system = find_in("1", text).unwrap();
    assert_eq!(system.url.as_deref(), Some("http://h"));
    assert_eq!((system.user.as_deref(), system.client.as_deref()), (Some("7"), Some("001")));
    assert_eq!((system.language, system.insecure, system.cookie_file), (None, Some(true), None));
    assert_eq!(find_in("a", r#"{"systems":{"a":{"insecure":0}}}"#).unwrap().insecure, Some(false));
    assert_eq!(find_in("a", r#"{"systems":{"a":{}}}"#).unwrap().url, None);
}

#[test]
fn what_cannot_be_meant_names_file_system_and_key_but_no_value() {
    for (text, words) in [
        (r#"{"systems":{"a":{"url":["hidden"]}}}"#, [".vsp.json", "\"a\"", "\"url\""]),
        (r#"{"systems":{"a":{"cookie_string":{"x":"hidden"}}}}"#, ["", "", "cookie_string"]),
        (r#"{"systems":{"a":{"client":1000}}}"#, ["", "\"client\"", "three digits"]),
        (r#"{"systems":{"a":{"insecure":"hidden"}}}"#, ["", "\"insecure\"", "true or false"]),
        (r#"{"systems":{"a":"hidden"}}"#, ["", "\"a\"", "object"]),
        ("{\"systems\":{\"a\":{\n\"url\":hidden}}}", [".vsp.json", "", "line 2"]),
        ("[]", [".vsp.json", "", "object"]),
        ("", [".vsp.json", "", "line 1"]),
    ] {
        let failure = find_in("a", text).unwrap_err();
        assert_eq!(failure.kind, Kind::Configuration, "{text}");
        let all = format!("{failure:?}").replace('\\', "");
        assert!(words.iter().all(|word| all.contains(word)), "{all}");
        assert!(!all.contains("hidden"), "{all}");
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    assert!(find_in("a", &large).unwrap_err().message.contains("bytes"));
}

#[test]
fn the_file_that_comes_first_wins_and_the_others_add_to_it() {
    let system =
        |url: &str| format!(r#"{{"systems":{{"{url}":{{"url":"{url}"}},"a":{{"url":"{url}"}}}}}}"#);
    let here = folder(&[(".vsp.json", &system("one")), (".vsp/systems.json", &system("two"))]);
    let home = folder(&[
        (".vsp.json", &system("three")),
        (".vsp/systems.json", r#"{"default":"one","systems":{"b":{}}}"#),
    ]);
    let folders = [here.path().to_owned(), home.path().to_owned()];
    let url = |name| find(name, &folders).unwrap().url.unwrap();
    assert_eq!((url("a"), url("two"), url("three")), ("one".into(), "two".into(), "three".into()));
    assert_eq!(find_default(&folders).unwrap().unwrap().url.as_deref(), Some("one"));
    let failure = find("nope", &folders).unwrap_err();
    assert_eq!(failure.hint, "there are: a, b, one, three, two");
    assert_eq!(find_default(&folders[..1]), Ok(None));
    assert!(find("nope", &[]).unwrap_err().hint.contains("--url"));
    fs::write(here.path().join(".vsp.json"), r#"{"default":"gone"}"#).unwrap();
    assert!(find_default(&folders).unwrap_err().message.contains("gone"));
}

#[test]
fn a_file_where_a_folder_should_be_is_no_file() {
    let here = folder(&[(".vsp", "x")]);
    assert_eq!(find_default(&[here.path().to_owned()]), Ok(None));
    let here = folder(&[(".vsp.json/inside", "x")]);
    assert!(
        find_default(&[here.path().to_owned()]).unwrap_err().message.contains("cannot be read")
    );
}

#[test]
fn passwords_have_a_variable_for_each_system() {
    let variable =
        |name: &str| System { name: name.into(), ..System::default() }.password_variable();
    assert_eq!(variable("a4h"), "VSP_A4H_PASSWORD");
    assert_eq!(variable("my-sys.1 ä"), "VSP_MY_SYS_1___PASSWORD");
}
