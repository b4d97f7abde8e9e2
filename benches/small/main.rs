//! Small and many: what a request costs beside a bare echo, and what a payload costs by its length
//! and by how many come at once.
//!
//! `cargo bench --bench small` prints all tables, `cargo bench --bench small -- requests` one of them:
//! `requests`, `transfers`, `first-chunk`, `sizes`. `--large` adds a payload of 8 GiB, `--rounds N`
//! sets how often each row is measured, `--json` prints one object in place of tables.
//!
//! Server and client are processes of their own, this program again. Rows take turns within a round,
//! so that whatever else the machine does meets all alike; a ratio is to another row of the same
//! round. Processor time is the client's alone, from behind its connecting to its last answer.

#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod echo;
mod job;
mod peer;
mod process;
mod requests;
mod table;
mod transfers;

use job::{Job, Many, Way};
use process::Serving;
use table::{Column, Table, Unit};

const MIB: u64 = 1 << 20;
/// How many requests are under way at once.
const IN_FLIGHT: [usize; 3] = [1, 64, 1024];
/// For how long requests are counted.
const MEASURED_MS: u64 = 1_000;

fn main() {
    if process::is_child() {
        return process::run_child();
    }
    let args = Args::read();
    let mut tables = Vec::new();
    let peer = Serving::start(process::Role::Peer);
    if args.wants("requests") {
        tables.extend(IN_FLIGHT.map(|in_flight| requests(&peer.url, in_flight, &args)));
    }
    let reference = Serving::start(process::Role::Reference);
    if args.wants("transfers") {
        tables.push(transfers(&peer.url, &reference.url, &args));
    }
    if args.wants("first-chunk") {
        tables.push(first_chunk(&peer.url, &reference.url, &args));
    }
    if args.wants("sizes") {
        tables.push(sizes(&peer.url, &args));
    }
    if args.json {
        let tables: Vec<_> = tables.iter().map(Table::to_json).collect();
        println!("{}", serde_json::json!({ "rounds": args.rounds, "tables": tables }));
    }
}

/// What the command line asks for.
struct Args {
    wanted: Vec<String>,
    rounds: usize,
    is_large: bool,
    json: bool,
}

impl Args {
    fn read() -> Self {
        let mut args = Self { wanted: Vec::new(), rounds: 5, is_large: false, json: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--large" => args.is_large = true,
                "--json" => args.json = true,
                "--rounds" => {
                    let rounds = words.next().and_then(|rounds| rounds.parse().ok());
                    args.rounds = rounds.filter(|rounds| *rounds > 0).expect("--rounds N");
                }
                // Cargo's own.
                "--bench" => {}
                word => args.wanted.push(word.to_owned()),
            }
        }
        args
    }

    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == name)
    }

    /// Measures each row once a round and prints the table, unless all of it goes out as JSON.
    fn measure(&self, mut table: Table, rows: &[(&str, &str, Job)]) -> Table {
        for _ in 0..self.rounds {
            for (row, (_, url, job)) in rows.iter().enumerate() {
                table.note(row, process::measure(url, job));
            }
        }
        if !self.json {
            table.print();
        }
        table
    }
}

/// Requests a second beside a bare echo of messages of the same length, by the same server.
fn requests(url: &str, in_flight: usize, args: &Args) -> Table {
    let many = |threads| Many { in_flight, threads, ms: MEASURED_MS };
    let rows = [
        ("echo, a write for each", url, Job::Echo(many(1), Way::OneByOne)),
        ("echo, writes gathered", url, Job::Echo(many(1), Way::Gathered)),
        ("longhaul", url, Job::Requests(many(1))),
        ("longhaul, 2 threads", url, Job::Requests(many(2))),
    ];
    let columns = [
        Column::new("requests/s", "units_per_second", Unit::Whole),
        Column::ratio("of the first row", "units_per_second", table::To::First),
        Column::new("CPU us/request", "cpu_per_unit", Unit::Micro),
        Column::ratio("of the first row", "cpu_per_unit", table::To::First),
    ];
    let title = format!("requests, {in_flight} in flight, {MEASURED_MS} ms a row");
    args.measure(Table::new(title, &rows.each_ref().map(|row| row.0), &columns), &rows)
}

/// A thousand at once, on one connection.
fn transfers(peer: &str, reference: &str, args: &Args) -> Table {
    let rows = [
        ("1 of 1000 MiB, prepared sender", peer, Job::transfers(1, 1, 1000 * MIB)),
        ("1,000 of 1 MiB at once, prepared sender", peer, Job::transfers(1000, 1, MIB)),
        ("1 of 1000 MiB, reference server", reference, Job::transfers(1, 1, 1000 * MIB)),
        ("1,000 of 1 MiB, reference server (16 at once)", reference, Job::transfers(1000, 1, MIB)),
    ];
    let title = "1,000 MiB on one connection, into nothing, without digest".to_owned();
    args.measure(Table::new(title, &rows.each_ref().map(|row| row.0), &payload_columns()), &rows)
}

/// From asking to the first bytes.
fn first_chunk(peer: &str, reference: &str, args: &Args) -> Table {
    let rows = [
        ("alone, prepared sender", peer, Job::FirstChunk { busy: 0, times: 200 }),
        ("beside 100 busy, prepared sender", peer, Job::FirstChunk { busy: 100, times: 50 }),
        ("alone, reference server", reference, Job::FirstChunk { busy: 0, times: 200 }),
    ];
    let columns = [
        Column::new("median, ms", "median_seconds", Unit::Milli),
        Column::new("most, ms", "most_seconds", Unit::Milli),
        Column::ratio("median, of the row before", "median_seconds", table::To::Before),
    ];
    let title = "time to the first chunk of 768 KiB".to_owned();
    args.measure(Table::new(title, &rows.each_ref().map(|row| row.0), &columns), &rows)
}

/// Payloads by their length, one after the other, and then one GiB as many at once.
fn sizes(peer: &str, args: &Args) -> Table {
    let mut rows = vec![
        ("1 MiB, 256 times", peer, Job::transfers(1, 256, MIB)),
        ("8 MiB, 64 times", peer, Job::transfers(1, 64, 8 * MIB)),
        ("64 MiB, 16 times", peer, Job::transfers(1, 16, 64 * MIB)),
        ("512 MiB, twice", peer, Job::transfers(1, 2, 512 * MIB)),
        ("1 GiB", peer, Job::transfers(1, 1, 1024 * MIB)),
    ];
    if args.is_large {
        rows.push(("8 GiB", peer, Job::transfers(1, 1, 8192 * MIB)));
    }
    rows.push(("1 GiB as 1,024 of 1 MiB at once", peer, Job::transfers(1024, 1, MIB)));
    let names: Vec<_> = rows.iter().map(|row| row.0).collect();
    let title = "payloads by length, prepared sender, into nothing, without digest".to_owned();
    args.measure(Table::new(title, &names, &payload_columns()), &rows)
}

fn payload_columns() -> [Column; 5] {
    [
        Column::new("CPU s/GiB", "cpu_per_unit", Unit::Hundredths),
        Column::ratio("of the row before", "cpu_per_unit", table::To::Before),
        Column::new("MiB/s", "units_per_second", Unit::Mebi),
        Column::new("peak memory, KiB", "peak_kib", Unit::Whole),
        Column::ratio("of the row before", "peak_kib", table::To::Before),
    ]
}
