#!/usr/bin/env bash
# trailscraper 0.10.0 writes an IAM policy from what CloudTrail recorded. For PutBucketReplication it writes
# s3:DeleteReplicationConfiguration, an action that IAM does not have, where the call needs s3:PutReplicationConfiguration;
# GetBucketReplication is right. For CopyObject it leaves out s3:GetObject of the source.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
# Guess: s3:PutReplicationConfiguration; s3:GetObject and s3:PutObject. Seen: the other name; only s3:PutObject.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" trailscraper==0.10.0 "setuptools<80"
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import datetime

from trailscraper.cloudtrail import Record

TIME = datetime.datetime(2026, 11, 28, tzinfo=datetime.timezone.utc)
seen = {
    call: [action.json_repr() for action in Record("s3.amazonaws.com", call, event_time=TIME).to_statement().Action]
    for call in ("GetBucketReplication", "PutBucketReplication", "CopyObject")
}
print(seen)
assert seen == {
    "GetBucketReplication": ["s3:GetReplicationConfiguration"],
    "PutBucketReplication": ["s3:DeleteReplicationConfiguration"],
    "CopyObject": ["s3:PutObject"],
}
PY
