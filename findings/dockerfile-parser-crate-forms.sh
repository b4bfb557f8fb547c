#!/usr/bin/env bash
# dockerfile-parser 0.9.0 (crates.io) refuses an escaped blank in ENV, two variables of one ARG, a heredoc and the line ends
# of "# escape=`", and splits the list of COPY at the blank of a name. Each is from
# https://docs.docker.com/reference/dockerfile.
# Guess: five files read, the source "a b". Seen: four errors; a source with a bracket.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
dockerfile-parser = "=0.9.0"
END
cat >src/main.rs <<'END'
use dockerfile_parser::Dockerfile;

fn main() {
    for text in [
        "FROM a\nENV d=e\\ f\n",
        "FROM a\nARG A=1 B=2\n",
        "FROM a\nRUN <<EOF\necho a\nEOF\n",
        "# escape=`\nFROM a\nRUN a `\n b\n",
    ] {
        println!("{}", Dockerfile::parse(text).is_err());
    }
    let copy = Dockerfile::parse("FROM a\nCOPY [\"a b\",\"c\"]\n").unwrap();
    println!("{}", copy.instructions[1].as_copy().unwrap().sources[0].content);
}
END
seen=$(cargo run -q 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
true
true
true
true
["a
END
