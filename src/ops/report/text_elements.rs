//! `report.getTextElements` and `report.setTextElements`: a program's texts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ops::field::{self, Text, Whole};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply, ServerError,
};

/// Asks for a program's texts in one language.
///
/// *Shape*: params are `program` and where set `language`; the answer is [`Texts`]. A program that
/// does not exist, or has no texts in that language, has none: that is no error on today's servers.
/// *Errors*: [`OperationError::InvalidAnswer`]. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::TextElements;
/// use longhaul::proto::Operation;
/// let texts = TextElements::new("zlh_quote").language('D');
/// assert_eq!(texts.params().to_json(), r#"{"program":"ZLH_QUOTE","language":"D"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct TextElements {
    program: String,
    language: Option<char>,
}

impl TextElements {
    /// Asks for the texts of `program` in the language of the logon; the name is turned to upper
    /// case.
    pub fn new(program: impl AsRef<str>) -> Self {
        Self { program: program.as_ref().to_uppercase(), language: None }
    }

    /// In this language, by ABAP's own letter for it: `E`, `D`, `S` for Spanish. Servers look at
    /// one character only, so codes of two letters would give another language at times.
    pub fn language(mut self, letter: char) -> Self {
        self.language = Some(letter);
        self
    }
}

/// A program's texts, by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Texts {
    /// The language, by ABAP's letter; empty where the server does not say.
    pub language: String,
    /// Texts of the selection screen (`selection_texts`), by the name of the field.
    pub selection: BTreeMap<String, String>,
    /// Text symbols (`text_symbols`), by their three characters.
    pub symbols: BTreeMap<String, String>,
    /// Headings (`heading_texts`), by their number. Some servers send an empty one whatever there
    /// is, others none at all.
    pub headings: BTreeMap<String, String>,
}

/// Changes a program's texts in one language; others stay as they are.
///
/// *Shape*: params are `program`, then where set `language`, `selection_texts`, `text_symbols` and
/// `heading_texts`, the last three objects of strings. The answer is
/// `{"status":"success","program","language","selection_texts_set":1,"text_symbols_set":0}`, with
/// `heading_texts_set` on servers that know headings.
///
/// *Errors*: [`OperationError::Failed`] with the status as its code if it is not `success`, and
/// [`TextsError`] inside [`OperationError::Unsuccessful`] if fewer texts were set than were sent,
/// such as headings on a server that does not know them; the others **are** set then. Never
/// repeated by itself. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::SetTextElements;
/// use longhaul::proto::Operation;
/// let texts = SetTextElements::new("zlh_quote").language('E').symbol("001", "Quote");
/// assert_eq!(
///     texts.params().to_json(),
///     r#"{"program":"ZLH_QUOTE","language":"E","text_symbols":{"001":"Quote"}}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct SetTextElements {
    texts: TextElements,
    selection: BTreeMap<String, String>,
    symbols: BTreeMap<String, String>,
    headings: BTreeMap<String, String>,
}

impl SetTextElements {
    /// Changes texts of `program` in the language of the logon; the name is turned to upper case.
    pub fn new(program: impl AsRef<str>) -> Self {
        Self {
            texts: TextElements::new(program),
            selection: BTreeMap::new(),
            symbols: BTreeMap::new(),
            headings: BTreeMap::new(),
        }
    }

    /// In this language, see [`TextElements::language`].
    pub fn language(mut self, letter: char) -> Self {
        self.texts = self.texts.language(letter);
        self
    }

    /// With this text for a field of the selection screen, whose name is turned to upper case.
    pub fn selection(mut self, field: impl AsRef<str>, text: impl Into<String>) -> Self {
        self.selection.insert(field.as_ref().to_uppercase(), text.into());
        self
    }

    /// With this text symbol, such as `001`.
    pub fn symbol(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.symbols.insert(key.into(), text.into());
        self
    }

    /// With this heading, such as `001`.
    pub fn heading(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.headings.insert(key.into(), text.into());
        self
    }

    fn kinds(&self) -> [(&'static str, &'static str, &BTreeMap<String, String>); 3] {
        [
            ("selection_texts", "selection_texts_set", &self.selection),
            ("text_symbols", "text_symbols_set", &self.symbols),
            ("heading_texts", "heading_texts_set", &self.headings),
        ]
    }
}

/// Texts were changed, all that were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TextsSet {
    /// The language they were changed in, by ABAP's letter; empty where the server does not say.
    pub language: String,
}

/// Fewer texts were changed than were sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{set} of {sent} {kind} of {program} were set")]
#[non_exhaustive]
pub struct TextsError {
    /// The program.
    pub program: String,
    /// Which texts, such as `heading_texts`.
    pub kind: &'static str,
    /// How many were sent.
    pub sent: u64,
    /// How many were set, as the server counts; 0 where it does not count these.
    pub set: u64,
}

