#!/usr/bin/env bash
# json_path 0.1.5 (crates.io) returns null for every filter, also for one that matches, and for a missing member, so that
# neither differs from a member whose value is null. $..[0] is an error as soon as one value is no list. RFC 9535 sections
# 2.3.5 and 2.5.2: a filter selects each element for which it holds, and a selector that does not apply selects nothing.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: [2], an element, [], null, [1]. Seen: null four times, an error.
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
json_path = "=0.1.5"
serde_json = "=1.0.140"
END
cat >src/main.rs <<'END'
use json_path::JsonPathQuery;
use serde_json::json;

fn main() {
    let document = json!({"a": [{"b": 1}, {"b": 2, "c": 3}], "n": null});
    for path in ["$.a[0].b", "$.a[?(@.b>1)].b", "$.a[?(@.c)]", "$.missing", "$.n", "$..[0]"] {
        match document.query(path) {
            Ok(found) => println!("{path} {found}"),
            Err(_) => println!("{path} error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[0].b 1
$.a[?(@.b>1)].b null
$.a[?(@.c)] null
$.missing null
$.n null
$..[0] error
END
