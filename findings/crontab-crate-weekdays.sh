#!/usr/bin/env bash
# crontab 0.2.0 (crates.io) finds every day for an expression with a day of the week only, and 31 February for day 31. 7 and
# SUN are errors. crontab(5): either field is enough only if both are restricted; 0 and 7 are Sunday.
# Guess: the Sundays 3, 10 and 17 January 2027; no day in February. Seen: 2, 3 and 4 January; 2027-02-31.
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
crontab = "=0.2.0"
time = { package = "time", version = "=0.1.45" }
END
cat >src/main.rs <<'END'
use crontab::Crontab;

fn main() {
    let start = time::strptime("2027-01-01 12:00:30 5", "%Y-%m-%d %H:%M:%S %w").unwrap();
    for text in ["0 0 * * 0", "0 0 31 * *", "0 0 * * 7", "0 0 * * SUN"] {
        match Crontab::parse(text) {
            Ok(schedule) => {
                let mut event = start;
                for _ in 0..3 {
                    event = schedule.find_event_after(&event).unwrap();
                    println!("{text} {}", event.strftime("%Y-%m-%d").unwrap());
                }
            }
            Err(error) => println!("{text} {error:?}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
0 0 * * 0 2027-01-02
0 0 * * 0 2027-01-03
0 0 * * 0 2027-01-04
0 0 31 * * 2027-01-31
0 0 31 * * 2027-02-31
0 0 31 * * 2027-03-31
0 0 * * 7 FieldOutsideRange { description: "Value 7 is greater than maximum: 6" }
0 0 * * SUN ErrParseInt(ParseIntError { kind: InvalidDigit })
END
