#!/usr/bin/env bash
# debian 0.1.2 (crates.io) compares the digits of a version part before the text in front of them, so that a release
# candidate with a larger number is newer than its release with a suffix, sorts + behind letters, and a missing revision is
# less than 0. deb-version(7): the non-digit part is compared first, the tilde is less than anything, letters are less than
# other characters, and no revision equals revision 0.
# Guess: Less, Less, Less, Equal. Seen: Greater three times, Less.
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
debian = "=0.1.2"
END
cat >src/main.rs <<'END'
use debian::Version;

fn main() {
    for (a, b) in [("1.0~rc2", "1.0+dfsg1"), ("1+2", "1.1"), ("1.0a", "1.0+"), ("1.0", "1.0-0")] {
        println!("{a} {b} {:?}", Version::parse(a).unwrap().cmp(&Version::parse(b).unwrap()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1.0~rc2 1.0+dfsg1 Greater
1+2 1.1 Greater
1.0a 1.0+ Greater
1.0 1.0-0 Less
END
