#!/usr/bin/env bash
# iso8601-duration 0.2.0 (crates.io) holds each part of a duration as a 32-bit float: PT16777217S is a second short, and
# PT1000000.001S loses its milliseconds. A comma as the decimal sign, which ISO 8601 allows, is an error.
# Guess: 16777217 s, 1000000.001 s, 1.5 s. Seen: 16777216 s, 1000000 s, an error.
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
iso8601-duration = "=0.2.0"
END
cat >src/main.rs <<'END'
use iso8601_duration::Duration;

fn main() {
    for text in ["PT16777217S", "PT1000000.001S", "PT1,5S"] {
        println!("{text} {:?}", Duration::parse(text).ok().and_then(|duration| duration.to_std()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
PT16777217S Some(16777216s)
PT1000000.001S Some(1000000s)
PT1,5S None
END
