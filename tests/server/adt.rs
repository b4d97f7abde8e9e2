//! The services of ADT: sessions, tokens, and what packages hold.

use longhaul::server::{DEFAULT_PATH, Profile, Script, Server};
use serde_json::json;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::client::{Client, folder, serve, soon, upgrade};
use crate::http::{DISCOVERY, Http, PREVIEW, basic, nodes, tadir, tdevc};

const PROFILES: [Profile; 3] = [Profile::Full, Profile::Seed, Profile::Deployed];

async fn scripted(script: Script) -> (Server, TempDir) {
    serve(|builder| builder.script(script)).await
}

#[tokio::test]
async fn a_token_belongs_to_a_session() {
    for profile in PROFILES {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut http = Http::connect(&server).await;
        let plain = http.get(DISCOVERY).await;
        assert_eq!((plain.status, plain.header("x-csrf-token")), (200, None));
        assert!(plain.body.contains("app:service"));
        let cookies = plain.cookies();
        assert!(cookies.starts_with("SAP_SESSIONID_LNH_001="), "{cookies}");
        assert!(cookies.ends_with("; sap-usercontext=sap-client=001"), "{cookies}");
        http.set("Cookie", &cookies);
        let first = http.fetch_token("HEAD").await;
        assert_eq!((first.status, first.cookies().as_str(), first.body.as_str()), (200, "", ""));
        let token = http.header("X-CSRF-Token").to_owned();
        assert!(token.len() >= 32);
        http.fetch_token("GET").await;
        assert_eq!(http.header("X-CSRF-Token"), token);
        assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, 200);
    }
}

#[tokio::test]
async fn modifying_requests_need_their_own_token() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut http = Http::log_on(&server).await;
    let right = http.header("X-CSRF-Token").to_owned();
    let other = Http::log_on(&server).await.header("X-CSRF-Token").to_owned();
    for token in ["Fetch", "", "none", "0123456789abcdef0123456789abcdef", &other] {
        http.set("X-CSRF-Token", token);
        for path in [PREVIEW, &nodes("%24DEMO")] {
            let answer = http.post(path, &tadir("$DEMO")).await;
            assert_eq!(answer.status, 403, "{token:?}");
            assert_eq!(answer.header("x-csrf-token"), Some("Required"), "{token:?}");
        }
    }
    http.headers.retain(|(name, _)| name != "X-CSRF-Token");
    assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, 403);
    http.set("X-CSRF-Token", &right);
    assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, 200);
    http.headers.retain(|(name, _)| name != "Cookie");
    assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, 403);
}

#[tokio::test]
async fn a_token_may_expire() {
    let (server, _folder) = scripted(Script::new().expire_token_after(2)).await;
    let mut http = Http::log_on(&server).await;
    for _ in 0..3 {
        for status in [200, 200, 403, 403] {
            assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, status);
        }
        assert_eq!(http.fetch_token("GET").await.cookies(), "");
    }
}

#[tokio::test]
async fn some_systems_give_no_token_by_head() {
    let (server, _folder) = scripted(Script::new().no_token_by_head()).await;
    let mut http = Http::connect(&server).await;
    assert_eq!(http.fetch_token("HEAD").await.header("x-csrf-token"), None);
    assert!(http.fetch_token("GET").await.header("x-csrf-token").is_some());
    assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, 200);
}

#[tokio::test]
async fn a_user_logs_on_with_basic_or_a_cookie() {
    let (server, _folder) = serve(|builder| builder.user("DEVELOPER", "pa:ss")).await;
    let mut http = Http::connect(&server).await;
    for (name, value) in [
        ("X-Nothing", String::new()),
        ("Authorization", basic("DEVELOPER:wrong")),
        ("Authorization", "Bearer x".into()),
        ("Cookie", "SAP_SESSIONID_LNH_001=0123456789abcdef0123456789abcdef".into()),
    ] {
        http.headers.truncate(1);
        http.set(name, &value);
        for path in [DISCOVERY, "/sap/bc/adt/unheard/of"] {
            let answer = http.get(path).await;
            assert_eq!((answer.status, answer.cookies().as_str()), (401, ""), "{name}");
            assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"longhaul\""));
        }
    }
    http.headers.truncate(1);
    http.set("Authorization", &basic("DEVELOPER:pa:ss"));
    assert_eq!(http.fetch_token("HEAD").await.status, 200);
    http.headers.retain(|(name, _)| name != "Authorization");
    assert_eq!(http.get(DISCOVERY).await.status, 200);
    assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.status, 200);
    // A logon that is wrong is no better for a cookie beside it.
    http.set("Authorization", &basic("DEVELOPER:wrong"));
    assert_eq!(http.get(DISCOVERY).await.status, 401);
}