impl Operation for TextElements {
    type Output = Texts;

    fn name(&self) -> OperationName {
        OperationName::new("report", "getTextElements")
    }

    fn params(&self) -> Params {
        let params = Params::new().with("program", &self.program);
        match self.language {
            Some(letter) => params.with("language", letter),
            None => params,
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Texts, OperationError> {
        Ok(Texts {
            language: field::text(reply, "language")?,
            selection: texts(field::required(reply, "selection_texts")?),
            symbols: texts(field::required(reply, "text_symbols")?),
            headings: texts(reply.field("heading_texts")?.unwrap_or_default()),
        })
    }
}

fn texts(read: BTreeMap<String, Text>) -> BTreeMap<String, String> {
    read.into_iter().map(|(key, Text(text))| (key, text)).collect()
}

impl Operation for SetTextElements {
    type Output = TextsSet;

    fn name(&self) -> OperationName {
        OperationName::new("report", "setTextElements")
    }

    fn params(&self) -> Params {
        let given = self.kinds().into_iter().filter(|(_, _, texts)| !texts.is_empty());
        given.fold(self.texts.params(), |params, (kind, _, texts)| params.with(kind, texts))
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<TextsSet, OperationError> {
        let Text(status) = field::required(reply, "status")?;
        if status != "success" {
            let message = field::text(reply, "message")?;
            return Err(OperationError::Failed(ServerError::new(Some(status), Some(message))));
        }
        for (kind, counter, texts) in self.kinds() {
            let sent = u64::try_from(texts.len()).unwrap_or(u64::MAX);
            let done = reply.field(counter)?.map_or(0, |Whole(count)| count);
            // Servers count some texts twice; only fewer means that something is missing.
            if done < sent {
                let program = self.texts.program.clone();
                let error = TextsError { program, kind, sent, set: done };
                return Err(OperationError::unsuccessful(error));
            }
        }
        Ok(TextsSet { language: field::text(reply, "language")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, failure, unusable};

    #[test]
    fn texts_are_read_by_kind() {
        let data = r#"{"program":"P","language":"E","selection_texts":{"P_ID":"Number"},"text_symbols":{"001":"Quote \"x\"","002":""}}"#;
        let texts = conclude(&TextElements::new("p"), data).unwrap();
        assert_eq!((texts.language.as_str(), texts.selection["P_ID"].as_str()), ("E", "Number"));
        assert_eq!((texts.symbols["001"].as_str(), texts.symbols.len()), ("Quote \"x\"", 2));
        assert!(texts.headings.is_empty());
        assert_eq!(unusable(&TextElements::new("p"), r#"{"selection_texts":{}}"#), "text_symbols");
        assert_eq!(unusable(&TextElements::new("p"), "{}"), "selection_texts");
    }

    fn setting() -> SetTextElements {
        SetTextElements::new("p").selection("p_id", "Number").symbol("001", "a").symbol("002", "b")
    }

    #[test]
    fn params_stand_in_their_order() {
        assert_eq!(
            setting().heading("001", "h").language('E').params().to_json(),
            r#"{"program":"P","language":"E","selection_texts":{"P_ID":"Number"},"text_symbols":{"001":"a","002":"b"},"heading_texts":{"001":"h"}}"#
        );
        assert!(!setting().is_repeatable());
    }

    #[test]
    fn all_texts_must_be_set() {
        let data =
            r#"{"status":"success","language":"E","selection_texts_set":1,"text_symbols_set":"2"}"#;
        assert_eq!(conclude(&setting(), data).unwrap().language, "E");
        let more = r#"{"status":"success","selection_texts_set":2,"text_symbols_set":3}"#;
        conclude(&setting(), more).unwrap();
        let error: TextsError = failure(&setting().heading("001", "h"), data);
        assert_eq!((error.kind, error.sent, error.set), ("heading_texts", 1, 0));
        let fewer = r#"{"status":"success","selection_texts_set":1,"text_symbols_set":1}"#;
        let error: TextsError = failure(&setting(), fewer);
        assert_eq!((error.kind, error.sent, error.set), ("text_symbols", 2, 1));
    }

    #[test]
    fn another_status_is_a_failure() {
        let data = r#"{"status":"error","selection_texts_set":1,"text_symbols_set":2}"#;
        let error = conclude(&setting(), data).unwrap_err();
        assert!(matches!(error, OperationError::Failed(error) if error.code == "error"));
        assert_eq!(unusable(&setting(), "{}"), "status");
    }
}
