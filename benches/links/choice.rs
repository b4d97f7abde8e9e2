//! Which one chunk size and window loses least over all lines.
//!
//! The rule: each case has the mean of its ratios to the best, over all lines that have a rate. Of
//! the cases that come within a twentieth of the best mean, the one whose window holds least is
//! chosen, and of those the one with the smaller chunks: once among all, and once among those whose
//! window is no more than what a transfer into a sink may take, 4 chunks and 6 MiB. Loopback is
//! left out: what it carries is how busy the machine is.

use crate::Rows;
use crate::plan::{Case, Line};
use crate::table::{ratios, table};

/// How much worse than the best a case may be, as a ratio.
const TOLERANCE: f64 = 0.05;
/// What a transfer into a sink may take: so many chunks, and so many KiB.
const SINK: (u64, u64) = (4, 6 << 10);

/// Prints how each case does over all lines with a rate, and which is chosen.
pub(crate) fn print(lines: &[Line], cases: &[Case], measured: &[Rows]) {
    let rated = lines.iter().zip(measured).filter(|(line, _)| line.shape.is_some());
    let ratios: Vec<_> = rated.map(|(line, rows)| (line, ratios(rows))).collect();
    if ratios.is_empty() {
        return;
    }
    println!("\nover all lines with a rate\n");
    let header = ["chunk x window", "window holds", "mean ratio", "least ratio", "where"];
    let mut table = table(&header);
    let mut means = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let of_lines = || ratios.iter().map(|(line, ratios)| (line, ratios[at]));
        let mean = of_lines().map(|(_, ratio)| ratio).sum::<f64>() / ratios.len() as f64;
        let (line, least) = of_lines().min_by(|a, b| a.1.total_cmp(&b.1)).expect("there is a line");
        means.push(mean);
        let holds = case
            .memory_kib()
            .map_or("chosen".into(), |kib| format!("{:.2} MiB", kib as f64 / 1024.0));
        let row = [case.name(), holds, format!("{mean:.3}"), format!("{least:.2}"), line.name()];
        table.add_row(row);
    }
    println!("{table}\n");
    let pairs: Vec<_> = cases.iter().zip(means).filter(|(case, _)| !case.is_auto()).collect();
    tell("all", &pairs);
    let fitting: Vec<_> = pairs.into_iter().filter(|(case, _)| fits_sink(case)).collect();
    tell("those whose window fits into 4 chunks + 6 MiB", &fitting);
}

fn fits_sink(case: &Case) -> bool {
    let (chunks, kib) = SINK;
    case.kib().is_some_and(|size| case.window * size <= chunks * size + kib)
}

fn tell(which: &str, pairs: &[(&Case, f64)]) {
    let best = pairs.iter().map(|(_, mean)| *mean).fold(0.0, f64::max);
    let good = pairs.iter().filter(|(_, mean)| *mean >= best - TOLERANCE);
    if let Some((case, mean)) = good.min_by_key(|(case, _)| (case.memory_kib(), case.kib())) {
        let name = case.name();
        println!("of {which}: {name}, the least memory within {TOLERANCE} of {best:.3}: {mean:.3}");
    }
}
