//! `system.get_abap_help`: the documentation of an ABAP keyword.

use serde::Serialize;

use crate::ops::field::{self, Flag};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks for the documentation of an ABAP keyword.
///
/// *Shape*: params are `{"keyword":"SELECT"}`, the answer is
/// `{"keyword":"SELECT","html":"…","found":true}`. Servers look for a page of that name in the
/// documentation's own index, so `ABAPSELECT` may find what `SELECT` does not.
/// *Errors*: [`OperationError::InvalidAnswer`]. A keyword without a page is no error.
/// *Source*: PROTOCOL 10.2.
///
/// ```
/// use longhaul::ops::system::Help;
/// use longhaul::proto::Operation;
/// assert_eq!(Help::new("select").params().to_json(), r#"{"keyword":"SELECT"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Help {
    keyword: String,
}

impl Help {
    /// Asks for `keyword`, which is turned to upper case.
    pub fn new(keyword: impl AsRef<str>) -> Self {
        Self { keyword: keyword.as_ref().to_uppercase() }
    }
}

/// What the server has on a keyword.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HelpPage {
    /// The keyword as the server looked for it; empty where it does not repeat it.
    pub keyword: String,
    /// The page in HTML, as the server's kernel makes it; `None` if there is no such page.
    pub html: Option<String>,
}

impl Operation for Help {
    type Output = HelpPage;

    fn name(&self) -> OperationName {
        OperationName::new("system", "get_abap_help")
    }

    fn params(&self) -> Params {
        Params::new().with("keyword", &self.keyword)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<HelpPage, OperationError> {
        let found: Option<Flag> = reply.field("found")?;
        let html: Option<field::Text> = reply.field("html")?;
        let html = html.map(|field::Text(html)| html).filter(|html| !html.is_empty());
        match (found, &html) {
            // Neither a page nor a word that there is none: this is some other answer.
            (None | Some(Flag(true)), None) => Err(OperationError::missing("html")),
            _ => Ok(HelpPage { keyword: field::text(reply, "keyword")?, html }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn a_page_is_read() {
        let data = r#"{"keyword":"SELECT","html":"<h2>SELECT</h2>\n<a href=\"x\">","found":true}"#;
        let page = conclude(&Help::new("select"), data).unwrap();
        assert_eq!(page.html.as_deref(), Some("<h2>SELECT</h2>\n<a href=\"x\">"));
    }

    #[test]
    fn no_page_is_an_answer_and_no_answer_is_not() {
        let data = r#"{"keyword":"SELEKT","html":"","found":false}"#;
        assert_eq!(conclude(&Help::new("selekt"), data).unwrap().html, None);
        assert_eq!(unusable(&Help::new("x"), r#"{"keyword":"X"}"#), "html");
        assert_eq!(unusable(&Help::new("x"), r#"{"html":"","found":true}"#), "html");
        assert_eq!(unusable(&Help::new("x"), r#"{"html":{},"found":true}"#), "html");
    }
}
