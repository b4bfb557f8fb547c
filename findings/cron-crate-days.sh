#!/usr/bin/env bash
# cron 0.17.0 (crates.io): days of the week are 1 for Sunday to 7 for Saturday, so that a line of a crontab runs a day
# early, and 0 is an error. If both day fields are restricted, both must match; in crontab(5) 0 and 7 are Sunday, and either
# field is enough.
# Guess: Sunday; the 13th and every Friday. Seen: Saturday; the next Thursday that is a 13th.
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
cron = "=0.17.0"
chrono = "=0.4.42"
END
cat >src/main.rs <<'END'
use chrono::{DateTime, Utc};
use cron::Schedule;
use std::str::FromStr;

fn main() {
    let start: DateTime<Utc> = "2027-01-01T12:00:00Z".parse().unwrap();
    for text in ["0 0 0 * * 7", "0 0 0 * * 0", "0 0 0 13 * 5"] {
        match Schedule::from_str(text) {
            Ok(schedule) => println!("{text} {}", schedule.after(&start).next().unwrap().format("%a %F")),
            Err(_) => println!("{text} error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
0 0 0 * * 7 Sat 2027-01-02
0 0 0 * * 0 error
0 0 0 13 * 5 Thu 2027-05-13
END
