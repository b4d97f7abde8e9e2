//! Reading chunks: text by the reader that decodes while it comes and by the readers of whole texts,
//! and binary. Throughput is in decoded bytes, so that all figures compare.
//!
//! `cargo bench --bench frames`

#[path = "frame/mod.rs"]
mod frame;

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use frame::frame;
use longhaul::proto::Alias;
use longhaul::proto::BufferPool;
use longhaul::proto::checksum::Crc32;
use longhaul::proto::frame::write::FrameWriter;
use longhaul::proto::frame::{BinaryEnvelope, BinaryHeader, Body, Envelope};
use longhaul::proto::request::Mode;
use longhaul::proto::websocket::{Message, MessageReader};

/// Decoded bytes a chunk: small ones, the default, and what many servers send.
const CHUNK_BYTES: [usize; 4] = [4 << 10, 64 << 10, 768 << 10, 5 << 20];
/// How much comes at a time, as the client reads.
const READ_BYTES: usize = 64 << 10;

fn chunk_text(bytes: usize) -> String {
    FrameWriter::new("git_1").chunk(1, &vec![0xa5; bytes], None)
}

/// Decoded while it comes, in pieces, and its CRC-32 computed.
fn coming(c: &mut Criterion) {
    let mut group = c.benchmark_group("text");
    for bytes in CHUNK_BYTES {
        let message = frame(0x81, chunk_text(bytes).as_bytes());
        let (mut reader, mut input) = (MessageReader::new(64 << 20), BytesMut::new());
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("coming", bytes), |b| {
            b.iter(|| {
                for piece in black_box(&message).chunks(READ_BYTES) {
                    input.extend_from_slice(piece);
                    if let Some(message) = reader.read(&mut input).expect("a message") {
                        assert!(matches!(message, Message::Chunk(_)));
                    }
                }
            });
        });
    }
    group.finish();
}

/// Read as a whole, then decoded: by the short cut, and by the full reader.
fn whole(c: &mut Criterion) {
    let mut pool = BufferPool::default();
    let mut group = c.benchmark_group("text");
    for bytes in CHUNK_BYTES {
        let short_cut = chunk_text(bytes);
        // An unknown key sends the frame to the full reader.
        let full = short_cut.replacen("{\"id\"", "{\"x\":1,\"id\"", 1);
        group.throughput(Throughput::Bytes(bytes as u64));
        for (name, text) in [("whole", &short_cut), ("whole_unusual", &full)] {
            group.bench_with_input(BenchmarkId::new(name, bytes), text, |b, text| {
                b.iter(|| {
                    let mut mended = String::new();
                    let envelope = Envelope::read(black_box(text), &mut mended);
                    let body = envelope.expect("a frame").body(Mode::Stream);
                    let Ok(Body::Chunk(chunk)) = body else { panic!("no chunk") };
                    chunk.decode(&mut pool).expect("base64").crc32()
                });
            });
        }
    }
    group.finish();
}

/// The header read, and the bytes' CRC-32 computed as the client does.
fn binary(c: &mut Criterion) {
    let mut group = c.benchmark_group("binary");
    for bytes in CHUNK_BYTES {
        let slice = vec![0xa5; bytes];
        let header = BinaryHeader {
            alias: Alias::new(7).expect("not 0"),
            seq: 1,
            offset: 0,
            crc32: Some(Crc32::of(&slice)),
            length: u32::try_from(bytes).expect("a chunk"),
        };
        let message = [&header.to_bytes()[..], &slice].concat();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("header", bytes), |b| {
            b.iter(|| {
                let envelope = BinaryEnvelope::read(black_box(&message)).expect("ours");
                envelope.chunk().expect("a chunk").header.seq
            });
        });
        group.bench_function(BenchmarkId::new("header_and_crc32", bytes), |b| {
            b.iter(|| {
                let envelope = BinaryEnvelope::read(black_box(&message)).expect("ours");
                Crc32::of(envelope.chunk().expect("a chunk").bytes)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, coming, whole, binary);
criterion_main!(benches);
