//! Base64 of one chunk. Throughput is in decoded bytes.
//!
//! `cargo bench --bench base64`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use longhaul::proto::BufferPool;
use longhaul::proto::base64::encode;
use longhaul::proto::frame::Chunk;

const CHUNK_BYTES: [usize; 4] = [4 << 10, 64 << 10, 768 << 10, 5 << 20];

fn chunk(data: String) -> Chunk<'static> {
    Chunk { seq: 1, data: data.into(), offset: None, crc32: None }
}

fn base64(c: &mut Criterion) {
    let mut pool = BufferPool::default();
    let mut group = c.benchmark_group("base64");
    for bytes in CHUNK_BYTES {
        let slice = vec![0xa5; bytes];
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("encode", bytes), |b| {
            b.iter(|| encode(black_box(&slice)));
        });
        // With the CRC-32 that is computed on the way, into memory that is used again.
        let dense = chunk(encode(&slice));
        group.bench_function(BenchmarkId::new("decode", bytes), |b| {
            b.iter(|| black_box(&dense).decode(&mut pool).expect("base64"));
        });
        let lines: Vec<_> = dense.data.as_bytes().chunks(76).map(<[u8]>::to_vec).collect();
        let broken = chunk(String::from_utf8(lines.join(&b"\r\n"[..])).expect("ascii"));
        group.bench_function(BenchmarkId::new("decode_with_line_breaks", bytes), |b| {
            b.iter(|| black_box(&broken).decode(&mut pool).expect("base64"));
        });
    }
    group.finish();
}

criterion_group!(benches, base64);
criterion_main!(benches);
