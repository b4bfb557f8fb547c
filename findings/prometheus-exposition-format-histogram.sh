#!/usr/bin/env bash
# prometheus-exposition-format-rs 0.1.2 (crates.io): the samples of a histogram become untyped metrics of their own, and the
# histogram has none. A blank after the comma between labels, and a blank in front of a sample, are errors. In the text
# format _bucket, _sum and _count belong to the histogram, and tokens are separated by any number of blanks.
# https://prometheus.io/docs/instrumenting/exposition_formats/
# Guess: one metric, and two labels. Seen: four, and an error.
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
prometheus-exposition-format-rs = "=0.1.2"
END
cat >src/main.rs <<'END'
use prometheus_exposition_format_rs::parse_complete;

fn main() {
    let text = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
    for metric in parse_complete(text).unwrap() {
        println!("{} {:?} {}", metric.name, metric.data_type, metric.samples.len());
    }
    println!("{} {}", parse_complete("a{b=\"c\",d=\"e\"} 1\n").is_ok(), parse_complete("a{b=\"c\", d=\"e\"} 1\n").is_ok());
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
h Histogram 0
h_bucket Untyped 1
h_count Untyped 1
h_sum Untyped 1
true false
END
