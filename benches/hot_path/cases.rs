//! What is counted, and how much of it there may be.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use longhaul::proto::BufferPool;
use longhaul::proto::checksum::Crc32;
use longhaul::proto::frame::write::FrameWriter;
use longhaul::proto::frame::{BinaryEnvelope, BinaryHeader, Chunk, DecodedChunk};
use longhaul::proto::websocket::{Message, MessageReader};
use longhaul::proto::{
    Alias, ChunkAssembler, Counters, Demux, Exchange, Features, IdMint, Limits, Mode,
    OperationName, Params, Request, Route, Seq, Terms,
};

use super::client;
use super::frame::frame;

/// Something that is done again and again.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) units_a_turn: f64,
    /// How often it is done, and three times as often.
    pub(crate) turns: u32,
    /// Instructions for a unit, as counted when this was written down last.
    pub(crate) bound: f64,
    pub(crate) run: fn(u32),
}

const KIB: &str = "for a KiB";
const REQUEST: &str = "for a request";

pub(crate) const CASES: &[Case] = &[
    case("text/4KiB", KIB, 4.0, 2_000, 4255.0, |turns| text(4 << 10, turns)),
    case("text/64KiB", KIB, 64.0, 200, 2717.0, |turns| text(64 << 10, turns)),
    case("text/768KiB", KIB, 768.0, 20, 2615.0, |turns| text(768 << 10, turns)),
    case("text/5MiB", KIB, 5120.0, 4, 2608.0, |turns| text(5 << 20, turns)),
    case("binary/4KiB", KIB, 4.0, 2_000, 2200.0, |turns| binary(4 << 10, turns)),
    case("binary/64KiB", KIB, 64.0, 200, 2544.0, |turns| binary(64 << 10, turns)),
    case("binary/768KiB", KIB, 768.0, 20, 2519.0, |turns| binary(768 << 10, turns)),
    case("base64/64KiB", KIB, 64.0, 200, 2275.0, |turns| base64(64 << 10, turns)),
    case("parked/64KiB", KIB, 64.0 * 64.0, 20, 1032.0, |turns| parked(64 << 10, turns)),
    case("request/core", REQUEST, 1.0, 5_000, 12226.0, request),
    case("request/client", REQUEST, 64.0, 100, 39400.0, client::requests),
    case("transfers/client", "for a transfer of 1 byte", 64.0, 50, 60800.0, client::transfers),
];

const fn case(
    name: &'static str,
    unit: &'static str,
    units_a_turn: f64,
    turns: u32,
    bound: f64,
    run: fn(u32),
) -> Case {
    Case { name, unit, units_a_turn, turns, bound, run }
}

/// How much comes at a time, as the client reads.
const READ_BYTES: usize = 64 << 10;

/// The number of the first chunk, so that all numbers are as long.
const FIRST: u64 = 1_000_000;

/// The way of bytes as the client has it, from what was read to what is handed on. `number` writes
/// the chunk's number into its message, and `chunk_of` makes a decoded chunk of that.
fn receive(
    turns: u32,
    mut message: Vec<u8>,
    number: impl Fn(&mut [u8], u64),
    chunk_of: impl Fn(Message) -> DecodedChunk,
) {
    let (mut reader, mut input) = (MessageReader::new(64 << 20), BytesMut::new());
    let mut limits = Limits::default();
    limits.max_payload_bytes = u64::MAX;
    let first = Seq::new(FIRST).expect("not 0");
    let mut assembler = ChunkAssembler::continued(limits, first, 0);
    let mut out = Vec::<Bytes>::new();
    for turn in 0..turns {
        number(&mut message, FIRST + u64::from(turn));
        for piece in black_box(&message).chunks(READ_BYTES) {
            input.extend_from_slice(piece);
            while let Some(message) = reader.read(&mut input).expect("a message") {
                out.clear();
                assembler.push_decoded(chunk_of(message), &mut out).expect("right");
                assert_eq!(out.len(), 1);
            }
        }
    }
    assert_eq!(assembler.next().get(), FIRST + u64::from(turns));
}

