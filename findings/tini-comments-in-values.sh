#!/usr/bin/env bash
# tini 1.3.0 (crates.io) cuts a value of an INI file at a # or ; inside a word, such as the fragment of a URL or a password,
# quoted or not, and writes the shorter value back. Python's configparser, systemd and AWS's SDKs read a comment there only
# at the beginning of a line or after a blank.
# Guess: x#y;z. Seen: x.
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
tini = "=1.3.0"
END
cat >src/main.rs <<'END'
use tini::Ini;

fn main() {
    for text in ["[a]\nb = x y\n", "[a]\nb = x#y;z\n", "[a]\nb = \"x#y\"\n"] {
        let ini = Ini::from_string(text).unwrap();
        println!("{:?} {:?}", ini.get::<String>("a", "b"), ini.to_string());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Some("x y") "[a]\nb = x y\n"
Some("x") "[a]\nb = x\n"
Some("\"x") "[a]\nb = \"x\n"
END
