#!/usr/bin/env bash
# amazon-s3-url 1.0.3 (npm) returns the key of an https URL as it is written, with its percent encoding and its
# query, so the s3:// URL that formatS3Url makes of the result names another object. A bucket with a dot is an
# error. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
# Guess: a b; k; my.bucket. Seen: a%20b; k?versionId=1; an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" amazon-s3-url@1.0.3
cat >"$folder/probe.mjs" <<'END'
import * as s3 from "amazon-s3-url";

for (const rest of ["b.s3.us-east-1.amazonaws.com/k", "b.s3.us-east-1.amazonaws.com/a%20b", "b.s3.us-east-1.amazonaws.com/k?versionId=1", "my.bucket.s3.us-east-1.amazonaws.com/k"]) {
  try {
    const parsed = s3.parseS3Url(`https://${rest}`);
    console.log(rest, JSON.stringify(parsed), s3.formatS3Url(parsed));
  } catch (error) {
    console.log(rest, error.message);
  }
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
b.s3.us-east-1.amazonaws.com/k {"bucket":"b","key":"k","region":"us-east-1"} s3://b/k
b.s3.us-east-1.amazonaws.com/a%20b {"bucket":"b","key":"a%20b","region":"us-east-1"} s3://b/a%20b
b.s3.us-east-1.amazonaws.com/k?versionId=1 {"bucket":"b","key":"k?versionId=1","region":"us-east-1"} s3://b/k?versionId=1
my.bucket.s3.us-east-1.amazonaws.com/k S3 URL does not match any format
END