#[tokio::test]
async fn a_session_s_cookie_opens_the_websocket() {
    let (server, _folder) = serve(|builder| builder.user("DEVELOPER", "pa:ss")).await;
    let mut http = Http::connect(&server).await;
    http.set("Authorization", &basic("DEVELOPER:pa:ss"));
    let cookies = http.get(DISCOVERY).await.cookies();
    let request = |cookies: &str| {
        let url = format!("ws://{}{DEFAULT_PATH}", server.addr());
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("cookie", cookies.parse().unwrap());
        request
    };
    upgrade(&server, request(&cookies)).await.unwrap();
    upgrade(&server, request(&format!("a=b;{cookies}; c"))).await.unwrap();
    upgrade(&server, request("SAP_SESSIONID_LNH_001=x")).await.unwrap_err();
    upgrade(&server, request(&cookies.replace("SAP_SESSIONID", "OTHER"))).await.unwrap_err();
}

#[tokio::test]
async fn tables_say_what_packages_hold() {
    for profile in PROFILES {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut http = Http::log_on(&server).await;
        let answer = http.post(PREVIEW, &tadir("$DEMO")).await;
        assert!(answer.header("content-type").unwrap().contains("xml"));
        assert_eq!(answer.texts("dataPreview:totalRows"), ["3"]);
        let expected = [["CLAS", "DEVC", "PROG"], ["ZCL_A", "$DEMO", "ZB"], ["$DEMO"; 3]];
        assert_eq!(answer.columns(), expected);
        for name in ["OBJECT", "OBJ_NAME", "DEVCLASS"] {
            assert!(answer.body.contains(&format!("dataPreview:name=\"{name}\"")), "{name}");
        }
        assert_eq!(http.post(PREVIEW, &tdevc("$DEMO")).await.columns(), [["$DEMO_SUB"]]);
        for none in [tdevc("$DEMO_SUB"), tdevc("$NONE")] {
            assert_eq!(http.post(PREVIEW, &none).await.columns(), [[""; 0]]);
        }
        // As in a table, where names are in upper case.
        for none in [tadir("$NONE"), tadir("$demo"), tadir("")] {
            let answer = http.post(PREVIEW, &none).await;
            assert_eq!((answer.status, answer.columns()), (200, vec![vec![]; 3]), "{none}");
        }
    }
}

