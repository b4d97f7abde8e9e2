//! Assembling: from base64 text to checked bytes in order, with the buffer used again as a sink
//! does. Throughput is in decoded bytes.

use bytes::BytesMut;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use longhaul::proto::frame::Chunk;
use longhaul::proto::{ChunkAssembler, Limits};

const PAYLOAD_BYTES: usize = 16 << 20;
const CHUNK_BYTES: [usize; 3] = [4096, 786_432, 5 << 20];

fn chunks(size: usize) -> Vec<Chunk<'static>> {
    let slice = vec![0xa5; size];
    (1..=(PAYLOAD_BYTES / size) as u64)
        .map(|seq| Chunk {
            seq,
            data: longhaul::proto::base64::encode(&slice).into(),
            offset: None,
            crc32: None,
        })
        .collect()
}

fn assemble(chunks: &[Chunk<'_>], assembler: &mut ChunkAssembler, out: &mut BytesMut) {
    for chunk in chunks {
        out.clear();
        assembler.push(chunk, out).expect("the chunks are right");
    }
}

fn in_order(c: &mut Criterion) {
    let mut group = c.benchmark_group("assemble");
    for size in CHUNK_BYTES {
        let chunks = chunks(size);
        let mut out = BytesMut::new();
        group.throughput(Throughput::Bytes((chunks.len() * size) as u64));
        group.bench_function(BenchmarkId::new("in_order", size), |b| {
            b.iter_batched_ref(
                || ChunkAssembler::new(Limits::default()),
                |assembler| assemble(&chunks, assembler, &mut out),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn parked(c: &mut Criterion) {
    let mut group = c.benchmark_group("assemble");
    for size in [4096, 786_432] {
        let mut chunks = chunks(size);
        chunks.reverse();
        let mut out = BytesMut::new();
        group.throughput(Throughput::Bytes((chunks.len() * size) as u64));
        group.bench_function(BenchmarkId::new("reversed", size), |b| {
            b.iter_batched_ref(
                || ChunkAssembler::new(Limits::default()),
                |assembler| assemble(&chunks, assembler, &mut out),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, in_order, parked);
criterion_main!(benches);
