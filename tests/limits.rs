//! The limits that PROTOCOL 8 documents are those that the code has.

use std::collections::BTreeMap;
use std::time::Duration;

use longhaul::client::extract::{MAX_RATIO, RATIO_FREE_BYTES};
use longhaul::client::limits::{
    BESIDE_CHUNKS_BYTES, CONNECT_TIMEOUT, GOODBYE_LIMIT, HOLD_LIMIT, HTTP_TIMEOUT, INBOX_BYTES,
    MAX_ADT_BYTES, MAX_COOKIE_BYTES, MAX_COOKIE_FILE_BYTES, MAX_COOKIES, MAX_HEAD_BYTES,
    MAX_HEADERS, MAX_INBOX_BYTES, MAX_OBJECTS, MAX_PACKAGES, MAX_PAGE_BYTES, MAX_PING_INTERVAL,
    MAX_REQUEST_BYTES, MAX_REQUESTS, MAX_ROWS, MAX_WRITE_BUFFER_BYTES, MAX_XML_DEPTH,
    OUTCOME_LIMIT, PING_INTERVAL, SILENT_PINGS,
};
use longhaul::ops::git::archive::{MAX_DIRECTORY_BYTES, MAX_ENTRIES};
use longhaul::proto::buffers::{MAX_BUFFER_BYTES, MAX_BUFFERS, MAX_POOL_BYTES};
use longhaul::proto::limits::{
    CHUNK_BYTES, GRANT_REPEAT, IDLE_LIMIT, Limits, MAX_EPOCH_BYTES, MAX_KEPT_WARNING_BYTES,
    MAX_KEPT_WARNINGS, MAX_MENDED_GROWTH, MAX_MESSAGE_BYTES, MAX_PAYLOAD_BYTES, MAX_SKIPPED,
    MAX_SKIPPED_BYTES, MAX_TEXT_BYTES, MAX_VALUE_DEPTH, MAX_VALUES, WINDOW,
};
use longhaul::proto::records::{MAX_RECORD_BYTES, RecordLimits};
use longhaul::proto::websocket::{MAX_EMPTY_FRAGMENTS, MAX_FRAGMENTS};
use longhaul::proto::welcome::MAX_WELCOME_BYTES;

/// The numbers of the column `default` in every table of the section, by the names of the limits.
fn documented() -> BTreeMap<String, Vec<u64>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text.split("\n## 8 Limits\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, name, _, default, ..] = cells[..] else { return None };
        // Parentheses say the same in other units.
        let outside = default.split(['(', ')']).step_by(2).collect::<String>();
        let numbers = outside.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse().ok());
        Some((name.to_owned(), numbers.collect()))
    });
    rows.filter(|(name, _)| name != "name" && !name.starts_with("---")).collect()
}

fn ms(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap()
}

