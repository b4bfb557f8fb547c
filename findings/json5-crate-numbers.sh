#!/usr/bin/env bash
# json5 0.4.1 (crates.io) refuses a negative hexadecimal number, an integer of more than 64 bits and U+2028 in a string.
# https://spec.json5.org: a number may have a sign and any digits (sections 6 and 6.2), and section 5.2 lets strings hold
# U+2028.
# Guess: -1, 1e20 and a string. Seen: three errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
json5 = "=0.4.1"
serde_json = "1"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["-0x1", "100000000000000000000", "'a\u{2028}b'", "0x1", "1e20"] {
        println!("{}", json5::from_str::<serde_json::Value>(text).is_ok());
    }
}
END
seen=$(cargo run -q 2>/dev/null | tr '\n' ' ')
printf '%s\n' "$seen"
[ "$seen" = "false false false true true " ]
