//! Cases of kind `binary`: the header of extension `binary`, read by the crate and by the document's
//! own table.

use std::collections::BTreeMap;
use std::sync::Arc;

use longhaul::proto::base64::encode;
use longhaul::proto::checksum::Crc32;
use longhaul::proto::frame::{BinaryChunk, BinaryEnvelope, BinaryHeader, UnreadableBinary};
use longhaul::proto::request::Mode;
use longhaul::proto::{Counters, Demux, MessageId};
use serde_json::{Value, json};

use crate::case::Binary;
use crate::{errors, expect_eq};

/// One row of the table in PROTOCOL 6.5.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) name: String,
}

/// The message is what the case says, and a client that has not agreed to it goes on.
pub(crate) fn check(case: &Binary, table: &[Field]) -> Result<(), String> {
    let message = from_hex(&case.hex)?;
    let envelope = BinaryEnvelope::read(&message);
    let read = envelope.map(|envelope| (envelope.alias(), envelope.chunk()));
    match (&case.header, &case.outcome, read) {
        (Some(header), None, Ok((alias, Ok(chunk)))) => {
            expect_eq("alias", &alias, &chunk.header.alias)?;
            check_table(&message, header, table)?;
            expect_eq("bytes", &Some(encode(chunk.bytes)), &case.bytes)?;
            check_chunk(&message, &chunk, header)?;
        }
        (None, Some(outcome), Ok((alias, Err(defect)))) => {
            let got = json!({ "alias": alias.get(), "error": errors::binary(defect) });
            expect_eq("outcome", &got, outcome)?;
        }
        (None, Some(outcome), Err(error)) => {
            expect_eq("outcome", &json!({ "unreadable": unreadable(error) }), outcome)?;
        }
        (_, _, read) => return Err(format!("read as {read:?}")),
    }
    expect_counted(&message)
}

/// Each field stands where the document says.
fn check_table(
    message: &[u8],
    header: &BTreeMap<String, u64>,
    table: &[Field],
) -> Result<(), String> {
    let header_bytes: usize = table.iter().map(|field| field.size).sum();
    expect_eq("bytes of the header", &header_bytes, &BinaryHeader::BYTES)?;
    expect_eq("fields", &table.len(), &header.len())?;
    let mut end = 0;
    for Field { offset, size, name } in table {
        expect_eq(&format!("offset of {name}"), offset, &end)?;
        end = offset + size;
        let bytes = message.get(*offset..end).ok_or("message is shorter than a header")?;
        let number = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let expected = header.get(name).ok_or_else(|| format!("case has no {name}"))?;
        expect_eq(name, &number, expected)?;
    }
    Ok(())
}

/// The crate reads the same, and writes the same again.
fn check_chunk(
    message: &[u8],
    chunk: &BinaryChunk<'_>,
    header: &BTreeMap<String, u64>,
) -> Result<(), String> {
    let BinaryHeader { alias, seq, offset, crc32, length } = chunk.header;
    expect_eq("alias", &u64::from(alias.get()), &header["alias"])?;
    expect_eq("seq", &seq, &header["seq"])?;
    expect_eq("offset", &offset, &header["offset"])?;
    expect_eq("length", &u64::from(length), &header["length"])?;
    expect_eq("length", &(length as usize), &chunk.bytes.len())?;
    expect_eq("a CRC-32", &u64::from(crc32.is_some()), &header["flags"])?;
    if let Some(crc32) = crc32 {
        expect_eq("crc32", &u64::from(crc32.0), &header["crc32"])?;
        expect_eq("crc32", &crc32, &Crc32::of(chunk.bytes))?;
    } else if header["crc32"] != 0 {
        // Read, and never written so.
        return Ok(());
    }
    expect_eq("header", &&chunk.header.to_bytes()[..], &&message[..BinaryHeader::BYTES])
}

fn unreadable(error: UnreadableBinary) -> Value {
    match error {
        UnreadableBinary::TooShort { got } => json!({ "kind": "tooShort", "got": got }),
        UnreadableBinary::NoMagic { got: [first, second] } => {
            json!({ "kind": "magic", "got": format!("{first:02x}{second:02x}") })
        }
        UnreadableBinary::NoAlias => json!({ "kind": "alias" }),
        other => json!({ "kind": format!("no case can state {other:?}") }),
    }
}

fn expect_counted(message: &[u8]) -> Result<(), String> {
    let counters = Arc::new(Counters::default());
    let mut demux = Demux::new(counters.clone());
    demux.register(MessageId::new("git_1").ok_or("not an id")?, Mode::Stream, ());
    demux.route_binary(message);
    expect_eq("unexpectedBinary", &counters.snapshot().unexpected_binary, &1)?;
    expect_eq("requests that wait", &demux.len(), &1)
}

/// Bytes from hex digits with white space between.
pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair: String = pair.iter().collect();
            u8::from_str_radix(&pair, 16).map_err(|error| format!("{pair}: {error}"))
        })
        .collect()
}