#[test]
fn the_document_has_the_numbers_of_the_code() {
    let limits = Limits::default();
    // What is set by no constant of its own is looked at elsewhere: the retries in the client's unit
    // tests, what is coalesced in those of the outbox.
    let size = |bytes: usize| bytes as u64;
    let known: &[(&str, &[u64])] = &[
        ("message", &[size(MAX_MESSAGE_BYTES)]),
        ("fragments", &[MAX_FRAGMENTS.into()]),
        ("empty fragments", &[MAX_EMPTY_FRAGMENTS.into()]),
        ("set aside", &[size(MAX_BUFFER_BYTES)]),
        ("buffers kept", &[size(MAX_BUFFERS), size(MAX_POOL_BYTES)]),
        ("payload", &[limits.max_payload_bytes]),
        ("parked bytes", &[size(limits.max_parked_bytes)]),
        ("parked chunks", &[size(limits.max_parked_chunks)]),
        ("remembered chunks", &[size(limits.remembered_chunks)]),
        ("empty chunks", &[limits.max_empty_chunks.into()]),
        ("record", &[size(RecordLimits::default().max_record_bytes)]),
        ("warnings kept", &[size(MAX_KEPT_WARNINGS), size(MAX_KEPT_WARNING_BYTES)]),
        ("unread beside chunks", &[BESIDE_CHUNKS_BYTES.into()]),
        ("idle limit", &[ms(IDLE_LIMIT)]),
        ("forgotten request", &[ms(IDLE_LIMIT)]),
        ("window", &[WINDOW]),
        ("grant repeated", &[ms(GRANT_REPEAT)]),
        ("outcome of cancel", &[ms(OUTCOME_LIMIT)]),
        ("epoch", &[size(MAX_EPOCH_BYTES)]),
        ("welcome", &[size(MAX_WELCOME_BYTES)]),
        ("text for people", &[size(MAX_TEXT_BYTES)]),
        ("skipped", &[size(MAX_SKIPPED), size(MAX_SKIPPED_BYTES)]),
        ("values", &[size(MAX_VALUES)]),
        ("mending", &[size(MAX_MENDED_GROWTH)]),
        ("depth", &[size(MAX_VALUE_DEPTH)]),
        ("depth of what is skipped", &[]),
        ("reconnecting", &[5]),
        ("reconnecting for", &[15_000]),
        ("deadline", &[]),
        ("connecting", &[ms(CONNECT_TIMEOUT)]),
        ("chunk size asked for", &[CHUNK_BYTES]),
        ("request", &[size(MAX_REQUEST_BYTES)]),
        ("requests at once", &[size(MAX_REQUESTS)]),
        ("write buffer", &[size(MAX_WRITE_BUFFER_BYTES)]),
        ("pongs waiting", &[1]),
        ("grants waiting", &[1]),
        ("inbox", &[INBOX_BYTES.into()]),
        ("inbox with credit", &[MAX_INBOX_BYTES.into()]),
        ("head", &[size(MAX_HEAD_BYTES)]),
        ("headers", &[size(MAX_HEADERS)]),
        ("page", &[size(MAX_PAGE_BYTES)]),
        ("cookies", &[size(MAX_COOKIES)]),
        ("cookie bytes", &[size(MAX_COOKIE_BYTES)]),
        ("cookie file", &[MAX_COOKIE_FILE_BYTES]),
        ("answer of ADT", &[size(MAX_ADT_BYTES)]),
        ("depth of XML", &[size(MAX_XML_DEPTH)]),
        ("rows", &[size(MAX_ROWS)]),
        ("packages", &[size(MAX_PACKAGES)]),
        ("objects", &[size(MAX_OBJECTS)]),
        ("redirects", &[0]),
        ("ping", &[ms(PING_INTERVAL)]),
        ("longest ping", &[ms(MAX_PING_INTERVAL)]),
        ("silence", &[SILENT_PINGS.into()]),
        ("hold", &[ms(HOLD_LIMIT)]),
        ("listing", &[ms(HTTP_TIMEOUT)]),
        ("goodbye", &[ms(GOODBYE_LIMIT)]),
        ("entries", &[size(MAX_ENTRIES)]),
        ("directory", &[MAX_DIRECTORY_BYTES]),
        ("inflated", &[MAX_PAYLOAD_BYTES]),
        ("ratio", &[MAX_RATIO]),
        ("ratio-free", &[RATIO_FREE_BYTES]),
    ];
    let known: BTreeMap<_, _> =
        known.iter().map(|(name, numbers)| ((*name).to_owned(), numbers.to_vec())).collect();
    assert_eq!(documented(), known);
    assert_eq!(MAX_RECORD_BYTES, RecordLimits::default().max_record_bytes);
}

#[test]
fn values_are_read_to_the_depth_that_is_documented() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let read = |depth| serde_json::from_str::<serde_json::Value>(&nested(depth)).is_ok();
    // The reader's own, which nothing of ours turns off; 128 levels are one too many.
    assert!(read(MAX_VALUE_DEPTH - 1) && !read(MAX_VALUE_DEPTH));
}
