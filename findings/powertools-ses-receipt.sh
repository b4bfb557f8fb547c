#!/usr/bin/env bash
# aws-lambda-powertools 3.37.0: SesModel, its parser of the event that SES sends to a function, takes invocationType "Event"
# only, where a receipt rule can also have RequestResponse, and a mail with a Subject only, where RFC 5322 section 3.6 makes
# it optional. The verdict of DKIM and the DMARC policy, which are in every receipt, are dropped.
# https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html
# Guess: both are parsed, dkimVerdict with them. Seen: a ValidationError each; the model has no dkimVerdict.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" "aws-lambda-powertools[parser]==3.37.0"
PYTHONPATH=$folder python3 - <<'PY'
import copy

from aws_lambda_powertools.utilities.parser.models import SesModel
from pydantic import ValidationError

TIME, PASS = "2026-11-28T10:00:00.000Z", {"status": "PASS"}
EVENT = {"Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": {
    "mail": {
        "timestamp": TIME, "source": "a@example.com", "messageId": "1", "destination": ["b@example.org"],
        "headersTruncated": False, "headers": [{"name": "Subject", "value": "hi"}],
        "commonHeaders": {
            "from": ["a@example.com"], "to": ["b@example.org"], "returnPath": "a@example.com", "messageId": "<1@example.com>",
            "date": "Sat, 28 Nov 2026 10:00:00 +0000", "subject": "hi",
        },
    },
    "receipt": {
        "timestamp": TIME, "processingTimeMillis": 5, "recipients": ["b@example.org"], "spamVerdict": PASS,
        "virusVerdict": PASS, "spfVerdict": PASS, "dkimVerdict": PASS, "dmarcVerdict": PASS, "dmarcPolicy": "reject",
        "action": {
            "type": "Lambda", "invocationType": "Event", "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        },
    },
}}]}


def parse(change):
    event = copy.deepcopy(EVENT)
    change(event["Records"][0]["ses"])
    try:
        return sorted(SesModel.model_validate(event).Records[0].ses.receipt.model_dump())
    except ValidationError as error:
        return [f"{'.'.join(map(str, each['loc'][3:]))}: {each['type']}" for each in error.errors()]


seen = [
    parse(lambda ses: None),
    parse(lambda ses: ses["receipt"]["action"].update(invocationType="RequestResponse")),
    parse(lambda ses: ses["mail"]["commonHeaders"].pop("subject")),
]
print(*seen, sep="\n")
assert "spfVerdict" in seen[0] and "dkimVerdict" not in seen[0] and "dmarcPolicy" not in seen[0]
assert seen[1:] == [["receipt.action.invocationType: literal_error"], ["mail.commonHeaders.subject: missing"]]
PY
