#!/usr/bin/env bash
# parse_link_header 0.4.1 (crates.io) removes all blanks and quotation marks first: rel="next prev" is the relation
# nextprev. It cuts a URL at its comma, and a query without a value and a parameter without one are errors. RFC 8288
# sections 3 and 3.3: a relation list is parted by blanks, the URL ends at >, and the value of a parameter is optional.
# Guess: next and prev, ids=1,2, two links. Seen: nextprev, a URL "2", two errors.
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
parse_link_header = "=0.4.1"
END
cat >src/main.rs <<'END'
fn main() {
    for text in [
        "<https://example.org/>; rel=\"next prev\"",
        "<https://example.org/?ids=1,2>; rel=next",
        "<https://example.org/?all>; rel=next",
        "<https://example.org/>; rel=next; crossorigin",
    ] {
        match parse_link_header::parse(text) {
            Ok(links) => {
                let mut found: Vec<_> = links.iter().map(|(relation, link)| format!("{relation:?} {}", link.raw_uri)).collect();
                found.sort();
                println!("{found:?}");
            }
            Err(error) => println!("{error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
["Some(\"nextprev\") https://example.org/"]
["None https://example.org/?ids=1", "Some(\"next\") 2"]
malformed URI query
malformed parameter list
END
