//! Instructions of the hot path, which a noisy machine counts as a quiet one does.
//!
//! `cargo bench --bench hot_path` runs each case under valgrind's callgrind and prints what one KiB of
//! decoded payload, or one request, costs in instructions, beside the bound that `cases.rs` has for it.
//! With `-- --check` it ends with exit code 1 if a case is more than 15 % above its bound. Without
//! valgrind it says so and ends well. `-- NAME` counts the cases whose names begin so.
//!
//! Each case runs twice, once for so many turns and once for three times as many, and the difference
//! counts: so that starting, preparing and ending cost nothing.
//!
//! **Another path than without valgrind**: valgrind knows no AVX-512, so that what looks for it finds
//! AVX2, in base64 and CRC-32 above all. The counts tell whether something has become dearer; how long
//! it takes the other benches say.

#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod cases;
mod client;
#[path = "../frame/mod.rs"]
mod frame;
#[path = "../small/peer.rs"]
mod peer;

use std::process::{Command, ExitCode, Stdio};

use cases::{CASES, Case};

/// How far above its bound a case may be.
const TOLERANCE: f64 = 1.15;

fn main() -> ExitCode {
    if client::is_server() {
        client::serve();
        return ExitCode::SUCCESS;
    }
    // Cargo adds an argument of its own.
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [first, name, turns] = &args[..]
        && first == "--run"
    {
        let case = CASES.iter().find(|case| case.name == name).expect("a case");
        (case.run)(turns.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if !has_valgrind() {
        println!("skipped: valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    let is_check = args.iter().any(|arg| arg == "--check");
    let prefix = args.iter().find(|arg| !arg.starts_with("--")).map_or("", String::as_str);
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["case", "instructions", "bound", "of the bound"]);
    let mut is_above = false;
    for case in CASES.iter().filter(|case| case.name.starts_with(prefix)) {
        let counted = instructions(case);
        let share = counted / case.bound;
        is_above |= share > TOLERANCE;
        table.add_row([
            case.name.to_owned(),
            format!("{counted:.1} {}", case.unit),
            format!("{:.1}", case.bound),
            format!("{share:.2}{}", if share > TOLERANCE { " TOO MANY" } else { "" }),
        ]);
    }
    println!("{table}");
    if is_check && is_above { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn has_valgrind() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// What one unit of a case costs.
fn instructions(case: &Case) -> f64 {
    let (few, many) = (case.turns, 3 * case.turns);
    let difference = counted(case, many).saturating_sub(counted(case, few));
    difference as f64 / (f64::from(many - few) * case.units_a_turn)
}

/// What a process costs that does so many turns of a case.
fn counted(case: &Case, turns: u32) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--run", case.name, &turns.to_string()])
        .output()
        .expect("valgrind runs");
    let told = String::from_utf8_lossy(&output.stderr);
    let end: Vec<_> = told.lines().take(20).collect();
    assert!(output.status.success(), "{}: {}", case.name, end.join("\n"));
    let counted = told.lines().find_map(|line| line.split_once("Collected :"));
    counted.and_then(|(_, count)| count.trim().parse().ok()).expect("a count")
}
