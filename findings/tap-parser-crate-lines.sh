#!/usr/bin/env bash
# tap_parser 0.1.1 (crates.io) reads TAP 14 but drops the last test if a blank line or a pragma comes before the plan, takes
# the # of "a#b" for a directive and refuses the file, keeps the backslash of \#, and refuses TAP 13 and output without a
# version. The TAP 14 specification: blank lines are ignored, and a directive has a blank in front of its #.
# https://testanything.org/tap-version-14-specification.html
# Guess: one test each time. Seen: none twice, and three errors.
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
tap_parser = "=0.1.1"
END
cat >src/main.rs <<'END'
use tap_parser::{TapParser, TapStatement};

fn main() {
    for text in [
        "TAP version 14\n1..1\nok 1 - a\n",
        "TAP version 14\n\n1..1\nok 1 - a\n",
        "TAP version 14\npragma +strict\n1..1\nok 1 - a\n",
        "TAP version 14\n1..1\nok 1 - a \\# b\n",
        "TAP version 14\n1..1\nok 1 - a#b\n",
        "TAP version 13\n1..1\nok 1 - a\n",
        "1..1\nok 1 - a\n",
    ] {
        match TapParser::new().parse(text) {
            Ok(statements) => {
                let tests = statements.iter().filter_map(|each| match each {
                    TapStatement::TestPoint(test) => test.desc,
                    _ => None,
                });
                println!("{text:?} {:?}", tests.collect::<Vec<_>>());
            }
            Err(error) => println!("{text:?} {error:?}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"TAP version 14\n1..1\nok 1 - a\n" ["a"]
"TAP version 14\n\n1..1\nok 1 - a\n" []
"TAP version 14\npragma +strict\n1..1\nok 1 - a\n" []
"TAP version 14\n1..1\nok 1 - a \\# b\n" ["a \\# b"]
"TAP version 14\n1..1\nok 1 - a#b\n" MalformedDirective("b")
"TAP version 13\n1..1\nok 1 - a\n" InvalidVersion("13")
"1..1\nok 1 - a\n" NoVersion
END
