#!/usr/bin/env bash
# aws-arn 0.3.1 (crates.io) refuses the ARN of a managed policy of AWS, whose account is "aws", and of an S3 object whose
# key is not ASCII; keys are UTF-8. It and scratchstack-arn 0.4.9 refuse the account "cloudfront" in the ARN of an origin
# access identity, which is in bucket policies.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
# Guess: true six times. Seen: true only for scratchstack-arn, twice.
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
aws-arn = "=0.3.1"
scratchstack-arn = "=0.4.9"
END
cat >src/main.rs <<'END'
fn main() {
    for arn in [
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:s3:::bucket/caf\u{e9}",
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE",
    ] {
        println!("{arn} {} {}", arn.parse::<aws_arn::ResourceName>().is_ok(), arn.parse::<scratchstack_arn::Arn>().is_ok());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
arn:aws:iam::aws:policy/ReadOnlyAccess false true
arn:aws:s3:::bucket/café false true
arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE false false
END
