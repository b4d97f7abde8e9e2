//! Cases of kind `binary`: the header of extension `binary`, decoded by the document's own table.

use std::sync::Arc;

use longhaul::proto::base64::encode;
use longhaul::proto::checksum::Crc32;
use longhaul::proto::request::Mode;
use longhaul::proto::{Counters, Demux, MessageId};

use crate::case::Binary;
use crate::expect_eq;

/// One row of the table in PROTOCOL 6.5.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) name: String,
}

/// The header holds what the case says, and today's client counts the message and goes on.
pub(crate) fn check(case: &Binary, table: &[Field]) -> Result<(), String> {
    let message = from_hex(&case.hex)?;
    let header_bytes: usize = table.iter().map(|field| field.size).sum();
    expect_eq("bytes of the header", &header_bytes, &32)?;
    expect_eq("fields", &table.len(), &case.header.len())?;
    let mut end = 0;
    for Field { offset, size, name } in table {
        expect_eq(&format!("offset of {name}"), offset, &end)?;
        end = offset + size;
        let bytes = message.get(*offset..end).ok_or("message is shorter than a header")?;
        let number = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let expected = case.header.get(name).ok_or_else(|| format!("case has no {name}"))?;
        expect_eq(name, &number, expected)?;
    }
    let bytes = &message[header_bytes..];
    expect_eq("bytes", &encode(bytes), &case.bytes)?;
    expect_eq("length", &case.header["length"], &(bytes.len() as u64))?;
    if case.header["flags"] & 1 == 1 {
        expect_eq("crc32", &case.header["crc32"], &u64::from(Crc32::of(bytes).0))?;
    }
    expect_counted(&message)
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
