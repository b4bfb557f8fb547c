#!/usr/bin/env bash
# problem_details 0.11.0 (crates.io) cuts the fragment of a problem type and refuses a document whose status is a string. RFC 9458
# section 5.3 defines the type https://iana.org/assignments/http-problem-types#ohttp-key. RFC 9457 section 3.1: a member whose
# value has another type than specified must be ignored, so that the document counts as if it were not there.
# Guess: the type as it is; the document without its status. Seen: the type without #ohttp-key; an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
problem_details = "=0.11.0"
serde_json = "1"
END
cat >src/main.rs <<'END'
use problem_details::ProblemDetails;

fn main() {
    let key = r#"{"type":"https://iana.org/assignments/http-problem-types#ohttp-key"}"#;
    println!("{:?}", serde_json::from_str::<ProblemDetails>(key).unwrap().r#type);
    println!("{}", serde_json::from_str::<ProblemDetails>(r#"{"title":"a","status":"404"}"#).is_err());
}
END
seen=$(cargo run -q 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Some(ProblemType(https://iana.org/assignments/http-problem-types))
true
END
