#!/usr/bin/env bash
# s3urls 0.0.3 (PyPI) reads the bucket out of a URL of S3. Of a bucket name with dots, which is allowed, it returns the first
# part only, so the URL of logs.example.org is one of the bucket "logs".
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Guess: logs.example.org. Seen: logs.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" s3urls==0.0.3
PYTHONPATH=$folder python3 - <<'PY'
import s3urls

seen = [s3urls.parse_url(f"https://{name}.s3.us-west-2.amazonaws.com/key") for name in ("logs", "logs.example.org")]
print(*seen, sep="\n")
assert seen == [{"bucket": "logs", "key": "key"}] * 2
PY
