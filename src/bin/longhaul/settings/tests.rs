use clap::Parser;

use super::*;
use crate::args::{Cli, Command};
use crate::failure::Kind;

fn read_with(
    words: &[&str],
    variables: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, Failure> {
    let cli = Cli::try_parse_from(["longhaul", "ping"].iter().chain(words)).unwrap();
    let Command::Ping(args) = cli.command else { panic!("{words:?}") };
    let environment = |name: &str| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        std::fs::write(folder.path().join(".vsp.json"), text).unwrap();
    }
    Settings::read(&args.server, &environment, &[folder.path().to_owned()])
}

fn read(words: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Failure> {
    read_with(words, variables, None)
}

fn password(user: &str, variables: &[&str]) -> LogonBy {
    let variables = variables.iter().map(|&name| name.to_owned()).collect();
    LogonBy::Password { user: user.into(), variables }
}

#[test]
fn flags_win_over_the_environment_and_that_over_defaults() {
    let variables = [
        ("SAP_URL", "http://e"),
        ("SAP_USER", "E"),
        ("SAP_CLIENT", "100"),
        ("SAP_LANGUAGE", "de"),
        ("SAP_INSECURE", "true"),
    ];
    let said = |settings: &Settings| {
        let [client, language] = [&settings.client, &settings.language];
        [client.clone().unwrap_or_default(), language.clone().unwrap_or_default()]
    };
    let settings = read(&[], &variables).unwrap();
    assert_eq!((settings.url.as_str(), settings.insecure), ("http://e", true));
    assert_eq!(settings.logon, password("E", &["SAP_PASSWORD"]));
    assert_eq!(said(&settings), ["100", "DE"]);
    let words = ["--url", "http://f", "--user", "F", "--client", "200", "--language", "FR"];
    let settings = read(&words, &variables).unwrap();
    assert_eq!(settings.url, "http://f");
    assert_eq!(settings.logon, password("F", &["SAP_PASSWORD"]));
    assert_eq!(said(&settings), ["200", "FR"]);
    let settings = read(&["--url", "http://f"], &[]).unwrap();
    assert_eq!((&settings.logon, settings.insecure), (&LogonBy::Nothing, false));
    assert_eq!(said(&settings), ["001", "EN"]);
    assert!(read(&["--url", "http://f", "--insecure"], &[]).unwrap().insecure);
}

#[test]
fn a_client_in_the_url_is_kept_unless_another_is_named() {
    let url = "http://h?sap-client=300";
    assert_eq!(read(&["--url", url], &[]).unwrap().client, None);
    // A flag wins over the environment, also where it says the client inside the URL.
    assert_eq!(read(&["--url", url], &[("SAP_CLIENT", "100")]).unwrap().client, None);
    let settings = read(&["--url", url, "--client", "100"], &[]).unwrap();
    assert_eq!(settings.client.as_deref(), Some("100"));
    let settings = read(&[], &[("SAP_URL", url), ("SAP_CLIENT", "100")]).unwrap();
    assert_eq!(settings.client.as_deref(), Some("100"));
}

#[test]
fn the_first_source_that_says_how_to_log_on_decides() {
    let url = ("SAP_URL", "http://h");
    let all = [url, ("SAP_COOKIE_FILE", "c"), ("SAP_COOKIE_STRING", "a=b"), ("SAP_USER", "E")];
    let logon = |words: &[&str], variables: &[_]| read(words, variables).unwrap().logon;
    assert_eq!(logon(&[], &all), LogonBy::CookieFile("c".into()));
    assert_eq!(logon(&[], &[all[0], all[2], all[3]]), LogonBy::Cookies("a=b".into()));
    assert_eq!(logon(&["--user", "F"], &all), password("F", &["SAP_PASSWORD"]));
    assert_eq!(logon(&["--cookie-file", "f"], &all), LogonBy::CookieFile("f".into()));
    assert_eq!(logon(&["--password-stdin"], &all), password("E", &["SAP_PASSWORD"]));
    let failure = read(&["--password-stdin"], &[url]).unwrap_err();
    assert!(failure.kind == Kind::Configuration && failure.hint.contains("--user"));
}

const FILE: &str = r#"{"default":"a4h","systems":{
    "a4h":{"url":"http://a","user":"A","client":"100","insecure":true},
    "sso":{"url":"http://s","user":"S","cookie_string":"a=b"},
    "empty":{}}}"#;

#[test]
fn a_named_system_stands_in_for_the_environment() {
    let variables = [
        ("SAP_URL", "http://e"),
        ("SAP_USER", "E"),
        ("SAP_CLIENT", "200"),
        ("SAP_LANGUAGE", "not one"),
        ("SAP_COOKIE_FILE", "c"),
    ];
    let read = |words: &[&str]| read_with(words, &variables, Some(FILE));
    let settings = read(&["-s", "a4h"]).unwrap();
    assert_eq!((settings.url.as_str(), settings.insecure), ("http://a", true));
    assert_eq!(settings.client.as_deref(), Some("100"));
    assert_eq!(settings.language.as_deref(), Some("EN"));
    assert_eq!(settings.logon, password("A", &["VSP_A4H_PASSWORD"]));
    let settings = read(&["-s", "a4h", "--url", "http://f", "--user", "F"]).unwrap();
    assert_eq!(settings.url, "http://f");
    assert_eq!(settings.logon, password("F", &["VSP_A4H_PASSWORD"]));
    let settings = read(&["-s", "sso"]).unwrap();
    assert_eq!(settings.logon, LogonBy::Cookies("a=b".into()));
    let settings = read(&["-s", "sso", "--password-stdin"]).unwrap();
    assert_eq!(settings.logon, password("S", &["VSP_SSO_PASSWORD"]));
    let failure = read(&["-s", "empty"]).unwrap_err();
    assert!(failure.message.contains("no url") && failure.hint.contains(".vsp.json"));
    assert!(read(&["-s", "no"]).unwrap_err().hint.contains("a4h, empty, sso"));
}

#[test]
fn the_default_system_is_for_who_names_no_server() {
    let read = |words: &[&str], variables: &[_]| read_with(words, variables, Some(FILE)).unwrap();
    let settings = read(&[], &[("SAP_CLIENT", "200")]);
    assert_eq!((settings.url.as_str(), settings.client.as_deref()), ("http://a", Some("200")));
    assert_eq!(settings.logon, password("A", &["VSP_A4H_PASSWORD", "SAP_PASSWORD"]));
    let settings = read(&[], &[("SAP_USER", "E")]);
    assert_eq!(settings.logon, password("E", &["SAP_PASSWORD", "VSP_A4H_PASSWORD"]));
    for settings in [read(&["--url", "http://f"], &[]), read(&[], &[("SAP_URL", "http://f")])] {
        assert_eq!((settings.url.as_str(), settings.system), ("http://f", None));
        assert_eq!(settings.logon, LogonBy::Nothing);
        assert!(!settings.insecure);
    }
}

#[test]
fn what_is_missing_or_wrong_is_a_failure_of_configuration() {
    let failure = read(&[], &[]).unwrap_err();
    assert!(failure.kind == Kind::Configuration && failure.hint.contains("-s"));
    for (name, value) in [("SAP_CLIENT", "1"), ("SAP_LANGUAGE", "E&"), ("SAP_INSECURE", "perhaps")]
    {
        let failure = read(&["--url", "http://h"], &[(name, value)]).unwrap_err();
        assert_eq!(failure.kind, Kind::Configuration);
        assert!(failure.hint.contains(name));
    }
}
