//! Which chunk size and window do well over which line.
//!
//! `cargo bench --bench links` measures every chunk size and window over lines from 10 Mbit/s to
//! loopback and from 0.1 to 150 ms, prints a table for each line and one over all, and says which
//! choice loses least; some ten minutes. Words after `--` change that:
//!
//! | word | what it does |
//! |---|---|
//! | `quick` | a few lines, short runs, one round: whether it runs at all, below 30 s |
//! | `rounds=5` | so many rounds rather than two |
//! | `line=150 ms` | only lines with that in their names |
//! | `out=links.svg` | where the plots go; `target/links.svg` otherwise |
//!
//! Rounds are interleaved, so that whatever else the machine does meets all rows alike. Server and
//! lines are a process of their own, this program again; processor time is that of the client.

#![allow(clippy::cast_precision_loss, reason = "figures for people")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of payloads")]

mod choice;
#[path = "../link/mod.rs"]
mod link;
mod measure;
mod plan;
mod plot;
mod serving;
mod table;

use longhaul::Client;

use measure::{Figures, measure};
use plan::{Case, Plan};
use serving::Serving;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if serving::is_wanted() {
        return runtime.block_on(serving::serve());
    }
    let plan = Plan::from_words(std::env::args().skip(1));
    let serving = Serving::start(&plan.lines);
    let measured = runtime.block_on(run(&plan, &serving));
    for (line, rows) in plan.lines.iter().zip(&measured) {
        table::print_line(line, &plan.cases, rows);
    }
    choice::print(&plan.lines, &plan.cases, &measured);
    plot::draw(&plan.out, &plan.lines, &plan.cases, &measured).expect("the plots are drawn");
    println!("plots: {}", plan.out.display());
}

/// Figures by case, one a round.
type Rows = Vec<Vec<Figures>>;

/// Measures every case over every line, a round at a time.
async fn run(plan: &Plan, serving: &Serving) -> Vec<Rows> {
    let mut measured = vec![vec![Vec::new(); plan.cases.len()]; plan.lines.len()];
    for round in 0..plan.rounds {
        for ((line, url), rows) in plan.lines.iter().zip(&serving.urls).zip(&mut measured) {
            eprintln!("round {} of {}: {}", round + 1, plan.rounds, line.name());
            let client = Client::builder(url).connect().await.unwrap();
            // What a size that is chosen goes by is what was seen on the same connection.
            let auto = Client::builder(url).connect().await.unwrap();
            for _ in 0..2 {
                measure(&auto, line, &Case::AUTO, plan.seconds / 2.0).await;
            }
            // Each round begins elsewhere, so that no case always comes after the same other.
            let shift = round * 7;
            for at in 0..plan.cases.len() {
                let at = (at + shift) % plan.cases.len();
                let case = &plan.cases[at];
                let client = if case.is_auto() { &auto } else { &client };
                rows[at].push(measure(client, line, case, plan.seconds).await);
            }
            client.close().await;
            auto.close().await;
        }
    }
    measured
}
