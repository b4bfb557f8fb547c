#!/usr/bin/env bash
# s3-url-helper 0.5.0 (PyPI) cuts a key at a question mark and removes a slash at its start, so object a of the bucket
# stands for a?x, which its methods read, write and delete. Both are valid in the key of an S3 object, and #, blanks
# and %20 are kept as they are. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
# Guess: a?x and /k. Seen: a and k.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" s3-url-helper==0.5.0
cat >"$folder/probe.py" <<'END'
from s3_url import S3Url

for text in ("s3://b/a#x", "s3://b/a%20b", "s3://b/a?x", "s3://b//k"):
    url = S3Url(text)
    print(text, url.bucket, url.key)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
s3://b/a#x b a#x
s3://b/a%20b b a%20b
s3://b/a?x b a
s3://b//k b k
END
