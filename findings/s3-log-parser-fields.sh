#!/usr/bin/env bash
# s3-log-parser 1.0.0 matches the fields of an S3 server access log with character classes that are too narrow. It cannot parse
# the line of a key with a slash, a bucket with a dot, an operation with an underscore or a session name with an "@".
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (the key /photos/2019/08/puppy.jpg is its example)
# Guess: all five lines are parsed. Seen: the first one is, the others raise LineDoesntMatchException.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" s3-log-parser==1.0.0 user-agents==2.2.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import s3_log_parser

FORMAT = '%BO %B %t %a %r %si %o %k "%R" %s %e %b %y %m %n "%{Referer}i" "%{User-Agent}i" %v'
OWNER = "0123456789abcdef" * 4
PARSE = s3_log_parser.make_parser(FORMAT)


def parse(bucket="example-bucket", operation="REST.GET.OBJECT", key="puppy.jpg", requester=OWNER):
    line = (
        f'{OWNER} {bucket} [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {requester} 3E57427F3EXAMPLE {operation} {key} '
        f'"GET /{bucket}/{key} HTTP/1.1" 200 - 113 113 7 6 "-" "curl/8.0" -'
    )
    try:
        return PARSE(line)["key"]
    except s3_log_parser.LineDoesntMatchException as error:
        return type(error).__name__


seen = [
    parse(),
    parse(key="photos/2019/08/puppy.jpg"),
    parse(bucket="www.example.com"),
    parse(operation="REST.GET.OBJECT_TAGGING"),
    parse(requester="arn:aws:sts::123456789012:assumed-role/reader/someone@example.com"),
]
print(*seen, sep="\n")
assert seen == ["puppy.jpg"] + 4 * ["LineDoesntMatchException"]
PY
