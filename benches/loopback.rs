//! The client against the reference server, over a socket: requests there and back, and payloads by
//! chunk size. Throughput is in requests, and in bytes of payload.
//!
//! `cargo bench --bench loopback`. Both share this process and the machine's processors: the figures
//! are for comparing a change with what was before. `cargo bench --bench small` and `--bench compare`
//! part client and server.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;
use longhaul::ops::system::Ping;
use longhaul::server::Server;
use longhaul::{Client, TransferOptions};
use tokio::runtime::{Builder, Runtime};

const PAYLOAD_BYTES: u64 = 32 << 20;
const CHUNK_BYTES: [u64; 4] = [4 << 10, 64 << 10, 768 << 10, 5 << 20];

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A server on a thread of its own, for as long as this process lasts.
fn serve() -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let server = Server::builder().bind("127.0.0.1:0").await.expect("a port");
            sender.send(server.url()).expect("somebody waits");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("a server")
}

fn round_trip(c: &mut Criterion) {
    let (runtime, url) = (runtime(), serve());
    let client = runtime.block_on(Client::builder(url).connect()).expect("a connection");
    let mut group = c.benchmark_group("requests");
    for in_flight in [1_u64, 64] {
        group.throughput(Throughput::Elements(in_flight));
        group.bench_function(BenchmarkId::new("in_flight", in_flight), |b| {
            b.iter(|| {
                let requests = (0..in_flight).map(|_| client.run(Ping));
                for answer in runtime.block_on(join_all(requests)) {
                    answer.expect("an answer");
                }
            });
        });
    }
    group.finish();
}

fn goodput(c: &mut Criterion) {
    let (runtime, url) = (runtime(), serve());
    let client = runtime.block_on(Client::builder(url).connect()).expect("a connection");
    let mut group = c.benchmark_group("goodput");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Bytes(PAYLOAD_BYTES));
    for bytes in CHUNK_BYTES {
        for (name, options) in [
            ("with_digest", TransferOptions::default()),
            ("without_digest", TransferOptions::default().without_digest()),
        ] {
            let options = options.chunk_bytes(bytes);
            group.bench_function(BenchmarkId::new(name, bytes), |b| {
                b.iter(|| {
                    runtime.block_on(async {
                        let request = client.request("test", "payload");
                        let request = request.param("size", PAYLOAD_BYTES).stream();
                        let transfer = request.options(options.clone()).start().await;
                        let receipt = transfer.expect("a transfer").finish().await;
                        assert_eq!(receipt.expect("a verdict").bytes, PAYLOAD_BYTES);
                    });
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, round_trip, goodput);
criterion_main!(benches);
