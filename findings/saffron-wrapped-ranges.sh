#!/usr/bin/env bash
# saffron 0.1.0 (crates.io) lets the range of a cron expression wrap around, as Fri-Mon or 22-2, and then it also runs one
# step before its start.
# https://docs.rs/saffron/0.1.0/saffron/
# Guess: first at 22; no Thursday. Seen: first at 21; a Thursday.
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
saffron = "=0.1.0"
chrono = "=0.4.42"
END
cat >src/main.rs <<'END'
use chrono::{DateTime, Utc};
use saffron::Cron;

fn main() {
    let start: DateTime<Utc> = "2027-01-01T12:00:00Z".parse().unwrap();
    for (text, format) in [("0 22-2 * * *", "%H"), ("0 0 * * Fri-Mon", "%a")] {
        let times = text.parse::<Cron>().unwrap().iter_from(start).take(5);
        println!("{text} {}", times.map(|time| time.format(format).to_string()).collect::<Vec<_>>().join(" "));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
0 22-2 * * * 21 22 23 00 01
0 0 * * Fri-Mon Sat Sun Mon Thu Fri
END
