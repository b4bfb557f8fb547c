#!/usr/bin/env bash
# vobject 0.9.0 (crates.io) removes the backslash of \; before anyone can split ORG or N at its semicolons, keeps the last
# of two TYPE parameters, and finds no TEL that is written tel. RFC 6350 sections 3.3, 3.4 and 5: names are
# case-insensitive, \; is a semicolon inside a component, and TYPE=a;TYPE=b is TYPE="a,b".
# Guess: A;B and C, work and home, a number. Seen: A;B;C, home, None.
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
vobject = "=0.9.0"
END
cat >src/main.rs <<'END'
use vobject::parse_component;

fn main() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nORG:A\\;B;C\r\nTEL;TYPE=work;TYPE=home:1\r\nEND:VCARD\r\n";
    for text in [card.to_string(), card.replace("TEL", "tel")] {
        let component = parse_component(&text).unwrap();
        let number = component.get_only("TEL");
        println!("{} {:?}", component.get_only("ORG").unwrap().value_as_string(), number.map(|each| &each.params));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
A;B;C Some({"TYPE": "home"})
A;B;C None
END
