//! Whose a message is, with few and with many requests waiting: nothing of it may depend on how many.
//!
//! `cargo bench --bench demux`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use longhaul::proto::frame::write::FrameWriter;
use longhaul::proto::request::Mode;
use longhaul::proto::{Counters, Demux, MessageId, Route};

const PENDING: [u32; 3] = [1, 100, 10_000];

fn crowd(pending: u32) -> Demux<()> {
    let mut demux = Demux::new(Arc::new(Counters::default()));
    for number in 1..=pending {
        let id = MessageId::new(&format!("git_{number}")).expect("an id");
        demux.register(id, Mode::Stream, ());
    }
    demux
}

fn demux(c: &mut Criterion) {
    let mut group = c.benchmark_group("demux");
    for pending in PENDING {
        let mut demux = crowd(pending);
        let frames = FrameWriter::new("git_1");
        let chunk = frames.chunk(1, &vec![0xa5; 768 << 10], None);
        group.bench_function(BenchmarkId::new("chunk", pending), |b| {
            b.iter(|| assert!(matches!(demux.route(black_box(&chunk)), Route::To((), _))));
        });
        let progress = r#"{"id":"git_1","type":"progress","done":1,"total":2}"#;
        group.bench_function(BenchmarkId::new("progress", pending), |b| {
            b.iter(|| assert!(matches!(demux.route(black_box(progress)), Route::To((), _))));
        });
        // From asking to the answer, beside the others.
        let id = MessageId::new("system_0").expect("an id");
        let answer = r#"{"id":"system_0","success":true,"data":{"pong":true}}"#;
        group.bench_function(BenchmarkId::new("request_and_answer", pending), |b| {
            b.iter(|| {
                demux.register(id.clone(), Mode::Single, ());
                assert!(matches!(demux.route(black_box(answer)), Route::Last((), _)));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, demux);
criterion_main!(benches);
