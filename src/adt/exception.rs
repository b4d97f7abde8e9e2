//! What ADT says when it refuses.

use super::error::AdtAnswerError;
use super::xml::{Token, Tokens};

/// How much of the text is kept, in characters.
const MOST_TEXT: usize = 200;

/// The text of an ADT exception; `None` if the body is none.
///
/// *Shape*: `exc:exception` with `message` and, in the language of the logon, `localizedMessage`.
pub(crate) fn message(body: &[u8]) -> Option<String> {
    read(body).ok()
}

fn read(body: &[u8]) -> Result<String, AdtAnswerError> {
    let mut tokens = Tokens::of(body, "exception")?;
    let (mut message, mut localized) = (String::new(), String::new());
    while tokens.depth() > 0 {
        let Token::Open(element) = tokens.next()? else { continue };
        if element.is("message") {
            message = tokens.text()?;
        } else if element.is("localizedMessage") {
            localized = tokens.text()?;
        }
    }
    let text = if localized.is_empty() { message } else { localized };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let text = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    Ok(text.chars().take(MOST_TEXT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_exception() {
        let exception = |inner: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><exc:exception xmlns:exc=\"x\">\
                 <namespace id=\"com.sap.adt\"/><type id=\"ExceptionResourceNotFound\"/>{inner}\
                 <properties><entry key=\"T\">x</entry></properties></exc:exception>"
            )
        };
        let text = |inner: &str| message(exception(inner).as_bytes());
        let both = "<message lang=\"EN\">no</message><localizedMessage>nein,\n\n &lt;Z&gt;</localizedMessage>";
        assert_eq!(text(both).unwrap(), "nein, <Z>");
        assert_eq!(text("<message>no\u{1b}[31m</message>").unwrap(), "no [31m");
        assert_eq!(text("").unwrap(), "");
        assert_eq!(
            text(&format!("<message>{}</message>", "ä".repeat(999))).unwrap().chars().count(),
            200
        );
    }

    #[test]
    fn other_pages_are_none() {
        for page in ["", "<html>no</html>", "{}", "<exc:exception>"] {
            assert_eq!(message(page.as_bytes()), None, "{page}");
        }
    }
}
