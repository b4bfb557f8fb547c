#!/usr/bin/env bash
# ssh_config 0.1.0 (crates.io): the second name of "Host a b" becomes a keyword and the keyword Port its value, a * matches
# no host, and of two lines with one keyword the last is returned. ssh_config(5): Host takes patterns with
# whitespace between them, and the first value of a keyword is used.
# Guess: Port 22, User x, User y. Seen: b = Port, nothing, User z.
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
ssh_config = "=0.1.0"
END
cat >src/main.rs <<'END'
use ssh_config::SSHConfig;

fn main() {
    for text in ["Host a b\n  Port 22\n", "Host *\n  User x\n", "Host a\n  User y\n  User z\n"] {
        println!("{:?}", SSHConfig::parse_str(text).unwrap().query("a"));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"b": "Port"}
{}
{"User": "z"}
END
