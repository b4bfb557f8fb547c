#!/usr/bin/env bash
# stupid_simple_dotenv 0.3.0 (crates.io) reports "No name or value" for a name of one letter, and for "export NAME=1" the
# name is "export NAME", blank included, so that no program finds the variable. Both lines are what sh reads.
# Guess: A, NAME. Seen: an error, "export NAME".
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
stupid_simple_dotenv = "=0.3.0"
END
cat >src/main.rs <<'END'
fn main() {
    for text in ["NAME=1", "A=1", "export NAME=1"] {
        std::fs::write("env", text).unwrap();
        match stupid_simple_dotenv::file_to_vec("env") {
            Ok(variables) => println!("{variables:?}"),
            Err(error) => println!("{error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[("NAME", "1")]
LinesError: Error in Line 0: No name or value in 'A=1'
[("export NAME", "1")]
END
