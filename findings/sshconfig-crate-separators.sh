#!/usr/bin/env bash
# sshconfig 0.1.0 (crates.io) parts a keyword of ssh_config from its value only at a blank. With a tab or an equals sign it
# ignores the line and returns its defaults, user root and port 22. In ssh_config(5) an equals
# sign with or without blanks around it does the same, and so does any whitespace.
# Guess: ada and 2222 three times. Seen: once; then root and 22.
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
sshconfig = "=0.1.0"
END
cat >src/main.rs <<'END'
fn main() {
    for separator in [" ", "\t", "="] {
        std::fs::write("config", format!("Host a\n  User{separator}ada\n  Port{separator}2222\n")).unwrap();
        let host = &sshconfig::parse_ssh_config("config").unwrap()[0];
        println!("{separator:?} {} {:?}", host.user, host.port);
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
" " ada Some(2222)
"\t" root Some(22)
"=" root Some(22)
END
