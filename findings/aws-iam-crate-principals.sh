#!/usr/bin/env bash
# aws-iam 0.2.2 (crates.io) reads a statement with "Principal": "*" and writes it without a principal, and refuses a
# statement without a resource, which every trust policy of a role is.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
# Guess: the same statement, a policy. Seen: no principal, "data did not match any variant".
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
aws-iam = "=0.2.2"
serde_json = "=1.0.154"
END
cat >src/main.rs <<'END'
use aws_iam::model::Policy;

fn main() {
    for text in [
        r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
    ] {
        match serde_json::from_str::<Policy>(text) {
            Ok(policy) => println!("{}", serde_json::to_string(&policy).unwrap()),
            Err(error) => println!("{error}"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}
data did not match any variant of untagged enum OneOrAll at line 1 column 104
END
