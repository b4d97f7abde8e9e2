//! The short cut for chunks: their fields found in one pass, nothing copied, nothing built.
//!
//! Takes only what needs no second thought: the five keys of a chunk, each once, strings without
//! escapes, plain numbers. Everything else is left to the full reader, so that there is one place
//! that decides what an odd frame means.

use std::borrow::Cow;

use memchr::memchr2;

use super::{Chunk, FrameError};

/// The fields of a chunk as they stand in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkFields<'a> {
    /// Plain digits.
    seq: &'a str,
    /// The text between the quotes.
    data: &'a str,
    /// Plain digits.
    offset: Option<&'a str>,
    /// The text between the quotes.
    crc32: Option<&'a str>,
}

impl<'a> ChunkFields<'a> {
    pub(crate) fn into_chunk(self) -> Result<Chunk<'a>, FrameError> {
        Chunk::from_fields(
            self.seq,
            Cow::Borrowed(self.data),
            self.offset,
            self.crc32.map(Cow::Borrowed),
        )
    }
}

/// The id of a chunk whose id and type stand before its data, without looking further.
pub(crate) fn chunk_id(text: &str) -> Option<&str> {
    let mut cursor = Cursor::open(text)?;
    let (mut id, mut is_chunk) = (None, false);
    loop {
        match cursor.key()? {
            "id" if id.is_none() => id = Some(cursor.string()?),
            "type" if cursor.string()? == "chunk" => is_chunk = true,
            "seq" => drop(cursor.digits()?),
            _ => return None,
        }
        if let (Some(id), true) = (id, is_chunk) {
            return Some(id);
        }
        if !cursor.another()? {
            return None;
        }
    }
}

/// What follows the quote that the data of a chunk opens with, where id and type stand before it.
pub(crate) fn chunk_data(text: &str) -> Option<&str> {
    let mut cursor = Cursor::open(text)?;
    let (mut has_id, mut is_chunk) = (false, false);
    loop {
        match cursor.key()? {
            "id" => has_id = !cursor.string()?.is_empty(),
            "type" => is_chunk = cursor.string()? == "chunk",
            "seq" | "offset" => drop(cursor.digits()?),
            "crc32" => drop(cursor.string()?),
            "data" if has_id && is_chunk => {
                cursor.expect('"')?;
                return Some(cursor.0);
            }
            _ => return None,
        }
        if !cursor.another()? {
            return None;
        }
    }
}

