#!/usr/bin/env bash
# apt-sources 0.3.1 (crates.io) reads a deb822 .sources file and writes it without Check-Valid-Until, and puts two lines
# with a blank in front of a key block of Signed-By. "Enabled: true" is an error, though apt takes yes and true for the
# same. sources.list(5) has Check-Valid-Until.
# Guess: the same file, a file. Seen: a line less, two lines more, an error.
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
apt-sources = "=0.3.1"
END
cat >src/main.rs <<'END'
use apt_sources::Repositories;

fn main() {
    let text = "Types: deb\nURIs: https://example.org/debian\nSuites: bookworm\nComponents: main\n";
    let block = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----\n";
    for more in ["Check-Valid-Until: no\n", block, "Enabled: true\n"] {
        match format!("{text}{more}").parse::<Repositories>() {
            Ok(file) => println!("{:?}", file.to_string().replace(text, "")),
            Err(error) => println!("{error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
""
"Signed-By: \n \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----\n"
parsing field Enabled: The field requiring only `Yes`/`No` values is incorrect
END
