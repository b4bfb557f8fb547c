#!/usr/bin/env bash
# cache_control 0.2.0 (crates.io) has a field s_max_age, but no code for s-maxage: it is always None. A header with
# max-stale without a value is refused as a whole, and Max-Age=60 is ignored. RFC 9111 sections 5.2 and 5.2.1.2: names are
# case-insensitive, and the value of max-stale is optional.
# Guess: 60 s, a header, 60 s. Seen: None three times.
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
cache_control = "=0.2.0"
END
cat >src/main.rs <<'END'
use cache_control::CacheControl;

fn main() {
    println!("{:?}", CacheControl::from_value("public, s-maxage=60").unwrap().s_max_age);
    println!("{:?}", CacheControl::from_value("max-stale"));
    println!("{:?}", CacheControl::from_value("Max-Age=60").unwrap().max_age);
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
None
None
None
END
