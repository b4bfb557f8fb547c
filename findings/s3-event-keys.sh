#!/usr/bin/env bash
# The keys in S3's event notifications are URL-encoded, with a plus sign for a blank. aws-event-parser 0.3.1 leaves the plus
# sign and so fetches another object; aws-lambda-event 2.0.2 puts the encoded key into its key, uri and arn.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html ("red flower.jpg")
# Guess: "red flower.jpg" from both. Seen: "red+flower.jpg".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" boto3==1.44.5 aws-lambda-event==2.0.2
python3 -m pip install -q --disable-pip-version-check --no-deps --target "$folder" aws-event-parser==0.3.1
PYTHONPATH=$folder AWS_DEFAULT_REGION=us-east-1 python3 -W ignore - <<'PY'
import logging

from aws_lambda_event import S3PutEvent
from awsevents import aws_event_parser

EVENT = {"Records": [{
    "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-11-28T10:00:00.000Z",
    "eventName": "ObjectCreated:Put",
    "s3": {"bucket": {"name": "example-bucket"}, "object": {"key": "red+flower.jpg", "size": 1}},
}]}
fetched = []


class S3:
    def get_object(self, Bucket, Key):
        fetched.append(Key)
        return {}


logging.disable()
aws_event_parser.s3_client = S3()
list(aws_event_parser.AwsEventFactory.factory(EVENT).get_event_payload(EVENT))
record = S3PutEvent.from_dict(EVENT).Records[0]
seen = [*fetched, record.key, record.uri]
print(seen)
assert seen == ["red+flower.jpg", "red+flower.jpg", "s3://example-bucket/red+flower.jpg"]
PY
