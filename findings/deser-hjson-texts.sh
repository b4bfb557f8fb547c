#!/usr/bin/env bash
# deser-hjson 2.2.6 (crates.io) refuses a text without quotation marks that starts like a number or a literal. Hjson's
# syntax has such texts up to the end of the line: https://hjson.github.io/syntax.html. serde-hjson 1.1.0 reads them.
# Guess: "5 times", "0x10", "truely". Seen: an error for each.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
deser-hjson = "=2.2.6"
serde-hjson = "=1.1.0"
serde_json = "1"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["{\na: 5 times\nb: c\n}", "{\na: 0x10\n}", "{\na: truely\n}"] {
        let first = deser_hjson::from_str::<serde_json::Value>(text);
        let second: serde_hjson::Map<String, serde_hjson::Value> = serde_hjson::from_str(text).unwrap();
        println!("{} {}", first.is_err(), second["a"].as_str().unwrap());
    }
}
END
seen=$(cargo run -q 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
true 5 times
true 0x10
true truely
END
