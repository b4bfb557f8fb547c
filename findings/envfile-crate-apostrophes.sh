#!/usr/bin/env bash
# envfile 0.2.1 (crates.io) reads B=it's as its, takes "export A" for a name, and writes the file in the order of its names,
# without comments. A single apostrophe opens a quotation in sh, which is an error there; dotenv of npm and dotenvs 0.2.2
# read it's.
# Guess: it's, A, a comment. Seen: its, "export A", none.
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
envfile = "=0.2.1"
END
cat >src/main.rs <<'END'
use envfile::EnvFile;

fn main() {
    std::fs::write("env", "# mail\nB=it's\nexport A=1\n").unwrap();
    let mut file = EnvFile::new("env").unwrap();
    println!("{:?}", file.store);
    file.update("C", "2").write().unwrap();
    print!("{}", std::fs::read_to_string("env").unwrap());
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"B": "its", "export A": "1"}
B=its
C=2
export A=1
END