fn text(bytes: usize, turns: u32) {
    let text = FrameWriter::new("git_1").chunk(FIRST, &vec![0xa5; bytes], None);
    let message = frame(0x81, text.as_bytes());
    let digits = FIRST.to_string();
    let at = message.windows(digits.len()).position(|place| place == digits.as_bytes());
    let at = at.expect("its number");
    let number = |message: &mut [u8], seq: u64| {
        message[at..at + digits.len()].copy_from_slice(seq.to_string().as_bytes());
    };
    receive(turns, message, number, |message| match message {
        Message::Chunk(message) => message.chunk,
        other => panic!("{other:?}"),
    });
}

fn binary(bytes: usize, turns: u32) {
    let slice = vec![0xa5; bytes];
    let header = BinaryHeader {
        alias: Alias::new(7).expect("not 0"),
        seq: FIRST,
        offset: 0,
        crc32: Some(Crc32::of(&slice)),
        length: u32::try_from(bytes).expect("a chunk"),
    };
    let message = frame(0x82, &[&header.to_bytes()[..], &slice].concat());
    let at = message.len() - bytes - BinaryHeader::BYTES;
    let number = |message: &mut [u8], seq| {
        let header = BinaryHeader { seq, ..header }.to_bytes();
        message[at..at + BinaryHeader::BYTES].copy_from_slice(&header);
    };
    receive(turns, message, number, |message| {
        let Message::Binary(bytes) = message else { panic!("{message:?}") };
        let header = BinaryEnvelope::read(&bytes).expect("ours").chunk().expect("right").header;
        let chunk = DecodedChunk::new(header.seq, bytes.slice(BinaryHeader::BYTES..));
        chunk.declaring(None, header.crc32)
    });
}

fn base64(bytes: usize, turns: u32) {
    let data = longhaul::proto::base64::encode(&vec![0xa5; bytes]);
    let chunk = Chunk { seq: 1, data: data.into(), offset: None, crc32: None };
    let mut pool = BufferPool::default();
    for _ in 0..turns {
        black_box(black_box(&chunk).decode(&mut pool).expect("base64"));
    }
}

/// 64 chunks, the last one first.
fn parked(bytes: usize, turns: u32) {
    let slice = Bytes::from(vec![0xa5; bytes]);
    let chunks: Vec<_> = (1..=64).rev().map(|seq| DecodedChunk::new(seq, slice.clone())).collect();
    let mut out = Vec::<Bytes>::new();
    for _ in 0..turns {
        let mut assembler = ChunkAssembler::new(Limits::default());
        for chunk in &chunks {
            assembler.push_decoded(chunk.clone(), &mut out).expect("right");
        }
        assert_eq!(out.drain(..).count(), 64);
    }
}

/// A request and its answer without runtime and socket.
fn request(turns: u32) {
    let counters = Arc::new(Counters::default());
    let (mut ids, mut demux) = (IdMint::new(), Demux::new(Arc::clone(&counters)));
    let server = Some(Features::BUILT);
    for _ in 0..turns {
        let name = OperationName::new("system", "ping");
        let request = Request::new(name, Params::new());
        let id = ids.mint("system");
        black_box(request.write(&id, server).expect("writable"));
        let answer = format!(r#"{{"id":"{id}","success":true,"data":{{"pong":true}}}}"#);
        let mut exchange =
            Exchange::new(Terms::new(Mode::Single, request.agreed(server)), Arc::clone(&counters));
        demux.register(id, Mode::Single, ());
        assert!(matches!(demux.route(black_box(&answer)), Route::Last((), _)));
        let now = Instant::now();
        exchange.handle_sent(now);
        exchange.handle_text(&answer, now, &mut Vec::<Bytes>::new()).expect("an answer");
        black_box(exchange.finish(None).expect("a reply"));
    }
}
