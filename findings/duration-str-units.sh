#!/usr/bin/env bash
# duration-str 0.21.0 (crates.io) takes 1M for a minute, a number without a unit for seconds and 60*2 for a product, and
# refuses a fraction. In systemd.time(7) and in humantime 2.4.0 M is a month and 1.5h is 90 minutes; Go's time.ParseDuration
# refuses M and a missing unit.
# Guess: 30.44 days or an error, an error, 90 minutes. Seen: 60 s, 90 s, an error.
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
duration-str = "=0.21.0"
humantime = "=2.4.0"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["1h 30m", "1M", "90", "1.5h", "60*2"] {
        println!("{text} {:?} {:?}", duration_str::parse_std(text).ok(), humantime::parse_duration(text).ok());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1h 30m Some(5400s) Some(5400s)
1M Some(60s) Some(2630016s)
90 Some(90s) None
1.5h None Some(5400s)
60*2 Some(120s) None
END
