#!/usr/bin/env bash
# parliament 1.6.4 checks IAM policies. AWS's own example for a smallest TLS version, NumericLessThan with the JSON number
# 1.2, ends in a TypeError from re. With the number in quotes the same condition is a MISMATCHED_TYPE, because parliament
# knows s3:TlsVersion by another type than AWS's reference. A JSON boolean in a condition is checked.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
# Guess: no finding for each. Seen: TypeError for 1.2, MISMATCHED_TYPE for "1.2", nothing for false.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" parliament==1.6.4 "setuptools<80"
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import json

import parliament


def check(condition):
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition}
    try:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return {finding.issue for finding in parliament.analyze_policy_string(document).findings}
    except TypeError as error:
        return f"TypeError: {error}"


seen = [
    check({"NumericLessThan": {"s3:TlsVersion": 1.2}}),
    check({"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    check({"Bool": {"aws:SecureTransport": False}}),
]
print(*seen, sep="\n")
assert seen[0].startswith("TypeError: expected string") and "MISMATCHED_TYPE" in seen[1] and not seen[2]
PY
