//! Which one chunk size and window loses least over all lines.
//!
//! The rule: for each case the ratio to the best on a line is looked at where it is least. Of the
//! cases that lose at most a twentieth more than the best of them does there, the one whose window
//! holds least is chosen, and of those the one with the smaller chunks.

use crate::Rows;
use crate::plan::{Case, Line};
use crate::table::{ratios, table};

/// How much worse than the best a case may be, as a ratio.
const TOLERANCE: f64 = 0.05;

/// Prints how each case does over all lines, and which is chosen.
pub(crate) fn print(lines: &[Line], cases: &[Case], measured: &[Rows]) {
    let ratios: Vec<_> = measured.iter().map(ratios).collect();
    println!("\nover all lines\n");
    let header = ["chunk x window", "window holds", "mean ratio", "least ratio", "where"];
    let mut table = table(&header);
    let mut least_of = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let of_lines = || ratios.iter().map(|ratios| ratios[at]);
        let mean = of_lines().sum::<f64>() / lines.len() as f64;
        let least = of_lines().zip(lines).min_by(|a, b| a.0.total_cmp(&b.0));
        let (least, line) = least.expect("there is a line");
        least_of.push(least);
        let holds = case
            .memory_kib()
            .map_or("chosen".into(), |kib| format!("{:.2} MiB", kib as f64 / 1024.0));
        let row = [case.name(), holds, format!("{mean:.2}"), format!("{least:.2}"), line.name()];
        table.add_row(row);
    }
    println!("{table}\n");
    let fixed = || cases.iter().zip(&least_of).filter(|(case, _)| !case.is_auto());
    let best = fixed().map(|(_, least)| *least).fold(0.0, f64::max);
    let good = fixed().filter(|(_, least)| **least >= best - TOLERANCE);
    let chosen = good.min_by_key(|(case, _)| (case.memory_kib(), case.kib()));
    if let Some((case, least)) = chosen {
        println!(
            "chosen: {}, the least memory of those within {TOLERANCE} of {best:.2}, the best that any \
             keeps everywhere; it keeps {least:.2}",
            case.name()
        );
    }
}
