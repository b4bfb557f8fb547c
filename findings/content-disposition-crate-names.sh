#!/usr/bin/env bash
# content_disposition 0.4.0 (crates.io): filename() returns a name and an extension, and for "archive" an empty name and the
# extension "archive". A quoted file name ends at a semicolon and keeps its first quotation mark. RFC 6266 section 4.1:
# filename is a token or a quoted-string.
# Guess: ("archive", None), a;b and txt. Seen: ("", Some("archive")), "a.
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
content_disposition = "=0.4.0"
END
cat >src/main.rs <<'END'
use content_disposition::parse_content_disposition;

fn main() {
    for text in ["attachment; filename=a.txt", "attachment; filename=archive", "attachment; filename=\"a;b.txt\""] {
        let header = parse_content_disposition(text);
        println!("{text} {:?} {:?}", header.filename(), header.filename_full());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
attachment; filename=a.txt Some(("a", Some("txt"))) Some("a.txt")
attachment; filename=archive Some(("", Some("archive"))) Some("archive")
attachment; filename="a;b.txt" Some(("", Some("\"a"))) Some("\"a")
END
