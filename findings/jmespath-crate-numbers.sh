#!/usr/bin/env bash
# jmespath 0.5.0 (crates.io) fails at avg(`[]`) with a parse error, where JMESPath's specification has null, and returns
# abs(`-1`) and sum(`[1]`) as 1.0, so that the JSON text differs from that of the Python and Go implementations.
# https://jmespath.org/specification.html#avg
# Guess: null, 1, 1. Seen: an error, 1.0, 1.0.
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
jmespath = "=0.5.0"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["avg(`[1, 2]`)", "avg(`[]`)", "abs(`-1`)", "sum(`[1]`)"] {
        let found = jmespath::compile(text).unwrap().search(());
        println!("{text} {:?}", found.map(|value| value.to_string()).map_err(|error| error.to_string()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
avg(`[1, 2]`) Ok("1.5")
avg(`[]`) Err("Parse error: Expected to be a valid f64 (line 0, column 0)\n\n^\n")
abs(`-1`) Ok("1.0")
sum(`[1]`) Ok("1.0")
END
