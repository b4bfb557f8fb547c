#!/usr/bin/env bash
# version-compare 0.2.1 (crates.io) calls two different versions equal if one has a number where the other has text, and
# compares alpha2 with alpha10 as text. Semantic Versioning 2.0.0, item 11: numeric identifiers are lower than others.
# Guess: Lt three times. Seen: Eq, Eq, Gt.
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
version-compare = "=0.2.1"
END
cat >src/main.rs <<'END'
use version_compare::compare;

fn main() {
    for (a, b) in [("1.0.0-alpha.1", "1.0.0-alpha.beta"), ("1.0-1", "1.0-a"), ("1.0-alpha2", "1.0-alpha10")] {
        println!("{a} {b} {:?}", compare(a, b).unwrap());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1.0.0-alpha.1 1.0.0-alpha.beta Eq
1.0-1 1.0-a Eq
1.0-alpha2 1.0-alpha10 Gt
END
