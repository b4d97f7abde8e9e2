//! Finding messages in the bytes of a WebSocket, where they are no chunks of text. Throughput is in
//! bytes of messages.
//!
//! `cargo bench --bench websocket`

#[path = "frame/mod.rs"]
mod frame;

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use frame::frame;
use longhaul::proto::websocket::MessageReader;

const MESSAGE_BYTES: [usize; 5] = [100, 4 << 10, 64 << 10, 768 << 10, 5 << 20];
/// How much comes at a time, as the client reads.
const READ_BYTES: usize = 64 << 10;
/// Small messages come many at a time.
const LEAST_BYTES: usize = 64 << 10;

const TEXT: u8 = 1;
const BINARY: u8 = 2;

fn messages(c: &mut Criterion) {
    let mut group = c.benchmark_group("messages");
    for bytes in MESSAGE_BYTES {
        let count = (LEAST_BYTES / bytes).max(1);
        let text = vec![b'a'; bytes];
        let quarters: Vec<_> = text.chunks(bytes.div_ceil(4)).collect();
        let fragments: Vec<_> = quarters
            .iter()
            .enumerate()
            .flat_map(|(at, piece)| {
                let opcode = if at == 0 { TEXT } else { 0 };
                frame(opcode | if at + 1 == quarters.len() { 0x80 } else { 0 }, piece)
            })
            .collect();
        for (name, message) in [
            ("text", frame(0x80 | TEXT, &text)),
            ("binary", frame(0x80 | BINARY, &text)),
            ("text_in_4_frames", fragments),
        ] {
            let stream = message.repeat(count);
            let (mut reader, mut input) = (MessageReader::new(64 << 20), BytesMut::new());
            group.throughput(Throughput::Bytes((bytes * count) as u64));
            group.bench_function(BenchmarkId::new(name, bytes), |b| {
                b.iter(|| {
                    let mut read = 0;
                    for piece in black_box(&stream).chunks(READ_BYTES) {
                        input.extend_from_slice(piece);
                        while reader.read(&mut input).expect("a message").is_some() {
                            read += 1;
                        }
                    }
                    assert_eq!(read, count);
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, messages);
criterion_main!(benches);
