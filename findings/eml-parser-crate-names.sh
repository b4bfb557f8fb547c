#!/usr/bin/env bash
# eml-parser 0.1.6 (crates.io) knows the fields To, From and Subject in that case only, leaves a name as an encoded word
# though it decodes a subject, and reads a group as addresses named "G: a@example.org" and "b@example.org;". RFC 5322
# section 1.2.2: names of fields are case-insensitive; section 3.4: group. RFC 2047 section 5: encoded words may be in a
# phrase.
# Guess: a recipient, Jürgen, two addresses. Seen: None, =?utf-8?q?J=C3=BCrgen?=, two with parts of the group.
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
eml-parser = "=0.1.6"
END
cat >src/main.rs <<'END'
use eml_parser::EmlParser;

fn main() {
    for field in [
        "to: a@example.org",
        "To: =?utf-8?q?J=C3=BCrgen?= <a@example.org>",
        "To: G: a@example.org, b@example.org;",
    ] {
        let mail = EmlParser::from_string(format!("{field}\r\nSubject: x\r\n\r\nbody")).parse().unwrap();
        println!("{field} {:?}", mail.to);
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
to: a@example.org None
To: =?utf-8?q?J=C3=BCrgen?= <a@example.org> Some(SingleEmailAddress(NameAndEmailAddress { name: "=?utf-8?q?J=C3=BCrgen?=", address: "a@example.org" }))
To: G: a@example.org, b@example.org; Some(MultipleEmailAddresses([AddressOnly { address: "G: a@example.org" }, AddressOnly { address: "b@example.org;" }]))
END
