#!/usr/bin/env bash
# moto 5.2.5 emulates SNS and EventBridge. It accepts a filter policy with equals-ignore-case and delivers nothing for it, it
# refuses cidr, and a rule does not match a field of the objects in a list.
# https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html; README of aws/event-ruler (arrays)
# Guess: one message for each policy, and a match. Seen: one for the prefix, none for equals-ignore-case, an error; no match.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" 'moto[sns,sqs,events]==5.2.5' boto3==1.44.5
PYTHONPATH=$folder AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1 python3 -W ignore - <<'PY'
import json

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.events.models import EventPattern

POLICIES = [[{"prefix": "examp"}], [{"equals-ignore-case": "EXAMPLE"}], [{"cidr": "10.0.0.0/24"}]]


def delivered(policy):
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"FilterPolicy": json.dumps({"address": policy})}
    try:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    except ClientError as error:
        return error.response["Error"]["Message"].split(": ")[-1]
    attribute = {"DataType": "String", "StringValue": "example"}
    sns.publish(TopicArn=topic, Message="m", MessageAttributes={"address": attribute})
    return len(sqs.receive_message(QueueUrl=url).get("Messages", []))


seen = []
for policy in POLICIES:
    with mock_aws():
        seen.append(delivered(policy))
pattern = EventPattern.load(json.dumps({"detail": {"disks": {"state": ["full"]}}}))
seen += [pattern.matches_event({"detail": {"disks": disks}}) for disks in ({"state": "full"}, [{"state": "full"}])]
print(seen)
assert seen == [1, 0, "Unrecognized match type cidr", True, False]
PY
