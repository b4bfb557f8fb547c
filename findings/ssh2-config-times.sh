#!/usr/bin/env bash
# ssh2-config 0.9.0 (crates.io) fails at ConnectTimeout 5m and ServerAliveInterval 1h and returns a jump host named "none"
# for ProxyJump none. ssh_config(5): ProxyJump none means no jump host; keywords that take a time accept the formats of
# sshd_config(5), such as 10m.
# Guess: 5 minutes, an hour, no host. Seen: two errors, ["none"].
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
ssh2-config = "=0.9.0"
END
cat >src/main.rs <<'END'
use ssh2_config::{ParseRule, SshConfig};

fn main() {
    for line in ["ConnectTimeout 300", "ConnectTimeout 5m", "ServerAliveInterval 1h", "ProxyJump none"] {
        let text = format!("Host a\n  {line}\n");
        match SshConfig::default().parse(&mut text.as_bytes(), ParseRule::STRICT) {
            Ok(config) => {
                let host = config.query("a");
                println!("{line} {:?} {:?}", host.connect_timeout, host.proxy_jump);
            }
            Err(error) => println!("{line} {error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
ConnectTimeout 300 Some(300s) None
ConnectTimeout 5m expected unsigned value
ServerAliveInterval 1h expected unsigned value
ProxyJump none None Some(["none"])
END
