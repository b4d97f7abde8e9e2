//! A system made of a table, and walks through it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Packages by name: objects as `TYPE/SUB NAME`, and sub-packages.
#[derive(Clone, Debug, Default)]
struct System {
    packages: BTreeMap<String, (Vec<String>, Vec<String>)>,
    /// What data preview answers instead of a table, if it is of no use.
    refusal: Option<(u16, &'static str)>,
}

impl System {
    fn with(mut self, package: &str, objects: &[&str], subpackages: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        self.packages.insert(package.into(), (owned(objects), owned(subpackages)));
        self
    }

    fn refusing(mut self, status: u16, body: &'static str) -> Self {
        self.refusal = Some((status, body));
        self
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        if !request.path.contains("datapreview") {
            let name = form_value(&request.query, "parent_name");
            return (200, tree(self.packages.get(&name)));
        }
        if let Some((status, body)) = self.refusal {
            return (status, body.into());
        }
        let name = request.body.rsplit('\'').nth(1).unwrap_or_default().to_owned();
        let (objects, below) = self.packages.get(&name).cloned().unwrap_or_default();
        if request.body.contains("TDEVC") {
            return (200, table(&[("DEVCLASS", below)]));
        }
        // The table has a row for the package itself, and no parts of objects.
        let mut keys: Vec<_> = objects.iter().filter_map(|o| o.split_once(' ')).collect();
        let is_there = self.packages.contains_key(&name) && !objects.is_empty();
        keys.extend(is_there.then_some(("DEVC", name.as_str())));
        let kinds = keys.iter().map(|(kind, _)| kind.split('/').next().unwrap().to_owned());
        (
            200,
            table(&[
                ("DEVCLASS", vec![name.clone(); keys.len()]),
                ("OBJECT", kinds.collect()),
                ("OBJ_NAME", keys.iter().map(|(_, name)| (*name).to_owned()).collect()),
            ]),
        )
    }
}

fn form_value(query: &str, key: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.into_iter().find(|(name, _)| name == key).map(|(_, v)| v.into_owned()).unwrap_or_default()
}

fn table(columns: &[(&str, Vec<String>)]) -> String {
    let column = |(name, values): &(&str, Vec<String>)| {
        let data: Vec<_> = values.iter().map(|v| format!("<data>{v}</data>")).collect();
        let data = data.concat();
        format!("<columns><metadata name=\"{name}\"/><dataSet>{data}</dataSet></columns>")
    };
    let columns = columns.iter().map(column).collect::<Vec<_>>().concat();
    format!("<tableData>{columns}</tableData>")
}

fn tree(package: Option<&(Vec<String>, Vec<String>)>) -> String {
    let node = |kind: &str, name: &str| {
        format!(
            "<SEU_ADT_REPOSITORY_OBJ_NODE><OBJECT_TYPE>{kind}</OBJECT_TYPE>\
             <OBJECT_NAME>{name}</OBJECT_NAME><OBJECT_URI>/u</OBJECT_URI>\
             </SEU_ADT_REPOSITORY_OBJ_NODE>"
        )
    };
    let (objects, below) = package.cloned().unwrap_or_default();
    let objects = objects.iter().filter_map(|o| o.split_once(' ')).map(|(k, n)| node(k, n));
    let nodes: String = objects.chain(below.iter().map(|name| node("DEVC/K", name))).collect();
    format!("<abap><values><DATA><TREE_CONTENT>{nodes}</TREE_CONTENT></DATA></values></abap>")
}

/// Walks through a system; gives what was listed and how often something was asked.
fn walk_with(mut walk: Walk, system: &System) -> Result<(Vec<String>, ListedBy, usize), WalkError> {
    let mut asked = 0;
    while let Some(request) = walk.request() {
        assert_eq!(walk.request().as_ref(), Some(&request), "until it has been answered");
        asked += 1;
        let (status, body) = system.answer(&request);
        walk.handle(status, body.as_bytes())?;
    }
    let (objects, by) = walk.finish();
    let listed = objects.iter().map(|object| format!("{}: {}", object.package, object.key));
    Ok((listed.collect(), by, asked))
}

fn walk(roots: &[&str], below: bool, system: &System) -> (Vec<String>, ListedBy, usize) {
    let roots: Vec<_> = roots.iter().map(ToString::to_string).collect();
    walk_with(Walk::new(&roots, below), system).unwrap()
}

fn sample() -> System {
    System::default()
        .with("$A", &["CLAS/OC ZCL_A", "PROG/P ZA"], &["/NS/B", "$C"])
        .with("/NS/B", &["FUGR/F /NS/F"], &["$A", "$C"])
        .with("$C", &["INTF/OI ZIF_C"], &[])
}

const WHOLE: [&str; 7] = [
    "$A: CLAS ZCL_A",
    "/NS/B: DEVC /NS/B",
    "$C: DEVC $C",
    "$A: DEVC $A",
    "/NS/B: FUGR /NS/F",
    "$C: INTF ZIF_C",
    "$A: PROG ZA",
];

fn assert_whole(listed: &[String]) {
    let (listed, whole): (BTreeSet<_>, BTreeSet<_>) =
        (listed.iter().map(String::as_str).collect(), WHOLE.into());
    assert_eq!(listed, whole);
}

#[test]
fn cycles_and_repeats_are_walked_once() {
    let (listed, by, asked) = walk(&["$A", "$a", " $A", "$C", ""], true, &sample());
    assert_whole(&listed);
    assert_eq!(listed.len(), WHOLE.len());
    assert_eq!((by, asked), (ListedBy::DataPreview, 6));
}

#[test]
fn sub_packages_are_left_alone_if_not_wanted() {
    let wanted = ["$A: CLAS ZCL_A", "$A: DEVC $A", "$A: PROG ZA"];
    let (listed, by, asked) = walk(&["$A"], false, &sample());
    assert_eq!(
        (listed.as_slice(), by, asked),
        (&wanted.map(String::from)[..], ListedBy::DataPreview, 1)
    );
    let (listed, by, asked) = walk(&["$A"], false, &sample().refusing(403, ""));
    assert_eq!(
        (listed.as_slice(), by, asked),
        (&wanted.map(String::from)[..], ListedBy::NodeStructure, 2)
    );
}

#[test]
fn data_preview_of_no_use_is_asked_once() {
    let exception = "<exc:exception><message>no</message></exc:exception>";
    for (status, body) in [
        (403, ""),
        (404, ""),
        (405, ""),
        (406, ""),
        (415, ""),
        (501, ""),
        (400, exception),
        (200, exception),
        (200, "<html>log on</html>"),
        (200, ""),
        (200, "<tableData><totalRows>1</totalRows></tableData>"),
        (200, "<tableData><columns><metadata name=\"OBJECT\"/></columns></tableData>"),
    ] {
        let (listed, by, asked) = walk(&["$A"], true, &sample().refusing(status, body));
        assert_whole(&listed);
        assert_eq!((by, asked), (ListedBy::NodeStructure, 4), "{status} {body}");
    }
}

#[test]
fn other_statuses_end_the_walk() {
    for (status, body) in [(400, "<html/>"), (401, ""), (302, ""), (500, ""), (503, "")] {
        let ended = walk_with(Walk::new(&["$A".into()], true), &sample().refusing(status, body));
        assert!(matches!(ended, Err(WalkError::Refused)), "{status}");
    }
}

#[test]
fn rows_of_another_package_are_not_taken() {
    let foreign = "<tableData><columns><metadata name=\"OBJECT\"/><dataSet><data>PROG</data></dataSet></columns>\
        <columns><metadata name=\"OBJ_NAME\"/><dataSet><data>RSPARAM</data></dataSet></columns>\
        <columns><metadata name=\"DEVCLASS\"/><dataSet><data>STUN</data></dataSet></columns></tableData>";
    let (listed, by, _) = walk(&["$A"], true, &sample().refusing(200, foreign));
    assert_whole(&listed);
    assert_eq!(by, ListedBy::NodeStructure);
}

#[test]
fn as_many_rows_as_were_asked_for_are_a_part() {
    let limits = WalkLimits { packages: 9, objects: 99, rows: 3 };
    let (listed, by, asked) =
        walk_with(Walk::with_limits(&["$A".into()], true, limits), &sample()).unwrap();
    assert_whole(&listed);
    assert_eq!((by, asked), (ListedBy::NodeStructure, 4));
}

#[test]
fn a_root_without_rows_is_looked_at_again() {
    let (listed, by, asked) = walk(&["$NONE"], true, &sample());
    assert_eq!((listed.len(), by, asked), (0, ListedBy::DataPreview, 3));
    // The table has nothing, and neither may the tree.
    let mut walk = Walk::new(&["$NONE".into()], false);
    walk.request().unwrap();
    walk.handle(200, table(&[]).as_bytes()).unwrap();
    assert!(walk.request().unwrap().path.contains("nodestructure"));
    walk.handle(404, b"").unwrap();
    assert_eq!(walk.request(), None);
    // The table has nothing, the tree has something.
    let mut walk = Walk::new(&["$A".into(), "$X".into()], false);
    walk.request().unwrap();
    walk.handle(200, table(&[]).as_bytes()).unwrap();
    walk.request().unwrap();
    walk.handle(200, tree(sample().packages.get("$A")).as_bytes()).unwrap();
    assert!(walk.request().unwrap().path.contains("datapreview"), "that holds for $A alone");
    assert_eq!(walk.finish().1, ListedBy::NodeStructure);
}

#[test]
fn a_tree_that_is_refused_or_unreadable_ends_the_walk() {
    for (status, body) in [(404, ""), (200, "<html/>")] {
        let mut walk = Walk::new(&["$A".into()], true);
        walk.request().unwrap();
        walk.handle(403, b"").unwrap();
        walk.request().unwrap();
        let ended = walk.handle(status, body.as_bytes()).unwrap_err();
        let fits = match status {
            200 => matches!(ended, WalkError::Unreadable(_)),
            _ => matches!(ended, WalkError::Refused),
        };
        assert!(fits, "{ended:?}");
    }
}

#[test]
fn what_is_too_much_ends_the_walk() {
    let limited = |packages, objects, system: &System| {
        let limits = WalkLimits { packages, objects, rows: 99 };
        walk_with(Walk::with_limits(&["$A".into()], true, limits), system).map(|_| ())
    };
    for system in [sample(), sample().refusing(403, "")] {
        assert!(limited(3, 7, &system).is_ok());
        let packages = limited(2, 7, &system);
        assert!(matches!(packages, Err(WalkError::TooManyPackages { limit: 2 })), "{packages:?}");
        let objects = limited(3, 6, &system);
        assert!(matches!(objects, Err(WalkError::TooManyObjects { limit: 6 })), "{objects:?}");
    }
}

/// Bodies that begin like what is read, and go on anyhow.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        any::<String>().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "<tableData>",
            "</tableData>",
            "<columns>",
            "</columns>",
            "<metadata name=\"OBJECT\"/>",
            "<metadata name=\"",
            "<data>",
            "</data>",
            "<data/>",
            "<abap>",
            "</abap>",
            "<TREE_CONTENT>",
            "<SEU_ADT_REPOSITORY_OBJ_NODE>",
            "</SEU_ADT_REPOSITORY_OBJ_NODE>",
            "<OBJECT_TYPE>CLAS/OC</OBJECT_TYPE>",
            "<OBJECT_NAME>",
            "&amp;",
            "&#x110000;",
            "&x;",
            "<![CDATA[",
            "]]>",
            "<!--",
            "<!DOCTYPE a [",
            "<?xml version=\"1.0\" encoding=\"x\"?>",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_a_peer_sends_does_harm(
        answers in prop::collection::vec((prop::sample::select(vec![200_u16, 400, 403, 500]), hostile()), 1..8),
    ) {
        let mut walk = Walk::new(&["$A".into(), "$B".into()], true);
        for (status, body) in &answers {
            let _ = exception::message(body);
            if walk.request().is_none() || walk.handle(*status, body).is_err() {
                break;
            }
        }
    }

    #[test]
    fn both_ways_lead_to_the_same(
        edges in prop::collection::vec((0_usize..6, 0_usize..6), 0..15),
        roots in prop::collection::vec(0_usize..6, 1..3),
    ) {
        let name = |n: usize| format!("$P{n}");
        let mut system = System::default();
        for package in 0..6 {
            let below: Vec<_> =
                edges.iter().filter(|(from, _)| *from == package).map(|(_, to)| name(*to)).collect();
            let below: Vec<_> = below.iter().map(String::as_str).collect();
            system = system.with(&name(package), &[&format!("PROG/P Z{package}")], &below);
        }
        let roots: Vec<_> = roots.into_iter().map(name).collect();
        let by_table = walk_with(Walk::new(&roots, true), &system).unwrap();
        let by_tree = walk_with(Walk::new(&roots, true), &system.refusing(403, "")).unwrap();
        prop_assert_eq!(&by_table.0, &by_tree.0);
        prop_assert!(by_table.0.windows(2).all(|pair| pair[0] != pair[1]));
        prop_assert_eq!(by_table.1, ListedBy::DataPreview);
    }
}
