#!/usr/bin/env bash
# go-parse-duration 0.1.1 (crates.io), a port of Go's time.ParseDuration, has half of its range: 1<<63 - 1 means 2^63 - 1 in
# Go, but 2^62 in Rust, where the minus sign binds tighter. A duration used for "never", such as 2000000h, is an error.
# https://pkg.go.dev/time#ParseDuration
# Guess: 228 years in nanoseconds. Seen: an error, from 1281024h on.
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
go-parse-duration = "=0.1.1"
END
cat >src/main.rs <<'END'
use go_parse_duration::parse_duration;

fn main() {
    for text in ["1h30m", "1281023h", "1281024h", "2000000h"] {
        println!("{text} {:?}", parse_duration(text));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1h30m Ok(5400000000000)
1281023h Ok(4611682800000000000)
1281024h Err(ParseError("invalid duration 1281024h"))
2000000h Err(ParseError("invalid duration 2000000h"))
END
