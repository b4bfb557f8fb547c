#!/usr/bin/env bash
# aws-sns-verifier 0.1.14 refuses a notification without a Subject, which a publisher may leave out, and finds no attachments
# (None) in a mail that has an octet above 127 which is not UTF-8. aws-sns-message-validator 0.0.5 refuses messages with
# SignatureVersion 2, and signing certificates of the regions in China.
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (Subject: if it was specified) and
# sns-verify-signature-of-message.html (SignatureVersion 1 or 2); RFC 6152 (8bit bodies)
# Guess: all are accepted, one attachment. Seen: a ValidationError, None, two exceptions.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" aws-sns-verifier==0.1.14 \
  aws-sns-message-validator==0.0.5
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import io

from aws_sns_verifier import EmailReceivedMessage, SNSWebhookMessage
from sns_message_validator import SNSMessageValidator

MESSAGE = {
    "Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m",
    "Timestamp": "2026-11-28T10:00:00.000Z", "SignatureVersion": "1", "Signature": "eA==",
    "SigningCertURL": "https://sns.us-east-1.amazonaws.com/a.pem", "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/u",
}
MAIL = (
    b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; charset=iso-8859-1\n"
    b"Content-Transfer-Encoding: 8bit\n\ncaf%s\n--x\nContent-Disposition: attachment; filename=a.txt\n\ntext\n--x--\n"
)


class S3:
    def __init__(self, mail):
        self.mail = mail

    def get_object(self, **_):
        return {"Body": io.BytesIO(self.mail)}


def attempt(act):
    try:
        return act()
    except Exception as error:
        return type(error).__name__


def attachments(mail):
    headers = {"source": "a@example.com", "messageId": "1", "destination": [], "headersTruncated": False, "headers": []}
    received = EmailReceivedMessage(notificationType="Received", mail={**headers, "commonHeaders": {}})
    found = received.attachments(S3(mail), "bucket", "prefix")
    return found and [each.filename for each in found]


def checked(**changes):
    validator, message = SNSMessageValidator(), {**MESSAGE, **changes}
    validator._validate_signature_version(message)
    validator._validate_cert_url(message)
    return True


seen = [
    attempt(lambda: SNSWebhookMessage(**MESSAGE, Subject="s").Subject),
    attempt(lambda: SNSWebhookMessage(**MESSAGE).Subject),
    attachments(MAIL % b"e"),
    attachments(MAIL % b"\xe9"),
    attempt(checked),
    attempt(lambda: checked(SignatureVersion="2")),
    attempt(lambda: checked(SigningCertURL="https://sns.cn-north-1.amazonaws.com.cn/a.pem")),
]
print(*seen, sep="\n")
assert seen == [
    "s", "ValidationError", ["a.txt"], None, True, "InvalidSignatureVersionException", "InvalidCertURLException"
]
PY
