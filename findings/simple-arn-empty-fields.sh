#!/usr/bin/env bash
# simple-arn 0.0.3 writes "None" for an empty region or account, although its documentation shows an ARN of IAM that comes
# back as it was. It also splits the name of an S3 bucket off as a type.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
# Guess: the same ARN. Seen: arn:aws:iam:None:123456789012:user/u, and arn:aws:s3:None:None:b/k.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" simple-arn==0.0.3
PYTHONPATH=$folder python3 - <<'PY'
from simple_arn import AwsArn

seen = [str(AwsArn.parse(arn)) for arn in ("arn:aws:iam::123456789012:user/u", "arn:aws:s3:::b/k")]
print(*seen, AwsArn.parse("arn:aws:s3:::b/k").resource_type)
assert seen == ["arn:aws:iam:None:123456789012:user/u", "arn:aws:s3:None:None:b/k"]
assert AwsArn.parse("arn:aws:s3:::b/k").resource_type == "b"
PY
