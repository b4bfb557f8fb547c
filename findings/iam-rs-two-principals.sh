#!/usr/bin/env bash
# iam-rs 0.8.0 (crates.io) refuses a principal that names an account and a service, and a policy without Version, whose
# default is 2008-10-17. A list with one statement is written back as an object.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
# Guess: read three times, with a list. Seen: an object, and two errors.
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
iam-rs = "=0.8.0"
serde_json = "=1.0.154"
END
cat >src/main.rs <<'END'
use iam_rs::IAMPolicy;

fn main() {
    for text in [
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#,
    ] {
        match serde_json::from_str::<IAMPolicy>(text) {
            Ok(policy) => println!("{}", serde_json::to_string(&policy).unwrap()),
            Err(error) => println!("{error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}
data did not match any variant of untagged enum OneOrMany at line 1 column 148
missing field `Version` at line 1 column 65
END
