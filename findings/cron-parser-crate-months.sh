#!/usr/bin/env bash
# cron-parser 0.12.0 (crates.io) reads the names of days but not those of months, refuses 7 for Sunday and the macro @daily,
# and wants both day fields to match. crontab(5) has all of the first three, and either day field is enough.
# Guess: read four times; the 13th or a Friday. Seen: once; the next Friday that is a 13th.
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
cron-parser = "=0.12.0"
chrono = "=0.4.42"
END
cat >src/main.rs <<'END'
use chrono::{DateTime, Utc};
use cron_parser::Schedule;

fn main() {
    let start: DateTime<Utc> = "2027-01-01T12:00:00Z".parse().unwrap();
    for text in ["0 0 * * SUN", "0 0 * JAN *", "0 0 * * 7", "@daily", "0 0 13 * 5"] {
        match Schedule::parse(text) {
            Ok(schedule) => println!("{text} {}", schedule.next_after(&start).unwrap().format("%a %F")),
            Err(error) => println!("{text} {error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
0 0 * * SUN Sun 2027-01-03
0 0 * JAN * invalid month field: name `JAN` is not allowed here
0 0 * * 7 invalid day of week field: 7 is outside 0..=6
@daily invalid cron expression: expected 5 fields, found 1
0 0 13 * 5 Fri 2027-08-13
END