#[tokio::test]
async fn rows_are_limited() {
    let names: Vec<_> = (0..120).map(|n| format!("z{n:03}.prog.abap")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let folder = folder(&files);
    let builder = Server::builder().package("$MANY", folder.path());
    let server = soon(builder.bind("127.0.0.1:0")).await.unwrap();
    let mut http = Http::log_on(&server).await;
    for (query, rows) in [("?rowNumber=7", 7), ("?rowNumber=121", 121), ("", 100), ("?x=1", 100)] {
        let path = format!("/sap/bc/adt/datapreview/freestyle{query}");
        let answer = http.post(&path, &tadir("$MANY")).await;
        assert_eq!(answer.texts("dataPreview:totalRows"), ["121"]);
        assert!(answer.columns().iter().all(|column| column.len() == rows), "{query}");
    }
    for query in ["?rowNumber=", "?rowNumber=all", "?rowNumber=-1"] {
        let path = format!("/sap/bc/adt/datapreview/freestyle{query}");
        assert_eq!(http.post(&path, &tadir("$MANY")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn namespaces_and_quotes_are_names_too() {
    let folder =
        folder(&[("#ns#cl_x.clas.abap", b""), ("it's&<.prog.abap", b""), ("#ns#s/.k", b"")]);
    let builder = Server::builder().package("/NS/P", folder.path());
    let builder = builder.package("$IT'S", folder.path().join("#ns#s"));
    let server = soon(builder.bind("127.0.0.1:0")).await.unwrap();
    let mut http = Http::log_on(&server).await;
    let columns = http.post(PREVIEW, &tadir("/NS/P")).await.columns();
    assert_eq!(columns[1], ["/NS/CL_X", "/NS/P", "IT'S&<"]);
    assert_eq!(http.post(PREVIEW, &tdevc("/NS/P")).await.columns(), [["/NS/S"]]);
    let quoted = http.post(PREVIEW, &tadir("$IT''S")).await;
    assert_eq!(quoted.columns()[0], ["DEVC"]);
    assert_eq!(http.post(PREVIEW, &tadir("$IT'S")).await.status, 400);
    let tree = http.post(&nodes("%2fNS%2fP"), "").await;
    assert!(tree.texts("OBJECT_NAME").contains(&"/NS/CL_X".to_owned()));
    assert!(tree.texts("OBJECT_URI").contains(&"/sap/bc/adt/oo/classes/%2Fns%2Fcl_x".to_owned()));
}

#[tokio::test]
async fn other_queries_are_not_answered() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut http = Http::log_on(&server).await;
    let long = tadir(&"x".repeat(100_000));
    for query in ["", "SELECT * FROM USR02", &tadir("$DEMO").replace("R3TR", "LIMU"), &long] {
        let mut http = Http::log_on(&server).await;
        let answer = http.post(PREVIEW, query).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("exc:exception"));
    }
    let tight = tadir("$DEMO").to_lowercase().replace("'$demo'", "'$DEMO'");
    let tight = tight.replace("'r3tr'", "'R3TR'").replace(' ', "\t").replace("'\t'", "' '");
    assert_eq!(http.post(PREVIEW, &tight).await.columns()[1].len(), 3);
}

#[tokio::test]
async fn a_tree_says_what_packages_hold() {
    let folder = folder(&[
        ("package.devc.xml", b""),
        ("za.clas.abap", b""),
        ("zb.clas.abap", b""),
        ("zc.intf.abap", b""),
        ("zd.fugr.xml", b""),
        ("ze.tabl.xml", b""),
        ("zf.dtel.xml", b""),
        ("zg.doma.xml", b""),
        ("zh.msag.xml", b""),
        ("zi.prog.abap", b""),
        ("$sub/package.devc.xml", b""),
        ("$sub/zj.prog.abap", b""),
    ]);
    for profile in PROFILES {
        let builder = Server::builder().package("$TREE", folder.path()).profile(profile);
        let server = soon(builder.bind("127.0.0.1:0")).await.unwrap();
        let mut http = Http::log_on(&server).await;
        let answer = http.post(&nodes("%24TREE"), "").await;
        let field = |name: &str| answer.texts(name).into_iter();
        let rows = field("OBJECT_TYPE").zip(field("OBJECT_NAME")).zip(field("OBJECT_URI"));
        let rows: Vec<_> = rows.map(|((kind, name), uri)| (kind, name, uri)).collect();
        let groups = rows.iter().filter(|(_, name, uri)| name.is_empty() && uri.is_empty());
        assert_eq!(groups.count(), 9);
        let objects = rows.iter().filter(|(_, name, _)| !name.is_empty());
        assert!(objects.clone().all(|(_, _, uri)| uri.starts_with("/sap/bc/adt/")));
        let objects: Vec<_> =
            objects.map(|(kind, name, _)| (kind.as_str(), name.as_str())).collect();
        let expected = [
            ("DEVC/K", "$SUB"),
            ("CLAS/OC", "ZA"),
            ("CLAS/OC", "ZB"),
            ("DOMA/DD", "ZG"),
            ("DTEL/DE", "ZF"),
            ("FUGR/F", "ZD"),
            ("INTF/OI", "ZC"),
            ("MSAG/MSAG", "ZH"),
            ("PROG/P", "ZI"),
            ("TABL/DT", "ZE"),
        ];
        assert_eq!(objects, expected);
        assert_eq!(answer.texts("TECH_NAME"), answer.texts("OBJECT_NAME"));
        for empty in [nodes("%24NONE"), nodes("")] {
            let answer = http.post(&empty, "").await;
            assert_eq!((answer.status, answer.texts("OBJECT_TYPE").len()), (200, 0));
            assert!(answer.body.contains("TREE_CONTENT"));
        }
        let bare = http.post("/sap/bc/adt/repository/nodestructure", "").await;
        assert_eq!(bare.status, 400);
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_from_what_is_not_allowed() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut http = Http::log_on(&server).await;
    for path in ["/sap/bc/adt/", "/sap/bc/adt/core", "/sap/bc/adt/core/discovery/", "/other"] {
        assert_eq!(http.get(path).await.status, 404, "{path}");
        assert_eq!(http.post(path, "").await.status, 404, "{path}");
    }
    for (method, path) in [
        ("POST", DISCOVERY),
        ("DELETE", DISCOVERY),
        ("GET", PREVIEW),
        ("PUT", PREVIEW),
        ("GET", &nodes("%24DEMO")),
    ] {
        let answer = http.ask(method, path, "").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(answer.header("allow").is_some());
    }
}

#[tokio::test]
async fn heads_come_in_pieces_or_not_at_all() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut http = Http::connect(&server).await;
    for byte in format!("GET {DISCOVERY} HTTP/1.1\r\nHost: x\r\n\r\n").bytes() {
        http.send(&[byte]).await;
    }
    assert_eq!(http.answer(true).await.status, 200);
    let mut upgraded = Http::connect(&server).await;
    let head = format!(
        "GET {DEFAULT_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    for piece in head.as_bytes().chunks(7) {
        upgraded.send(piece).await;
    }
    assert_eq!(upgraded.answer(false).await.status, 101);
    let mut endless = Http::connect(&server).await;
    endless.send(format!("GET {DISCOVERY} HTTP/1.1\r\nX: {}", "x".repeat(70_000)).as_bytes()).await;
    assert!(matches!(endless.answer(false).await.status, 400..=499));
    // No method begins like this, so there is no head to wait for.
    let mut noise = Http::connect(&server).await;
    noise.send(b"\x16\x03\x01").await;
    assert_eq!(noise.answer(false).await.status, 426);
    assert!(noise.is_over().await);
}

#[tokio::test]
async fn systems_may_forbid_the_data_preview_or_list_nothing() {
    let (server, _folder) = scripted(Script::new().forbid_data_preview()).await;
    let mut http = Http::log_on(&server).await;
    let answer = http.post(PREVIEW, &tadir("$DEMO")).await;
    assert_eq!((answer.status, answer.header("x-csrf-token")), (403, None));
    assert!(answer.body.contains("exc:exception"));
    assert_eq!(http.post(&nodes("%24DEMO"), "").await.texts("OBJECT_NAME").len(), 6);

    let (server, _folder) = scripted(Script::new().list_nothing()).await;
    let mut http = Http::log_on(&server).await;
    assert_eq!(http.post(PREVIEW, &tadir("$DEMO")).await.columns(), vec![vec![""; 0]; 3]);
    assert_eq!(http.post(PREVIEW, &tdevc("$DEMO")).await.columns(), [[""; 0]]);
    assert!(http.post(&nodes("%24DEMO"), "").await.texts("OBJECT_TYPE").is_empty());
    let mut client = Client::connect(&server).await;
    let packages = json!({"packages": ["$DEMO"]});
    assert_eq!(client.ask("a", "git", "list", packages.clone()).await["data"]["count"], 0);
    assert_eq!(client.ask("b", "git", "export", packages).await["data"]["objectCount"], 3);
}

#[tokio::test]
async fn without_adt_there_is_the_websocket_alone() {
    let (server, _folder) = serve(longhaul::server::ServerBuilder::without_adt).await;
    let mut http = Http::connect(&server).await;
    assert_eq!(http.get(DISCOVERY).await.status, 426);
    assert!(http.is_over().await);
    Client::connect(&server).await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_idle_connections() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut http = Http::log_on(&server).await;
    soon(server.shutdown()).await;
    assert!(http.is_over().await);
}
