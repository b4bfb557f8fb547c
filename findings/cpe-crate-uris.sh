#!/usr/bin/env bash
# cpe 0.1.5 (crates.io) refuses a tilde in the URI form of a CPE name and writes names without their escapes and with an
# asterisk for each empty component. NISTIR 7695 section 6.1 has the examples cpe:/a:foo~bar:big%7emoney_2010 and
# cpe:/a:foo%5cbar:big%24money_2010; a component without a value is empty or left out.
# Guess: both read, the second written as it was. Seen: an error, and cpe:/a:foo\bar:big$money_2010:*:*:*:*.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
cpe = "=0.1.5"
END
cat >src/main.rs <<'END'
use cpe::uri::Uri;

fn main() {
    println!("{}", Uri::parse("cpe:/a:foo~bar:big%7emoney_2010").is_err());
    println!("{}", Uri::parse("cpe:/a:foo%5cbar:big%24money_2010").unwrap());
}
END
seen=$(cargo run -q 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
true
cpe:/a:foo\bar:big$money_2010:*:*:*:*
END
