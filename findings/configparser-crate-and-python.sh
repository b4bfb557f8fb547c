#!/usr/bin/env bash
# configparser 3.3.0 (crates.io), made after Python's configparser, lower-cases the names of sections, cuts a value at a #
# inside a word, and makes the second line of a value a key of its own. Python keeps all three.
# https://docs.python.org/3.11/library/configparser.html
# Guess: section Web, x#y, two lines. Seen: section web, x, and a key y without a value.
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
configparser = "=3.3.0"
END
cat >src/main.rs <<'END'
use configparser::ini::Ini;

fn main() {
    for text in ["[Web]\na=b\n", "[a]\nb=x#y\n", "[a]\nb=x\n  y\n"] {
        let mut ini = Ini::new();
        ini.read(text.to_string()).unwrap();
        for (name, section) in ini.get_map_ref() {
            let mut keys: Vec<_> = section.iter().collect();
            keys.sort();
            println!("{name} {keys:?}");
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
web [("a", Some("b"))]
a [("b", Some("x"))]
a [("b", Some("x")), ("y", None)]
END
