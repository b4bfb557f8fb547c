#!/usr/bin/env bash
# ssh_cfg 0.3.0 (crates.io) keeps the last of several IdentityFile and SendEnv lines, makes one host named "a b" of two, and
# refuses a tab after a keyword and keywords in front of the first Host. ssh_config(5): several identity files are tried in
# sequence, Host takes several patterns, whitespace parts keyword and value.
# Guess: k1 and k2, a and b, two files. Seen: k2, "a b", two errors.
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
ssh_cfg = "=0.3.0"
END
cat >src/main.rs <<'END'
use ssh_cfg::SshConfigParser;

fn main() {
    for text in [
        "Host a\n  IdentityFile k1\n  IdentityFile k2\n",
        "Host a b\n  User ada\n",
        "Host a\n  User\tada\n",
        "User ada\nHost a\n  Port 22\n",
    ] {
        match SshConfigParser::parse_config_contents(text) {
            Ok(config) => println!("{config:?}"),
            Err(_) => println!("error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
SshConfig({"a": SshHostConfig({IdentityFile: "k2"})})
SshConfig({"a b": SshHostConfig({User: "ada"})})
error
error
END
