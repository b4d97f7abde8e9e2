//! Reading frames: what it costs to know whose a chunk is, to find its fields, and to read it the
//! long way. Throughput is in bytes of frame text.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use longhaul::proto::frame::Envelope;
use longhaul::proto::frame::write::FrameWriter;
use longhaul::proto::request::Mode;
use longhaul::proto::{Counters, Demux, MessageId, Route};

/// Decoded bytes a chunk: a small one, the default, and what many servers send.
const CHUNK_BYTES: [usize; 3] = [4096, 786_432, 5 << 20];

fn chunk_text(bytes: usize) -> String {
    FrameWriter::new("git_1").chunk(1, &vec![0xa5; bytes], None)
}

fn route(c: &mut Criterion) {
    let mut group = c.benchmark_group("route");
    for pending in [1_u32, 100, 10_000] {
        let mut demux = Demux::new(std::sync::Arc::new(Counters::default()));
        for number in 1..=pending {
            if let Some(id) = MessageId::new(&format!("git_{number}")) {
                demux.register(id, Mode::Stream, ());
            }
        }
        let text = chunk_text(786_432);
        group.bench_function(BenchmarkId::new("pending", pending), |b| {
            b.iter(|| matches!(demux.route(black_box(&text)), Route::To((), _)));
        });
    }
    group.finish();
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    for bytes in CHUNK_BYTES {
        let short_cut = chunk_text(bytes);
        // An unknown key sends the frame to the full reader.
        let full = short_cut.replacen("{\"id\"", "{\"x\":1,\"id\"", 1);
        group.throughput(Throughput::Bytes(short_cut.len() as u64));
        for (name, text) in [("short_cut", &short_cut), ("full", &full)] {
            group.bench_with_input(BenchmarkId::new(name, bytes), text, |b, text| {
                b.iter(|| {
                    let mut mended = String::new();
                    let envelope = Envelope::read(black_box(text), &mut mended);
                    black_box(envelope.map(|envelope| envelope.body(Mode::Stream).is_ok()))
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, route, read);
criterion_main!(benches);
