#!/usr/bin/env bash
# ssh-key 0.6.7 (crates.io) reads authorized_keys, but a blank inside the quotation marks of an option ends the options
# there, so that the commonest forms of command= and environment= are errors, and so is a blank at the beginning of a line
# or a tab before the comment. sshd(8): options may have blanks in double quotes; sshd skips whitespace. The key is that of
# RFC 8032 section 7.1.
# Guess: read five times. Seen: once.
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
ssh-key = "=0.6.7"
END
cat >src/main.rs <<'END'
use ssh_key::AuthorizedKeys;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

fn main() {
    for line in [
        format!("no-pty,from=\"192.0.2.0/24\" {KEY} ann"),
        format!("command=\"uptime -p\" {KEY} ann"),
        format!("environment=\"A=b c\" {KEY} ann"),
        format!("  {KEY} ann"),
        format!("{KEY}\tann"),
    ] {
        let entry = AuthorizedKeys::new(&line).next().unwrap();
        println!("{:?} {:?}", line.replace(KEY, "KEY"), entry.map(|entry| entry.config_opts().to_string()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"no-pty,from=\"192.0.2.0/24\" KEY ann" Ok("no-pty,from=\"192.0.2.0/24\"")
"command=\"uptime -p\" KEY ann" Err(Encoding(CharacterEncoding))
"environment=\"A=b c\" KEY ann" Err(Encoding(CharacterEncoding))
"  KEY ann" Err(Encoding(Length))
"KEY\tann" Err(Encoding(CharacterEncoding))
END
