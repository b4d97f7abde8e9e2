//! The answer of node structure: what development tools show below a package.

use super::error::AdtAnswerError;
use super::xml::{Token, Tokens};
use crate::ops::git::ObjectKey;

/// What stands right below a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Below {
    Object(ObjectKey),
    /// A package, by its name in upper case.
    Package(String),
}

/// Gives the objects and packages right below one package to `visit`, one after the other. What was
/// visited counts only if there is no error.
///
/// *Shape*: `asx:abap/asx:values/DATA/TREE_CONTENT` with one `SEU_ADT_REPOSITORY_OBJ_NODE` a node,
/// whose `OBJECT_TYPE` is such as `CLAS/OC`. Fields come in any order. A node without `OBJECT_NAME`
/// or `OBJECT_URI` is a group of others, and no object.
pub(super) fn read(body: &[u8], mut visit: impl FnMut(Below)) -> Result<(), AdtAnswerError> {
    let mut tokens = Tokens::of(body, "abap")?;
    let mut is_tree = false;
    while tokens.depth() > 0 {
        let Token::Open(element) = tokens.next()? else { continue };
        if element.is("TREE_CONTENT") {
            is_tree = true;
        } else if is_tree && element.is("SEU_ADT_REPOSITORY_OBJ_NODE") {
            let node = node(&mut tokens)?;
            if node.name.is_empty() || node.uri.is_empty() {
                continue;
            }
            match object_type(&node.kind) {
                Some("DEVC") => visit(Below::Package(node.name.to_uppercase())),
                Some(kind) => visit(Below::Object(ObjectKey::new(kind, &node.name))),
                None => {}
            }
        }
    }
    // What has no tree is another answer, and not a package without objects.
    let other = || AdtAnswerError::OtherDocument { expected: "TREE_CONTENT", got: "abap".into() };
    is_tree.then_some(()).ok_or_else(other)
}

#[derive(Default)]
struct Node {
    kind: String,
    name: String,
    uri: String,
}

fn node(tokens: &mut Tokens<'_>) -> Result<Node, AdtAnswerError> {
    let (mut node, outside) = (Node::default(), tokens.depth().saturating_sub(1));
    while tokens.depth() > outside {
        let Token::Open(element) = tokens.next()? else { continue };
        let field = if element.is("OBJECT_TYPE") {
            &mut node.kind
        } else if element.is("OBJECT_NAME") {
            &mut node.name
        } else if element.is("OBJECT_URI") {
            &mut node.uri
        } else {
            tokens.text()?;
            continue;
        };
        *field = tokens.text()?;
    }
    Ok(node)
}

/// The type of an object from what ADT calls it; `None` for a part of an object, such as a
/// function module.
fn object_type(kind: &str) -> Option<&str> {
    let (kind, part) = kind.split_once('/').unwrap_or((kind, ""));
    let whole = match kind {
        "" => return None,
        "FUGR" => "F",
        "CLAS" => "OC",
        "INTF" => "OI",
        "DEVC" => "K",
        _ => return Some(kind),
    };
    (part.is_empty() || part == whole).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(nodes: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><asx:abap version=\"1.0\" xmlns:asx=\"x\">\
             <asx:values><DATA><TREE_CONTENT>{nodes}</TREE_CONTENT><CATEGORIES/></DATA>\
             </asx:values></asx:abap>"
        )
    }

    fn node_of(kind: &str, name: &str, uri: &str) -> String {
        format!(
            "<SEU_ADT_REPOSITORY_OBJ_NODE><OBJECT_URI>{uri}</OBJECT_URI><TECH_NAME>T</TECH_NAME>\
             <OBJECT_NAME>{name}</OBJECT_NAME><IS_FINAL/>\
             <OBJECT_TYPE>{kind}</OBJECT_TYPE></SEU_ADT_REPOSITORY_OBJ_NODE>\n"
        )
    }

    fn names(nodes: &str) -> (Vec<String>, Vec<String>) {
        let (mut objects, mut packages) = (Vec::new(), Vec::new());
        let visit = |below| match below {
            Below::Object(key) => objects.push(key.to_string()),
            Below::Package(name) => packages.push(name),
        };
        read(tree(nodes).as_bytes(), visit).unwrap();
        (objects, packages)
    }

    #[test]
    fn objects_and_packages_are_told_apart() {
        let nodes = node_of("CLAS/OC", "zcl_a", "/u")
            + &node_of("PROG/I", "ZINC", "/u")
            + &node_of("DEVC/K", "/ns/sub", "/u")
            + &node_of("TABL", "ZTAB", "/u");
        let (objects, packages) = names(&nodes);
        assert_eq!(objects, ["CLAS ZCL_A", "PROG ZINC", "TABL ZTAB"]);
        assert_eq!(packages, ["/NS/SUB"]);
    }

    #[test]
    fn groups_and_parts_of_objects_are_left_out() {
        let nodes = node_of("DEVC/K", "", "")
            + &node_of("CLAS/OC", "ZCL_A", "")
            + &node_of("", "X", "/u")
            + &["FUGR/FF", "FUGR/I", "CLAS/OM", "INTF/IO", "DEVC/X"]
                .map(|kind| node_of(kind, "X", "/u"))
                .concat()
            + &["FUGR/F", "INTF/OI"].map(|kind| node_of(kind, "Y", "/u")).concat();
        assert_eq!(names(&nodes), (vec!["FUGR Y".into(), "INTF Y".into()], vec![]));
    }

    #[test]
    fn a_package_without_objects_is_a_tree_without_nodes() {
        assert_eq!(names(""), (vec![], vec![]));
        let error = read(b"<asx:abap><DATA/></asx:abap>", drop).unwrap_err();
        assert!(matches!(error, AdtAnswerError::OtherDocument { .. }));
        assert!(matches!(read(b"<html/>", drop), Err(AdtAnswerError::OtherDocument { .. })));
    }
}
