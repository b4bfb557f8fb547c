#!/usr/bin/env bash
# codeowners 0.1.3 (crates.io) matches the patterns of a CODEOWNERS file without regard to case and cuts one at an escaped
# blank. GitHub's documentation: "CODEOWNERS paths are case sensitive", and most rules of .gitignore apply, where a
# backslash escapes a blank.
# Guess: @all, @space. Seen: @docs, @all.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
codeowners = "=0.1.3"
END
cat >src/main.rs <<'END'
fn main() {
    let text = "* @all\n/docs/ @docs\n/a\\ b @space\n";
    let owners = codeowners::from_reader(text.as_bytes());
    for path in ["DOCS/a.md", "a b"] {
        println!("{path} {}", owners.of(path).unwrap()[0]);
    }
}
END
seen=$(cargo run -q 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
DOCS/a.md @docs
a b @all
END
