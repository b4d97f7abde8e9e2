//! `git.list`, and what of it an export delivers.

use longhaul::server::{Profile, Server};
use serde_json::{Value, json};

use crate::client::{Client, folder, serve, soon};

fn row(kind: &str, name: &str, package: &str) -> Value {
    json!({"type": kind, "name": name, "package": package})
}

#[tokio::test]
async fn objects_are_listed_with_their_packages() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let answer = client.ask("a", "git", "list", json!({"packages": ["$DEMO"]})).await;
    let own = [row("CLAS", "ZCL_A", "$DEMO"), row("DEVC", "$DEMO", "$DEMO")];
    let below = [row("DEVC", "$DEMO_SUB", "$DEMO_SUB"), row("PROG", "ZC", "$DEMO_SUB")];
    let all = [&own[..], &[row("PROG", "ZB", "$DEMO")], &below].concat();
    assert_eq!(answer["data"], json!({"count": 5, "objects": all}));
    let alone = json!({"packages": ["$demo"], "includeSubpackages": false});
    let answer = client.ask("b", "git", "list", alone).await;
    assert_eq!(answer["data"]["objects"].as_array().unwrap()[..], all[..3]);
    let twice = json!({"packages": ["$DEMO_SUB", "$DEMO", "$DEMO"]});
    assert_eq!(client.ask("c", "git", "list", twice).await["data"]["count"], 5);
}

#[tokio::test]
async fn namespaces_are_listed_and_empty_packages_hold_themselves() {
    let folder = folder(&[("#ns#cl_x.clas.abap", b""), ("#ns#sub/.keep", b"")]);
    let builder = Server::builder().package("/NS/P", folder.path());
    let server = soon(builder.bind("127.0.0.1:0")).await.unwrap();
    let mut client = Client::connect(&server).await;
    let answer = client.ask("a", "git", "list", json!({"packages": ["/ns/p"]})).await;
    let expected = [
        row("CLAS", "/NS/CL_X", "/NS/P"),
        row("DEVC", "/NS/P", "/NS/P"),
        row("DEVC", "/NS/SUB", "/NS/SUB"),
    ];
    assert_eq!(answer["data"]["objects"], json!(expected));
}

#[tokio::test]
async fn what_is_listed_can_be_exported_by_name() {
    for profile in [Profile::Full, Profile::Seed] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut client = Client::connect(&server).await;
        let objects = json!({"objects": [
            {"type": "DEVC", "name": "$DEMO"}, {"type": "PROG", "name": "ZC"},
        ]});
        let answer = client.ask("a", "git", "export", objects).await;
        let paths: Vec<_> = answer["data"]["files"].as_array().unwrap().iter().collect();
        assert_eq!(paths[0]["path"], "src/$demo/package.devc.xml");
        assert_eq!(paths[1]["path"], "src/$demo_sub/zc.prog.abap");
    }
}

#[tokio::test]
async fn what_cannot_be_listed_is_refused_as_in_an_export() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    for params in [
        json!({"packages": ["$NONE"]}),
        json!({"packages": ["$DEMO", "$NONE"]}),
        json!({"packages": "$DEMO"}),
        json!({"packages": ["$DEMO"], "includeSubpackages": "true"}),
        json!({"packages": []}),
    ] {
        let listed = client.ask("a", "git", "list", params.clone()).await;
        let exported = client.ask("b", "git", "export", params.clone()).await;
        assert_eq!(listed["success"], false, "{params}");
        assert_eq!(listed["error"]["code"], exported["error"]["code"], "{params}");
    }
    let objects = json!({"objects": [{"type": "PROG", "name": "ZC"}]});
    let listed = client.ask("c", "git", "list", objects).await;
    assert_eq!(listed["error"]["code"], "MISSING_PARAM");
}

#[tokio::test]
async fn older_servers_do_not_list() {
    for (profile, code) in [(Profile::Seed, "UNKNOWN_ACTION"), (Profile::Deployed, "GIT_ERROR")] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut client = Client::connect(&server).await;
        let params = json!({"packages": ["$DEMO"]});
        let answer = client.ask("a", "git", "list", params).await;
        assert_eq!(answer["error"]["code"], code, "{profile:?}");
    }
}
