#!/usr/bin/env bash
# arn 0.1.5 splits the ARN of an S3 object at its last slash. A bucket name has no slash, so the key starts after the first.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Guess: bucket b, object logs/2026/x. Seen: bucket b/logs/2026, object x.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" arn==0.1.5
PYTHONPATH=$folder python3 - <<'PY'
from arn.s3 import ObjectArn

seen = ObjectArn("arn:aws:s3:::b/logs/2026/x")
print(seen.bucket_name, seen.object_name)
assert (seen.bucket_name, seen.object_name) == ("b/logs/2026", "x")
PY
