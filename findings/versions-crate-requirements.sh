#!/usr/bin/env bash
# versions 8.0.1 (crates.io) takes a version of two numbers for another kind than Semantic Versioning: 1.0-rc1 is later than
# 1.0, 1.0 is earlier than 1.0.0, and the requirements =1.0 and ~1.2 do not match 1.0.0 and 1.2.9. A pre-release matches
# <2.0.0. The same requirements of Cargo match: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
# Guess: Less, Equal, true, true, false. Seen: Greater, Less, false, false, true.
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
versions = "=8.0.1"
END
cat >src/main.rs <<'END'
use versions::{Requirement, Versioning};

fn main() {
    for (a, b) in [("1.0-rc1", "1.0"), ("1.0", "1.0.0")] {
        println!("{a} {b} {:?}", Versioning::new(a).unwrap().cmp(&Versioning::new(b).unwrap()));
    }
    for (a, b) in [("=1.0", "1.0.0"), ("~1.2", "1.2.9"), ("<2.0.0", "2.0.0-rc.1"), ("~1.2.0", "1.2.9")] {
        println!("{a} {b} {}", Requirement::new(a).unwrap().matches(&Versioning::new(b).unwrap()));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1.0-rc1 1.0 Greater
1.0 1.0.0 Less
=1.0 1.0.0 false
~1.2 1.2.9 false
<2.0.0 2.0.0-rc.1 true
~1.2.0 1.2.9 true
END
