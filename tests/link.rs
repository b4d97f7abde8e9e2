//! The line that benchmarks and tests put before a server: it passes everything on, and is as slow
//! as it says.

mod support;

use std::time::{Duration, Instant};

use longhaul::Client;
use longhaul::server::Script;
use support::bulk::Bulk;
use support::proxy::link::{Link, Shape};
use support::{bare, deadline};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const MBIT: u64 = 1_000_000;

fn shape(round_trip_ms: u64, mbit: Option<u64>) -> Shape {
    let round_trip = Duration::from_millis(round_trip_ms);
    Shape { round_trip, bits_per_second: mbit.map(|mbit| mbit * MBIT) }
}

/// Both ends of a connection through a line.
async fn connected(shape: Shape) -> (TcpStream, TcpStream, Link) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = Link::start(listener.local_addr().unwrap(), shape).unwrap();
    let near = deadline(TcpStream::connect(link.address)).await.unwrap();
    let (far, _) = deadline(listener.accept()).await.unwrap();
    for stream in [&near, &far] {
        stream.set_nodelay(true).unwrap();
    }
    (near, far, link)
}

#[tokio::test]
async fn a_transfer_through_it_verifies() {
    let server = bare(Script::new()).await;
    let link = Link::start(server.addr(), shape(4, Some(400))).unwrap();
    let client = deadline(Client::builder(link.url()).connect()).await.unwrap();
    let bulk = Bulk::new(3 << 20);
    let expected = bulk.sha256();
    let done = deadline(client.run(bulk)).await.unwrap();
    assert_eq!(done.receipt.sha256, Some(expected));
}

#[tokio::test]
async fn an_end_is_passed_on_after_all_that_came_before() {
    let (mut near, mut far, _link) = connected(shape(2, Some(100))).await;
    let sent: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let sending = async {
        near.write_all(&sent).await.unwrap();
        near.shutdown().await.unwrap();
    };
    let mut got = Vec::new();
    let ((), read) = deadline(async { tokio::join!(sending, far.read_to_end(&mut got)) }).await;
    assert_eq!(read.unwrap(), sent.len());
    assert!(got == sent);
    // The other way is still open.
    deadline(far.write_all(b"late")).await.unwrap();
    let mut late = [0; 4];
    deadline(near.read_exact(&mut late)).await.unwrap();
    assert_eq!(&late, b"late");
}

#[test]
fn it_holds_what_a_line_holds() {
    // Rate x delay, one way, is 9.4 MB.
    let long = shape(150, Some(1_000)).room();
    assert!((9_375_000..13_000_000).contains(&long), "{long}");
    let slow = shape(150, Some(10)).room();
    assert!((93_750..500_000).contains(&slow), "{slow}");
    let unlimited = shape(1_000_000, None).room();
    assert!(unlimited < 300 << 20, "{unlimited}");
}

/// Prints what the line does against what it says. Not asserted: the machine may be busy.
///
/// `cargo test --release --test link -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
async fn as_slow_as_it_says() {
    println!("| Mbit/s | round trip | Mbit/s seen | round trip seen, median (least to most) |");
    println!("|---|---|---|---|");
    for mbit in [Some(10), Some(100), Some(1_000), None] {
        for round_trip in [0, 10, 50, 150] {
            let (mut near, mut far, _link) = connected(shape(round_trip, mbit)).await;
            let mut trips = Vec::new();
            let mut byte = [0];
            for _ in 0..10 {
                let begun = Instant::now();
                near.write_all(&byte).await.unwrap();
                far.read_exact(&mut byte).await.unwrap();
                far.write_all(&byte).await.unwrap();
                near.read_exact(&mut byte).await.unwrap();
                trips.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            trips.sort_by(f64::total_cmp);
            let bytes = mbit.unwrap_or(4_000) * MBIT / 8 * 3 / 2;
            let sending = async {
                let piece = vec![0; 64 << 10];
                let mut left = bytes as usize;
                while left > 0 {
                    let n = left.min(piece.len());
                    far.write_all(&piece[..n]).await.unwrap();
                    left -= n;
                }
            };
            let receiving = async {
                let mut buffer = vec![0; 64 << 10];
                // The clock starts with the first bytes, and so does what is counted.
                let mut left = bytes as usize - near.read(&mut buffer).await.unwrap();
                let (begun, counted) = (Instant::now(), left);
                while left > 0 {
                    left -= near.read(&mut buffer).await.unwrap();
                }
                counted as f64 * 8.0 / 1e6 / begun.elapsed().as_secs_f64()
            };
            let ((), seen) = deadline(async { tokio::join!(sending, receiving) }).await;
            let rate = mbit.map_or("-".to_owned(), |mbit| mbit.to_string());
            let (least, median, most) = (trips[0], trips[5], trips[9]);
            println!(
                "| {rate} | {round_trip} ms | {seen:.0} | {median:.1} ({least:.1} to {most:.1}) ms |"
            );
        }
    }
}
