#!/usr/bin/env bash
# dotenvs 0.2.2 (crates.io), without an error: a value in double quotation marks ends at an escaped one, a#b is cut at the
# #, 'it'\''s' is "it", and lines with a name such as A.b are skipped. dotenvy 0.15.7 reads all four as sh does, or as npm's
# dotenv for A.b.
# Guess: a"b, a#b, it's, A.b. Seen: a, a, it, nothing.
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
dotenvs = "=0.2.2"
dotenvy = "=0.15.7"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["A=\"a\\\"b\"", "A=a#b", "A='it'\\''s'", "A.b=c"] {
        let first: Vec<_> = dotenv::from_read(text.as_bytes()).unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let second: Vec<_> = dotenvy::from_read_iter(text.as_bytes()).map(|pair| pair.unwrap()).collect();
        println!("{text} {first:?} {second:?}");
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
A="a\"b" ["A=a"] [("A", "a\"b")]
A=a#b ["A=a"] [("A", "a#b")]
A='it'\''s' ["A=it"] [("A", "it's")]
A.b=c [] [("A.b", "c")]
END
