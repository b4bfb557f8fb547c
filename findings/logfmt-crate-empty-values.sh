#!/usr/bin/env bash
# logfmt 0.0.2 (crates.io) drops a key whose value is empty, written as a= or a="", when another pair follows, and reads the
# \n that go-logfmt writes for a line feed as a backslash and an n.
# https://pkg.go.dev/github.com/go-logfmt/logfmt
# Guess: a and b twice, a line feed. Seen: b twice, a backslash and an n.
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
logfmt = "=0.0.2"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["a=1 b=2", "a= b=2", "a=\"\" b=2", "a=\"x\\ny\""] {
        println!("{text} {:?}", logfmt::parse(text));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a=1 b=2 [Pair { key: "a", val: Some("1") }, Pair { key: "b", val: Some("2") }]
a= b=2 [Pair { key: "b", val: Some("2") }]
a="" b=2 [Pair { key: "b", val: Some("2") }]
a="x\ny" [Pair { key: "a", val: Some("x\\ny") }]
END