/// The id and the fields of an ordinary chunk, or `None` for whatever else it may be.
pub(crate) fn chunk(text: &str) -> Option<(&str, ChunkFields<'_>)> {
    let mut cursor = Cursor::open(text)?;
    let (mut id, mut kind, mut seq, mut data) = (None, None, None, None);
    let (mut offset, mut crc32) = (None, None);
    loop {
        let (slot, value) = match cursor.key()? {
            "id" => (&mut id, cursor.string()?),
            "type" => (&mut kind, cursor.string()?),
            "seq" => (&mut seq, cursor.digits()?),
            "data" => (&mut data, cursor.string()?),
            "offset" => (&mut offset, cursor.digits()?),
            "crc32" => (&mut crc32, cursor.string()?),
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
        if !cursor.another()? {
            break;
        }
    }
    cursor.end()?;
    if kind? != "chunk" {
        return None;
    }
    Some((id?, ChunkFields { seq: seq?, data: data?, offset, crc32 }))
}

/// What is left of the text; every step gives `None` where the short cut ends.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// Steps into an object that has at least one key.
    fn open(text: &'a str) -> Option<Self> {
        let mut cursor = Self(text);
        cursor.expect('{')?;
        Some(cursor)
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.skip_space();
        self.0 = self.0.strip_prefix(wanted)?;
        Some(())
    }

    /// A key and the colon behind it.
    fn key(&mut self) -> Option<&'a str> {
        let key = self.string()?;
        self.expect(':')?;
        Some(key)
    }

    /// A string without escapes, without its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect('"')?;
        let end = memchr2(b'"', b'\\', self.0.as_bytes())?;
        let (string, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.strip_prefix('"')?;
        Some(string)
    }

    /// A number of plain digits without leading zeros.
    fn digits(&mut self) -> Option<&'a str> {
        self.skip_space();
        let end = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(end)?;
        let plain = digits == "0" || !(digits.is_empty() || digits.starts_with('0'));
        // What ends a number: anything else would make it a fraction or no JSON.
        let ended = rest.starts_with([',', '}', ' ', '\t', '\r', '\n']);
        self.0 = rest;
        (plain && ended).then_some(digits)
    }

    /// Steps over a comma (true) or the closing brace (false).
    fn another(&mut self) -> Option<bool> {
        self.skip_space();
        let more = self.0.starts_with(',');
        self.0 = self.0.strip_prefix([',', '}'])?;
        Some(more)
    }

    /// Nothing but white space may follow.
    fn end(&mut self) -> Option<()> {
        self.skip_space();
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_chunk_takes_the_short_cut() {
        let text =
            r#"{"id":"git_1","type":"chunk","seq":7,"data":"QUJD","offset":18,"crc32":"a3830348"}"#;
        let (id, fields) = chunk(text).unwrap();
        assert_eq!((id, fields.seq, fields.data), ("git_1", "7", "QUJD"));
        assert_eq!((fields.offset, fields.crc32), (Some("18"), Some("a3830348")));
        assert_eq!(chunk_id(text), Some("git_1"));
    }

    #[test]
    fn the_first_type_is_the_one_that_counts() {
        assert_eq!(chunk_id(r#"{"id":"a","type":"","type":"chunk","seq":1,"data":""}"#), None);
    }

    #[test]
    fn an_id_that_comes_twice_is_left_to_the_full_reader() {
        assert_eq!(chunk_id(r#"{"id":"a","id":"b","type":"chunk","seq":1,"data":""}"#), None);
    }

    #[test]
    fn the_number_may_stand_before_id_and_type() {
        let text = r#"{"seq":1,"id":"a","type":"chunk","data":""}"#;
        assert_eq!(chunk_id(text), Some("a"));
    }

    #[test]
    fn order_and_white_space_do_not_matter() {
        let text =
            " { \"data\" : \"QUJD\" ,\r\n\"seq\": 7 , \"type\":\"chunk\",\t\"id\":\"git_1\" } \n";
        assert_eq!(chunk(text).unwrap().0, "git_1");
        assert_eq!(chunk_id(text), None, "data stands first, so this is left to the full reader");
    }

    #[test]
    fn whatever_needs_a_second_thought_is_left_alone() {
        for text in [
            r#"{"id":"a","type":"chunk","seq":1,"data":"QU\/D"}"#,
            r#"{"id":"a","type":"chunk","seq":1,"data":"x","data":"y"}"#,
            r#"{"id":"a","type":"chunk","seq":1.0,"data":"x"}"#,
            r#"{"id":"a","type":"chunk","seq":01,"data":"x"}"#,
            r#"{"id":"a","type":"chunk","seq":"1","data":"x"}"#,
            r#"{"id":"a","type":"chunk","seq":1,"data":null}"#,
            r#"{"id":"a","type":"chunk","seq":1,"data":"x","more":1}"#,
            r#"{"id":"a","type":"chunk","seq":1,"data":"x",}"#,
            r#"{"id":"a","type":"chunk","seq":1,"data":"x"} x"#,
            r#"{"id":"a","type":"chunk","seq":1,"data":"x"#,
            r#"{"id":"a","type":"chunk","seq":1}"#,
            r#"{"id":"a","type":"complete","totalChunks":1}"#,
            "{}",
            "[]",
            "",
        ] {
            assert_eq!(chunk(text), None, "{text}");
        }
    }
}
