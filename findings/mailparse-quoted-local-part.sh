#!/usr/bin/env bash
# mailparse 0.18.0 (crates.io) refuses an address with a quoted local part and a date without a blank after its weekday's
# comma, keeps a comment of Content-Type in the charset, and shifts a date with the zone A by an hour. RFC 5322 sections
# 3.4.1 and 3.3: a local part may be a quoted-string, and the blank is optional; section 4.3: zones of one letter are taken
# as -0000. RFC 2045 section 5.1: comments are allowed.
# Guess: an address, 0, utf-8, 0. Seen: two errors, "utf-8 (text)", 3600.
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
mailparse = "=0.18.0"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["a@example.org", "\"a b\"@example.org"] {
        println!("{text} {:?}", mailparse::addrparse(text).map(|list| list.to_string()).map_err(|error| error.to_string()));
    }
    for text in ["Thu, 1 Jan 1970 00:00:00 +0000", "Thu,1 Jan 1970 00:00:00 +0000", "Thu, 1 Jan 1970 00:00:00 A"] {
        println!("{text} {:?}", mailparse::dateparse(text).map_err(|error| error.to_string()));
    }
    println!("{}", mailparse::parse_content_type("text/plain; charset=utf-8 (text)").charset);
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a@example.org Ok("a@example.org")
"a b"@example.org Err("Address string unexpectedly terminated")
Thu, 1 Jan 1970 00:00:00 +0000 Ok(0)
Thu,1 Jan 1970 00:00:00 +0000 Err("Invalid day")
Thu, 1 Jan 1970 00:00:00 A Ok(3600)
utf-8 (text)
END
