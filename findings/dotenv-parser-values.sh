#!/usr/bin/env bash
# dotenv-parser 0.1.3 (crates.io) refuses a file with an empty value, an escaped quotation mark or a blank in a value, cuts
# a value at a # without a blank before it, and reads the name exportA as A. sh reads NAME= as an empty string and # inside
# a word as text (POSIX.1-2017, Shell Command Language, 2.3 and 2.9.1).
# Guess: "", a quotation mark, "a#b", exportA. Seen: two errors, "a", A.
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
dotenv-parser = "=0.1.3"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["A=b", "A=", "A=\"b\\\"c\"", "A=a#b", "exportA=b"] {
        match dotenv_parser::parse_dotenv(text) {
            Ok(variables) => println!("{text} {variables:?}"),
            Err(_) => println!("{text} error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
A=b {"A": "b"}
A= error
A="b\"c" error
A=a#b {"A": "a"}
exportA=b {"A": "b"}
END
