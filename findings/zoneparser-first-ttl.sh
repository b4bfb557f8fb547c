#!/usr/bin/env bash
# zoneparser 0.1.6 (crates.io): the first record after $TTL has the TTL 0, and later ones the right one. A relative $ORIGIN
# is not made absolute, two blanks in a quoted string become one, and \059 stays a number. RFC 2308 section 4: $TTL holds
# for all records that follow; RFC 1035 section 5.1: a name without a dot at its end is relative, \DDD is a decimal octet,
# and blanks in quotes are text.
# Guess: 3600 twice, a.sub.example.org., two blanks, a semicolon. Seen: 0 and 3600, a.sub, one blank, 059.
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
zoneparser = "=0.1.6"
END
cat >src/main.rs <<'END'
use std::fs::File;

fn main() {
    for text in [
        "$TTL 3600\na IN A 192.0.2.1\nb IN A 192.0.2.2\n",
        "$ORIGIN sub\na 60 IN A 192.0.2.1\n",
        "a 60 IN TXT \"x  y\"\n",
        "a 60 IN TXT \"x\\059y\"\n",
    ] {
        std::fs::write("zone", text).unwrap();
        for record in zoneparser::ZoneParser::new(&File::open("zone").unwrap(), "example.org") {
            println!("{}", record.unwrap());
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a.example.org. 0 IN A 192.0.2.1
b.example.org. 3600 IN A 192.0.2.2
a.sub 60 IN A 192.0.2.1
a.example.org. 60 IN TXT x y
a.example.org. 60 IN TXT x059y
END
