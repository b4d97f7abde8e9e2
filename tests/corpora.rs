//! Every input that was ever worth keeping, run as an ordinary test: what has to hold of each stands
//! in `longhaul::fuzzing`.
//!
//! The first inputs are made of the test vectors here and now, so that a new vector is one as well;
//! only what fuzzing itself has found is kept as files. To look for more: `just fuzz-smoke`, which has
//! the seeds written into the folder that `LONGHAUL_SEEDS` names.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use longhaul::fuzzing::{TARGETS, Target, Vectors};

/// How many cases the vectors have at least, so that none gets lost unseen.
const LEAST_VECTORS: usize = 700;

#[test]
fn every_input_holds() {
    let vectors = vectors();
    let mut failures = Vec::new();
    for target in TARGETS {
        let seeds = (target.seeds)(&vectors);
        assert!(seeds.len() >= 4, "{}: {} seeds", target.name, seeds.len());
        let kept = kept_inputs(target);
        for (number, input) in seeds.iter().enumerate() {
            failures.extend(run(target, input, &format!("seed {number}")));
        }
        for path in &kept {
            failures.extend(run(target, &fs::read(path).unwrap(), &path.display().to_string()));
        }
        println!("{}: {} seeds, {} files", target.name, seeds.len(), kept.len());
    }
    assert!(failures.is_empty(), "{} inputs failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn seeds_are_written_where_that_is_asked_for() {
    let Some(folder) = env::var_os("LONGHAUL_SEEDS") else { return };
    let vectors = vectors();
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in (target.seeds)(&vectors).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus_and_nothing_else_has() {
    let Some(fuzz) = fuzz_folder() else { return };
    let mut names: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    names.sort();
    let programs = names_in(&fuzz.join("targets")).unwrap();
    let stems: Vec<_> = programs.iter().map(|name| name.trim_end_matches(".rs")).collect();
    assert_eq!(stems, names);
    assert_eq!(names_in(&fuzz.join("corpus")).unwrap(), names);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let stated = manifest.lines().filter_map(|line| line.strip_prefix("name = \""));
    let mut stated: Vec<_> = stated.map(|name| name.trim_end_matches('"')).collect();
    assert_eq!(stated.remove(0), "longhaul-fuzz");
    stated.sort_unstable();
    assert_eq!(stated, names);
}

/// Runs one input and says which one it was where it fails.
fn run(target: &Target, input: &[u8], name: &str) -> Option<String> {
    let failed = catch_unwind(|| (target.run)(input)).is_err();
    failed.then(|| format!("{}: {name}", target.name))
}

fn kept_inputs(target: &Target) -> Vec<PathBuf> {
    let Some(fuzz) = fuzz_folder() else { return Vec::new() };
    let folder = fuzz.join("corpus").join(target.name);
    let names = names_in(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    names.iter().map(|name| folder.join(name)).collect()
}

fn vectors() -> Vectors {
    let vectors = Vectors::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    let vectors = vectors.unwrap();
    assert!(vectors.len() >= LEAST_VECTORS, "{} vectors", vectors.len());
    vectors
}

/// `None` in the package, which has the tests but not that.
fn fuzz_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if folder.join("Cargo.toml").is_file() {
        return Some(folder);
    }
    println!("no fuzz/ here, only the vectors");
    None
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
