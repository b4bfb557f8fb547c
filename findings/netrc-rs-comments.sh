#!/usr/bin/env bash
# netrc-rs 0.1.2 (crates.io) refuses a .netrc with a comment line or a quoted password with a blank. Python's netrc reads
# both, and curl too, as documented in its manual.
# https://docs.python.org/3.11/library/netrc.html, https://everything.curl.dev/usingcurl/netrc.html
# Guess: three machines. Seen: one, and two errors.
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
netrc-rs = "=0.1.2"
END
cat >src/main.rs <<'END'
use netrc_rs::Netrc;

fn main() {
    for text in ["machine a login b password c", "# mail\nmachine a login b password c", "machine a login b password \"c d\""] {
        println!("{:?}", Netrc::parse(text, false).map(|netrc| netrc.machines.len()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Ok(1)
Err(IllegalFormat(Position(1, 2), "token: #"))
Err(IllegalFormat(Position(1, 33), "token: d\""))
END
