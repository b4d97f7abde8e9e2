//! Writing XML.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// A document in the making; writing to memory does not fail.
pub(super) type Xml = Writer<Vec<u8>>;

/// A document with a declaration, and what `write` puts into it.
pub(super) fn document(write: impl FnOnce(&mut Xml) -> io::Result<&mut Xml>) -> Vec<u8> {
    let mut xml = Writer::new(Vec::new());
    let declaration = BytesDecl::new("1.0", Some("utf-8"), None);
    let written =
        xml.write_event(Event::Decl(declaration)).and_then(|()| write(&mut xml).map(drop));
    debug_assert!(written.is_ok());
    xml.into_inner()
}

/// An element that holds nothing but a text, which is escaped.
pub(super) fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text)).map(drop)
}
