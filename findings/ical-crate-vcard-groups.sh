#!/usr/bin/env bash
# ical 0.11.0 (crates.io) returns "item1.TEL", which address books write, as the name of a property, leaves tel in lower
# case though it changes type to TYPE, and returns \, and \n of a value as they are written. RFC 6350 sections 3.3 and 3.4:
# the group is not a part of the name, names are case-insensitive, and \, is a comma.
# Guess: TEL twice, a comma, a line feed. Seen: item1.TEL, tel, two backslashes.
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
ical = "=0.11.0"
END
cat >src/main.rs <<'END'
use ical::VcardParser;

fn main() {
    for line in ["item1.TEL:1", "tel;type=home:1", "NOTE:a\\, b\\nc"] {
        let card = format!("BEGIN:VCARD\r\nVERSION:4.0\r\n{line}\r\nEND:VCARD\r\n");
        let contact = VcardParser::new(card.as_bytes()).next().unwrap().unwrap();
        let property = contact.properties.last().unwrap();
        println!("{} {:?} {}", property.name, property.params, property.value.as_ref().unwrap());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
item1.TEL None 1
tel Some([("TYPE", ["home"])]) 1
NOTE None a\, b\nc
END
