#!/usr/bin/env bash
# cron-descriptor 0.1.2 (crates.io) writes the name of a message, en.every_x, into the description of a step in the day of
# the month, and describes 0 9-17 * * *, which runs nine times a day, as "Between 9:00 AM and 5:00 PM", and the day of the
# week beside a day of the month not at all. crontab(5): an hour field of 9-17 is each of these hours.
# Guess: every 2 days; every hour from 9 to 17; the 13th and Friday. Seen: en.every_x days; between; the 13th.
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
cron-descriptor = "=0.1.2"
END
cat >src/main.rs <<'END'
use cron_descriptor::cronparser::cron_expression_descriptor::get_description_cron;

fn main() {
    for text in ["0 0 */2 * *", "0 9-17 * * *", "0 0 13 * 5"] {
        println!("{text}  {}", get_description_cron(text).unwrap());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
0 0 */2 * *  At 12:00 AM, en.every_x days
0 9-17 * * *  Between 9:00 AM and 5:00 PM
0 0 13 * 5  At 12:00 AM, on day 13 of the month
END
