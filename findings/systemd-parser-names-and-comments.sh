#!/usr/bin/env bash
# systemd-parser 0.1.3 (crates.io) refuses a section or a key with a digit, such as [DHCPv4] and IPv6AcceptRA=, a value with
# a #, and a comment that starts with a semicolon. systemd.syntax(7) allows all of them; only a line that starts with # or ;
# is a comment.
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
systemd-parser = "=0.1.3"
END
cat >src/main.rs <<'END'
fn main() {
    let texts = [
        "[Network]\nDHCP=yes\n",
        "[DHCPv4]\nUseDNS=no\n",
        "[Network]\nIPv6AcceptRA=no\n",
        "[Service]\nExecStart=/bin/echo a#b\n",
        "; comment\n[Network]\nDHCP=yes\n",
    ];
    for text in texts {
        println!("{text:?} {}", systemd_parser::parse_string(text).is_ok());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"[Network]\nDHCP=yes\n" true
"[DHCPv4]\nUseDNS=no\n" false
"[Network]\nIPv6AcceptRA=no\n" false
"[Service]\nExecStart=/bin/echo a#b\n" false
"; comment\n[Network]\nDHCP=yes\n" false
END
