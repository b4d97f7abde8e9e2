//! The node structure: what a package holds, as the tree of an editor shows it.

use std::io;

use hyper::StatusCode;

use super::answer::{Answer, document, refused};
use super::xml::{self, Xml};
use crate::server::state::State;

/// The only type of node that has others below it here.
const PACKAGE: &str = "DEVC/K";

/// One line of the tree; a group has neither name nor URI.
#[derive(Default)]
struct Node {
    kind: String,
    name: String,
    uri: String,
}

/// Answers with what is directly in a package, which is an empty tree where there is no package.
pub(super) fn answer(query: Option<&str>, state: &State) -> Answer {
    let (mut kind, mut package) = (None, None);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "parent_type" => kind = Some(value),
            "parent_name" => package = Some(value),
            _ => {}
        }
    }
    let (Some(kind), Some(package)) = (kind, package) else {
        return refused(StatusCode::BAD_REQUEST, "parent_type or parent_name is missing");
    };
    let is_listed = kind.eq_ignore_ascii_case(PACKAGE) && !state.script.lists_nothing();
    let nodes = if is_listed { nodes(&package.to_uppercase(), state) } else { Vec::new() };
    let content_type = "application/vnd.sap.as+xml; charset=utf-8; dataname=com.sap.adt.RepositoryObjectTreeContent";
    document(content_type, write(&nodes))
}

/// Sub-packages, then the objects; a group before the first of each type.
fn nodes(package: &str, state: &State) -> Vec<Node> {
    let subpackages = state.catalog.subpackages_of(package).iter();
    let mut found: Vec<Node> = subpackages.map(|name| Node::of("DEVC", name)).collect();
    let objects = state.catalog.objects_of(package, false).unwrap_or_default();
    // A package is the parent here, and no child of its own.
    let objects = objects.iter().filter(|object| object.kind != "DEVC" || object.name != package);
    let mut objects: Vec<_> = objects.map(|object| (&object.kind, &object.name)).collect();
    objects.sort();
    found.extend(objects.into_iter().map(|(kind, name)| Node::of(kind, name)));
    let mut nodes: Vec<Node> = Vec::new();
    for node in found {
        if nodes.last().is_none_or(|last| last.kind != node.kind) {
            nodes.push(Node { kind: node.kind.clone(), ..Node::default() });
        }
        nodes.push(node);
    }
    nodes
}

impl Node {
    fn of(kind: &str, name: &str) -> Self {
        let (subtype, folder) = match kind {
            "CLAS" => ("OC", "oo/classes"),
            "DEVC" => ("K", "packages"),
            "DOMA" => ("DD", "ddic/domains"),
            "DTEL" => ("DE", "ddic/dataelements"),
            "FUGR" => ("F", "functions/groups"),
            "INTF" => ("OI", "oo/interfaces"),
            "PROG" => ("P", "programs/programs"),
            "TABL" => ("DT", "ddic/tables"),
            kind => (kind, "vit/wb/object_name"),
        };
        let in_uri: String =
            form_urlencoded::byte_serialize(name.to_lowercase().as_bytes()).collect();
        Self {
            kind: format!("{kind}/{subtype}"),
            name: name.to_owned(),
            uri: format!("{}{folder}/{in_uri}", super::ROOT),
        }
    }

    fn write(&self, xml: &mut Xml) -> io::Result<()> {
        let is_package = self.kind == PACKAGE;
        let fields = [
            ("OBJECT_TYPE", self.kind.as_str()),
            ("OBJECT_NAME", &self.name),
            ("TECH_NAME", &self.name),
            ("OBJECT_URI", &self.uri),
            ("OBJECT_VIT_URI", ""),
            ("EXPANDABLE", if is_package { "X" } else { "" }),
            ("DESCRIPTION", ""),
        ];
        let node = xml.create_element("SEU_ADT_REPOSITORY_OBJ_NODE");
        let node = node.write_inner_content(|xml| {
            fields.iter().try_for_each(|(name, value)| xml::text(xml, name, value))
        });
        node.map(drop)
    }
}

fn write(nodes: &[Node]) -> Vec<u8> {
    xml::document(|xml| {
        let root = xml
            .create_element("asx:abap")
            .with_attributes([("xmlns:asx", "http://www.sap.com/abapxml"), ("version", "1.0")]);
        root.write_inner_content(|xml| {
            let values = xml.create_element("asx:values").write_inner_content(|xml| {
                let data = xml.create_element("DATA").write_inner_content(|xml| {
                    xml.create_element("TREE_CONTENT").write_inner_content(|xml| {
                        nodes.iter().try_for_each(|node| node.write(xml))
                    })?;
                    xml.create_element("CATEGORIES").write_empty()?;
                    xml.create_element("OBJECT_TYPES").write_empty().map(drop)
                });
                data.map(drop)
            });
            values.map(drop)
        })
    })
}
