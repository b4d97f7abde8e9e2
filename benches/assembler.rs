//! Assembling: from decoded chunks, as the client has them, to checked bytes in order. Throughput
//! is in bytes of payload.
//!
//! `cargo bench --bench assembler`

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use longhaul::proto::frame::{Chunk, DecodedChunk};
use longhaul::proto::{ChunkAssembler, Limits};

const PAYLOAD_BYTES: usize = 16 << 20;
const CHUNK_BYTES: [usize; 4] = [4 << 10, 64 << 10, 768 << 10, 5 << 20];

fn chunks(size: usize) -> Vec<DecodedChunk> {
    let slice = Bytes::from(vec![0xa5; size]);
    let count = (PAYLOAD_BYTES / size) as u64;
    (1..=count).map(|seq| DecodedChunk::new(seq, slice.clone())).collect()
}

fn assemble(chunks: &[DecodedChunk], assembler: &mut ChunkAssembler, out: &mut Vec<Bytes>) {
    for chunk in chunks {
        out.clear();
        assembler.push_decoded(chunk.clone(), out).expect("the chunks are right");
    }
}

fn order(c: &mut Criterion) {
    let mut group = c.benchmark_group("assemble");
    for size in CHUNK_BYTES {
        let in_order = chunks(size);
        let reversed: Vec<_> = in_order.iter().rev().cloned().collect();
        let twice: Vec<_> =
            in_order.iter().flat_map(|chunk| [chunk.clone(), chunk.clone()]).collect();
        for (name, chunks) in [("in_order", in_order), ("reversed", reversed), ("twice", twice)] {
            let mut out = Vec::new();
            group.throughput(Throughput::Bytes(PAYLOAD_BYTES as u64));
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter_batched_ref(
                    || ChunkAssembler::new(Limits::default()),
                    |assembler| assemble(&chunks, assembler, &mut out),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

/// Chunks that are text still, decoded on the way.
fn text(c: &mut Criterion) {
    let mut group = c.benchmark_group("assemble");
    for size in CHUNK_BYTES {
        let data = longhaul::proto::base64::encode(&vec![0xa5; size]);
        let count = (PAYLOAD_BYTES / size) as u64;
        let chunk = |seq| Chunk { seq, data: data.as_str().into(), offset: None, crc32: None };
        let chunks: Vec<_> = (1..=count).map(chunk).collect();
        let mut out = Vec::new();
        group.throughput(Throughput::Bytes(PAYLOAD_BYTES as u64));
        group.bench_function(BenchmarkId::new("text_in_order", size), |b| {
            b.iter_batched_ref(
                || ChunkAssembler::new(Limits::default()),
                |assembler| {
                    for chunk in &chunks {
                        out.clear();
                        assembler.push(chunk, &mut out).expect("the chunks are right");
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, order, text);
criterion_main!(benches);
