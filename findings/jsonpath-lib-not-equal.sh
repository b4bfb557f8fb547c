#!/usr/bin/env bash
# jsonpath_lib 0.3.0 (crates.io): the filter [?(@.b!=1)] finds 2 but not "2", and a comparison with null, a test for a
# missing member and a negative step are errors. RFC 9535 section 2.3.5.2.2: values of different types are not equal, so !=
# holds; the grammar has the rest.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: [2,"2",null] and three answers. Seen: [2] and three errors.
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
jsonpath_lib = "=0.3.0"
serde_json = "=1.0.140"
END
cat >src/main.rs <<'END'
use jsonpath_lib::select;
use serde_json::json;

fn main() {
    let document = json!({"a": [{"b": 1}, {"b": 2}, {"b": "2"}, {"b": null}]});
    for path in ["$.a[?(@.b==2)].b", "$.a[?(@.b!=1)].b", "$.a[?(@.b==null)].b", "$.a[?(!@.c)].b", "$.a[::-1].b"] {
        match select(&document, path) {
            Ok(found) => println!("{path} {}", serde_json::to_string(&found).unwrap()),
            Err(_) => println!("{path} error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[?(@.b==2)].b [2]
$.a[?(@.b!=1)].b [2]
$.a[?(@.b==null)].b error
$.a[?(!@.c)].b error
$.a[::-1].b error
END
