#!/usr/bin/env bash
# texting_robots 0.2.2 (crates.io) applies a Disallow line in front of the first User-agent line to every agent, and does
# not match an agent with "User-agent: b/1.0", which robotstxt 0.3.0, a port of Google's parser, cuts to its name. RFC 9309
# section 2.2.1: rules belong to a group, which starts with a user-agent line.
# Guess: true, false. Seen: false, true.
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
texting_robots = "=0.2.2"
robotstxt = "=0.3.0"
END
cat >src/main.rs <<'END'
use robotstxt::DefaultMatcher;
use texting_robots::Robot;

fn main() {
    let url = "https://example.org/x";
    for text in ["Disallow: /x\n", "User-agent: b/1.0\nDisallow: /x\n"] {
        let first = Robot::new("b", text.as_bytes()).unwrap().allowed(url);
        println!("{text:?} {first} {}", DefaultMatcher::default().one_agent_allowed_by_robots(text, "b", url));
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"Disallow: /x\n" false true
"User-agent: b/1.0\nDisallow: /x\n" true false
END
