#!/usr/bin/env bash
# russh-config 0.58.0 (crates.io) ignores "User=ada" and a tab after a keyword, keeps the quotation marks of a host, so that
# it never matches, and fails with "Host not found" if a keyword stands in front of the first Host, where ssh_config(5) has
# defaults for all hosts.
# Guess: ada each time. Seen: once, then None three times, and an error.
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
russh-config = "=0.58.0"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["Host a\n  User ada\n", "Host a\n  User=ada\n", "Host a\n\tUser\tada\n", "Host \"a\"\n  User ada\n", "User ada\nHost a\n  Port 22\n"] {
        println!("{text:?} {:?}", russh_config::parse(text, "a").map(|config| config.host_config.user).map_err(|error| error.to_string()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"Host a\n  User ada\n" Ok(Some("ada"))
"Host a\n  User=ada\n" Ok(None)
"Host a\n\tUser\tada\n" Ok(None)
"Host \"a\"\n  User ada\n" Ok(None)
"User ada\nHost a\n  Port 22\n" Err("Host not found")
END
