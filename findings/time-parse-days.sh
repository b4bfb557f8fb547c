#!/usr/bin/env bash
# time-parse 0.2.2 (crates.io) wants a T in every ISO 8601 duration: P1D and P2W are errors, P1DT0S is read. In the grammar
# of RFC 3339 appendix A the time of a duration is optional.
# Guess: a day and two weeks. Seen: two errors, and a day for P1DT0S.
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
time-parse = "=0.2.2"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["P1D", "P2W", "P1DT0S"] {
        println!("{text} {:?}", time_parse::duration::parse(text).map_err(|error| error.to_string()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
P1D Err("expected 'T', not None")
P2W Err("expected 'T', not None")
P1DT0S Ok(86400s)
END
