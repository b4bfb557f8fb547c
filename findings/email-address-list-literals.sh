#!/usr/bin/env bash
# email-address-list 0.3.0 (crates.io) returns an empty list for a@[192.0.2.1], writes "a b"@example.org with backslashes in
# front of its quotation marks, and makes a name of a group that stands in front of a list. RFC 5322 sections 3.4 and 3.4.1:
# domain-literal, quoted-string and group.
# Guess: the same text. Seen: nothing, \"a b\"@example.org, a name "G: Ann".
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
email-address-list = "=0.3.0"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["a@example.org", "a@[192.0.2.1]", "\"a b\"@example.org", "G: Ann <a@example.org>;, c@example.org"] {
        println!("{text}  ->  {}", email_address_list::parse_address_list(&text).unwrap());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a@example.org  ->  <a@example.org>
a@[192.0.2.1]  ->  
"a b"@example.org  ->  <\"a b\"@example.org>
G: Ann <a@example.org>;, c@example.org  ->  "G: Ann" <a@example.org>, <c@example.org>
END
