//! Compares the crate's public interface with `.ci/public-api.txt`.
//!
//! A line is one item as a user of the crate sees it. A change that was meant is written down with
//! `cargo run --manifest-path .ci/api/Cargo.toml -- --write` and shows in the diff of the commit; one
//! that was not fails CI. Rustdoc's own description of a crate is not stable: it is taken from the
//! stable compiler all the same, and where that writes another version of it than is read here,
//! nothing is compared and this says so.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use similar::{ChangeTag, TextDiff};

/// What rustdoc of Rust 1.95 writes.
const FORMAT_VERSION: u32 = 57;
/// The features whose items are public; what `cli` adds is hidden.
const FEATURES: &str = "client,server,check";

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let snapshot = root.join(".ci/public-api.txt");
    let described = describe(&root)?;
    let found = version(&described)?;
    if found != FORMAT_VERSION {
        println!("skipped: rustdoc writes version {found} of its format, {FORMAT_VERSION} is read");
        return Ok(());
    }
    let items = public_items(&described)?;
    if env::args().any(|argument| argument == "--write") {
        return Ok(fs::write(&snapshot, items)?);
    }
    let before = fs::read_to_string(&snapshot).context("there is no .ci/public-api.txt")?;
    let changes = changes(&before, &items);
    if !changes.is_empty() {
        print!("{changes}");
        bail!("the public interface has changed; if it was meant to, run this with --write");
    }
    println!("{} public items, as they were", items.lines().count());
    Ok(())
}

/// Has rustdoc describe the library, and says where.
fn describe(root: &Path) -> Result<PathBuf> {
    let target = root.join("target/api");
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["rustdoc", "--quiet", "--lib", "--features", FEATURES, "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .status()?;
    ensure!(status.success(), "rustdoc failed");
    Ok(target.join("doc/longhaul.json"))
}

fn version(described: &Path) -> Result<u32> {
    #[derive(Deserialize)]
    struct Head {
        format_version: u32,
    }
    let text = fs::read_to_string(described)?;
    Ok(serde_json::from_str::<Head>(&text)?.format_version)
}

/// One item a line, without what every type has.
fn public_items(described: &Path) -> Result<String> {
    let api = public_api::Builder::from_rustdoc_json(described)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(api.to_string())
}

/// The lines that went and came.
fn changes(before: &str, now: &str) -> String {
    TextDiff::from_lines(before, now)
        .iter_all_changes()
        .filter_map(|change| match change.tag() {
            ChangeTag::Delete => Some(format!("-{change}")),
            ChangeTag::Insert => Some(format!("+{change}")),
            ChangeTag::Equal => None,
        })
        .collect()
}
