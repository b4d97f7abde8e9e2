# What CI runs, and its parts for while you work.

# All of it, as CI does.
check:
    bash .ci/run

test:
    cargo test

lint:
    cargo fmt --all --check
    cargo clippy --all-targets --all-features -- -D warnings

docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --all-features --open

export:
    cargo run --release --example export

bench:
    cargo bench

# longhaul against what else could move the same bytes: benches/compare/README.md.
compare:
    cargo bench --bench compare

# Instructions of the hot path against their bounds; says so where valgrind is absent.
instructions:
    cargo bench --bench hot_path -- --check

# Each target of fuzz/ for 30 s (or so many), two at a time; says so where cargo-fuzz or nightly is absent.
fuzz-smoke seconds="30":
    bash fuzz/smoke --seconds {{seconds}}
