#!/usr/bin/env bash
# node-semver 2.2.0 (crates.io), an implementation of npm's ranges: <=1 does not match 1.5.0, and the ranges "" and "||" are
# errors. In semver 7 of npm <=1 is <2.0.0-0, and an empty range is *.
# https://github.com/npm/node-semver#advanced-range-syntax
# Guess: true three times. Seen: false and two errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export CARGO_TARGET_DIR=$folder/target
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"

[dependencies]
node-semver = "=2.2.0"
END
cat >src/main.rs <<'END'
use node_semver::{Range, Version};

fn main() {
    let version: Version = "1.5.0".parse().unwrap();
    for text in ["1.x", "<=1", "", "||"] {
        println!("{text:?} {:?}", text.parse::<Range>().ok().map(|range| range.satisfies(&version)));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"1.x" Some(true)
"<=1" Some(false)
"" None
"||" None
END
