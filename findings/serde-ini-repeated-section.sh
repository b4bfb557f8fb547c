#!/usr/bin/env bash
# serde_ini 0.2.0 (crates.io) reads a section whose header comes twice as its second part only, without an error. git and
# AWS's SDKs merge both parts, Python's configparser raises DuplicateSectionError.
# Guess: b and d, or an error. Seen: d.
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
serde_ini = "=0.2.0"
END
cat >src/main.rs <<'END'
use std::collections::HashMap;

fn main() {
    let text = "[a]\nb=c\n[a]\nd=e\n";
    println!("{:?}", serde_ini::from_str::<HashMap<String, HashMap<String, String>>>(text).unwrap());
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"a": {"d": "e"}}
END
