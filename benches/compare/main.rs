//! Measures longhaul against what else could move the same bytes on loopback.
//!
//! `cargo bench --bench compare` runs everything; `README.md` beside this file says what each row is
//! and how to install what is optional. The sender and every client are processes of their own: this
//! program again in another role, or what is installed.

mod args;
mod client;
mod launch;
mod plan;
mod programs;
mod report;
mod run;
mod sender;
mod sending;

use std::process::ExitCode;

use clap::Parser;

use args::Args;
use plan::{Row, has_binary, rows};
use programs::Programs;
use report::Results;
use run::{Lane, Runner, size_title};
use sending::Sending;

fn main() -> anyhow::Result<ExitCode> {
    // Roles are told without a parser: it would count among what a client takes.
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let played = match words.as_slice() {
        ["sender", folder] => sender::run(folder.as_ref()),
        ["client", task] => client::run(task),
        ["launch", limit, program, args @ ..] => launch::run(limit, program, args),
        _ => return bench(&Args::parse()),
    };
    // In one line, which whoever started the role repeats.
    if let Err(error) = &played {
        eprintln!("error: {error:#}");
    }
    Ok(if played.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bench(args: &Args) -> anyhow::Result<ExitCode> {
    let rows = wanted(args)?;
    let programs = Programs::look();
    let mut left_out = Vec::new();
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| {
            let why = reason(row, args, &programs);
            left_out.extend(why.clone().map(|why| (row.name.to_owned(), why)));
            why.is_none()
        })
        .collect();
    if args.list {
        for row in &rows {
            println!("{:25} {}", row.name, row.about);
        }
    }
    for (name, why) in &left_out {
        eprintln!("left out: {name}: {why}");
    }
    if args.list {
        return Ok(ExitCode::SUCCESS);
    }

    let extent = args.extent();
    let mut lanes: Vec<Lane> = rows
        .iter()
        .flat_map(|row| {
            let one = [extent.main_chunk()];
            let chunks = if row.every_chunk { extent.chunks.clone() } else { one.to_vec() };
            let lane = |chunk| Lane { row: row.clone(), chunk, samples: vec![], failure: None };
            chunks.into_iter().map(lane).collect::<Vec<_>>()
        })
        .collect();
    let load = report::load();
    let folder = tempfile::tempdir()?;
    let sending = Sending::start(folder.path(), extent.pace)?;
    let runner = Runner {
        sending: &sending,
        programs: &programs,
        extent: &extent,
        folder: folder.path().to_owned(),
        limit: args.limit,
    };
    runner.verify(&mut lanes);
    runner.measure(&mut lanes)?;

    let results = Results::new(&extent, &lanes, left_out, load);
    results.write(&args.out())?;
    if args.json {
        println!("{}", results.json()?);
    } else {
        println!("{}", results.tables());
        if extent.quick {
            println!("a few MiB check the bytes; as figures of speed they mean nothing");
        }
        println!("tables, figures and plots are in {}", args.out().display());
    }
    let mut is_good = true;
    for name in results.failures() {
        eprintln!("failed: {name}");
        is_good = false;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The rows that are asked for.
fn wanted(args: &Args) -> anyhow::Result<Vec<Row>> {
    let mut rows = rows();
    for name in &args.only {
        anyhow::ensure!(rows.iter().any(|row| row.name == name), "no client is called {name}");
    }
    rows.retain(|row| args.only.is_empty() || args.only.iter().any(|name| name == row.name));
    Ok(rows)
}

/// Why a row cannot run here.
fn reason(row: &Row, args: &Args, programs: &Programs) -> Option<String> {
    let chunk = args.extent().main_chunk();
    if row.needs_binary() && !has_binary() {
        return Some("longhaul has no binary chunks in this build".to_owned());
    }
    if row.joins_base64() && !chunk.is_multiple_of(3) {
        return Some(format!(
            "it joins base64 before it decodes, which goes wrong with chunks of {}",
            size_title(chunk)
        ));
    }
    programs.missing(row.program).map(str::to_owned)
}
