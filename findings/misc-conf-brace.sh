#!/usr/bin/env bash
# misc-conf 0.1.2 (crates.io) needs a blank in front of the brace that opens a block of nginx: "server{listen 80;}" is a
# directive named "server{listen". nginx ends a word at { (src/core/ngx_conf_file.c); nginx -t accepts it.
# Guess: server with listen in it. Seen: "server{listen".
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
misc-conf = "=0.1.2"
END
cat >src/main.rs <<'END'
use misc_conf::{ast::{Directive, DirectiveTrait}, nginx::Nginx};

fn main() {
    for text in ["server {listen 80;}", "server{listen 80;}"] {
        println!("{:?}", Directive::<Nginx>::parse(text.as_bytes()).unwrap());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[Directive { name: "server", args: [], children: [Directive { name: "listen", args: ["80"] }] }]
[Directive { name: "server{listen", args: ["80"] }]
END
