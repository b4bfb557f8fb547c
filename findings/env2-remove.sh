#!/usr/bin/env bash
# env2 0.3.2 (crates.io): EnvFile::remove(key) removes all variables of the file, whatever the key is, and only comments
# stay. It also returns values with their quotation marks.
# Guess: B, without marks, and C stay. Seen: B with its marks, and no variable after remove("A").
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
env2 = "=0.3.2"
END
cat >src/main.rs <<'END'
use env2::EnvFile;

fn main() {
    std::fs::write("env", "A=1\n# note\nB=\"x y\"\nC=3\n").unwrap();
    let mut file = EnvFile::read("env");
    println!("{:?}", file.lookup("B"));
    file.remove("A");
    file.save().unwrap();
    println!("{:?}", std::fs::read_to_string("env").unwrap());
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Some("\"x y\"")
"# note\n"
END
