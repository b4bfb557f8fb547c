#!/usr/bin/env bash
# rust-ini 0.21.3 (crates.io) decodes escapes in a value of an INI file unless told otherwise, so C:\new has a line feed,
# and the second line of a value, if it is the last of the file, is dropped without an error. Python's configparser, which
# reads the same files, keeps both.
# https://docs.python.org/3.11/library/configparser.html
# Guess: C:\new, "x" and "y". Seen: C:, a line feed, ew; x.
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
rust-ini = "=0.21.3"
END
cat >src/main.rs <<'END'
use ini::Ini;

fn main() {
    for text in ["[a]\nb=C:\\new\n", "[a]\nb=x\n  y\n"] {
        println!("{:?}", Ini::load_from_str(text).unwrap().get_from(Some("a"), "b"));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Some("C:\new")
Some("x")
END
