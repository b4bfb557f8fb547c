#!/usr/bin/env bash
# prom_text_format_parser 0.1.0 (crates.io) refuses a comma after the last label, empty braces, a comment without text and a
# blank in front of a sample, and returns \" and \n of a label as they are written. The text format of Prometheus allows a
# comma after the last label and ignores leading whitespace; \n is a line feed. expfmt, its parser in Go, reads all five.
# https://prometheus.io/docs/instrumenting/exposition_formats/
# Guess: read each time, q"r. Seen: four errors, a backslash and a quotation mark.
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
prom_text_format_parser = "=0.1.0"
END
cat >src/main.rs <<'END'
use prom_text_format_parser::Scrape;

fn main() {
    for text in ["a{b=\"c\",} 1\n", "a{} 1\n", "#\na 1\n", " a 1\n", "a{b=\"q\\\"r\"} 1\n"] {
        match Scrape::parse(text) {
            Ok(scrape) => println!("{text:?} {scrape:?}"),
            Err(_) => println!("{text:?} error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"a{b=\"c\",} 1\n" error
"a{} 1\n" error
"#\na 1\n" error
" a 1\n" error
"a{b=\"q\\\"r\"} 1\n" Scrape { metrics: [Metric { kind: Untyped, help_desc: None, name: "a", samples: [Sample { labels: Labels([Label { key: "b", value: "q\\\"r" }]), value: Value { value_type: Sample, value: Float("1"), timestamp: None } }] }] }
END
