//! XML as far as answers need it: elements by their local names, and text.

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::error::{AdtAnswerError, evidence};
use super::limits::MAX_XML_DEPTH;

/// What stands next in a document.
pub(super) enum Token<'a> {
    /// An element begins; one that is empty ends right after.
    Open(Element<'a>),
    /// The innermost element ends.
    Close,
    /// Text, a part of it where references or comments stand between.
    Text(Cow<'a, str>),
    /// The document ends.
    End,
}

/// The begin of an element.
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// The name, without the prefix, which every server may choose for itself.
    pub(super) fn is(&self, local_name: &str) -> bool {
        self.0.local_name().as_ref() == local_name
    }

    /// The value of an attribute, by its name without the prefix.
    pub(super) fn attribute(&self, local_name: &str) -> Option<String> {
        // The library's check for doubles takes its time; the first one counts here.
        let mut attributes = self.0.attributes();
        let found = attributes
            .with_checks(false)
            .filter_map(Result::ok)
            .find(|attribute| attribute.key.local_name().as_ref() == local_name)?;
        found.normalized_value(quick_xml::XmlVersion::default()).ok().map(Cow::into_owned)
    }
}

/// Reads a document token by token.
pub(super) struct Tokens<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Tokens<'a> {
    /// Reads `body`, whose outermost element has to be `root`.
    pub(super) fn of(body: &'a [u8], root: &'static str) -> Result<Self, AdtAnswerError> {
        let text = std::str::from_utf8(body).map_err(|_| AdtAnswerError::NotText)?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
        reader.config_mut().expand_empty_elements = true;
        let mut tokens = Self { reader, depth: 0 };
        loop {
            match tokens.next()? {
                Token::Open(element) if element.is(root) => return Ok(tokens),
                Token::Open(element) => {
                    let got = evidence(element.0.name().as_ref());
                    return Err(AdtAnswerError::OtherDocument { expected: root, got });
                }
                Token::Text(text) if text.trim().is_empty() => {}
                Token::Text(text) => {
                    let got = evidence(&text);
                    return Err(AdtAnswerError::OtherDocument { expected: root, got });
                }
                Token::Close | Token::End => return Err(AdtAnswerError::CutOff),
            }
        }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, AdtAnswerError> {
        loop {
            let event = self.reader.read_event().map_err(|error| AdtAnswerError::NotXml {
                position: self.reader.error_position(),
                source: Arc::new(error),
            })?;
            return Ok(match event {
                // An empty one is told as one that begins and ends.
                Event::Start(start) | Event::Empty(start) => {
                    self.depth = self.depth.saturating_add(1);
                    if self.depth > MAX_XML_DEPTH {
                        return Err(AdtAnswerError::TooDeep { limit: MAX_XML_DEPTH });
                    }
                    Token::Open(Element(start))
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Token::Close
                }
                Event::Text(text) => Token::Text(text.into_inner()),
                Event::CData(text) => Token::Text(text.into_inner()),
                Event::GeneralRef(reference) => Token::Text(resolve(&reference)?),
                Event::DocType(_) => return Err(AdtAnswerError::DocumentType),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
                Event::Eof if self.depth == 0 => Token::End,
                Event::Eof => return Err(AdtAnswerError::CutOff),
            });
        }
    }

    /// The text of the element that has just begun, without that of elements inside it, up to its
    /// end.
    pub(super) fn text(&mut self) -> Result<String, AdtAnswerError> {
        let (mut text, outside) = (String::new(), self.depth.saturating_sub(1));
        let inside = self.depth;
        loop {
            match self.next()? {
                Token::Text(part) if self.depth == inside => text.push_str(&part),
                Token::Close if self.depth == outside => return Ok(text.trim().to_owned()),
                Token::Text(_) | Token::Open(_) | Token::Close => {}
                Token::End => return Err(AdtAnswerError::CutOff),
            }
        }
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }
}

/// The text that a reference stands for: a character by its number, or one of XML's own five.
fn resolve(
    reference: &quick_xml::events::BytesRef<'_>,
) -> Result<Cow<'static, str>, AdtAnswerError> {
    let unknown = || AdtAnswerError::Entity { name: evidence(reference) };
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string().into()),
        Ok(None) => resolve_predefined_entity(reference).map(Cow::from).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(body: &str) -> Result<String, AdtAnswerError> {
        Tokens::of(body.as_bytes(), "a")?.text()
    }

    #[test]
    fn text_is_put_together_from_its_parts() {
        assert_eq!(
            text_of("<x:a> b&amp;<!-- - -->c&#x41;<![CDATA[<d>]]><e>f</e> </x:a>").unwrap(),
            "b&cA<d>"
        );
        assert_eq!(text_of("\u{feff}<?xml version=\"1.0\"?>\n<a/>").unwrap(), "");
    }

    #[test]
    fn what_could_grow_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert!(matches!(text_of(bomb), Err(AdtAnswerError::DocumentType)));
        assert!(
            matches!(text_of("<a>&nbsp;</a>"), Err(AdtAnswerError::Entity { name }) if name == "nbsp")
        );
        assert!(matches!(text_of("<a>&#0;</a>"), Err(AdtAnswerError::Entity { .. })));
        let deep = "<a>".repeat(100_000);
        assert!(matches!(text_of(&deep), Err(AdtAnswerError::TooDeep { .. })));
    }

    #[test]
    fn what_is_no_document_says_so() {
        assert!(matches!(text_of("<a><b></b>"), Err(AdtAnswerError::CutOff)));
        assert!(matches!(text_of(""), Err(AdtAnswerError::CutOff)));
        assert!(matches!(text_of("<a><b></a>"), Err(AdtAnswerError::NotXml { .. })));
        assert!(matches!(text_of("hello"), Err(AdtAnswerError::OtherDocument { .. })));
        assert!(matches!(
            text_of("<html><a/></html>"),
            Err(AdtAnswerError::OtherDocument { expected: "a", got }) if got == "html"
        ));
        assert!(matches!(Tokens::of(b"<a>\xff</a>", "a"), Err(AdtAnswerError::NotText)));
    }
}
