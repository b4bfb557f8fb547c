#!/usr/bin/env bash
# iso8601 0.6.6 (crates.io) returns a duration of 0 for PT1.5H and one week for P1W2D, both without an error, though it
# reads PT1.5S. ISO 8601 allows a decimal fraction of the smallest part; a reader that knows no weeks beside days would
# refuse them.
# Guess: 5400 s, an error. Seen: 0, 604800 s.
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
iso8601 = "=0.6.6"
END
cat >src/main.rs <<'END'
use std::time::Duration;

fn main() {
    for text in ["PT1.5S", "PT1.5H", "P1W2D"] {
        println!("{text} {:?}", iso8601::duration(text).map(Duration::from));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
PT1.5S Ok(1.5s)
PT1.5H Ok(0ns)
P1W2D Ok(604800s)
END
