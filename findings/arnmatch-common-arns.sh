#!/usr/bin/env bash
# arnmatch 2026.5.1 finds the type of resource for an ARN, out of 2100. It has no pattern for a managed policy of AWS nor for
# the session of a role, which is in every CloudTrail record, and takes a subscription of SNS for a topic.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
# Guess: policy, assumed role, subscription. Seen: ARNError twice, and topic.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" arnmatch==2026.5.1
PYTHONPATH=$folder python3 - <<'PY'
import arnmatch


def kind(arn):
    try:
        return arnmatch.arnmatch(arn).resource_type
    except arnmatch.ARNError:
        return "ARNError"


seen = [
    kind("arn:aws:iam::123456789012:policy/own"),
    kind("arn:aws:iam::aws:policy/ReadOnlyAccess"),
    kind("arn:aws:sts::123456789012:assumed-role/role/session"),
    kind("arn:aws:sns:us-east-1:123456789012:alarms:6b0e71bd-7e97-4d97-80ce-4a0994e55286"),
]
print(seen)
assert seen == ["policy", "ARNError", "ARNError", "topic"]
PY
