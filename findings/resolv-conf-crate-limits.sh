#!/usr/bin/env bash
# resolv-conf 0.7.6 (crates.io) returns ndots 20 and a timeout of 60 as they are written, a domain beside the search list
# that replaced it, and an error for the whole file because of one unknown keyword. resolv.conf(5): ndots is capped at 15
# and timeout at 30; of domain and search the last counts.
# Guess: 15, 30, search only, a name server. Seen: 20, 60, both, an error.
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
resolv-conf = "=0.7.6"
END
cat >src/main.rs <<'END'
use resolv_conf::Config;

fn main() {
    for text in ["options ndots:20 timeout:60\n", "domain a.example\nsearch b.example\n", "nameserver 192.0.2.1\nunknown 1\n"] {
        match Config::parse(text) {
            Ok(config) => println!("{} {} {:?} {:?}", config.ndots, config.timeout, config.get_domain(), config.get_search()),
            Err(error) => println!("{error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
20 60 None None
1 5 Some("a.example") Some(["b.example"])
directive at line 1 is not recognized
END
