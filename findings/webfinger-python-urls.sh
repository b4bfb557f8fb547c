#!/usr/bin/env bash
# webfinger 1.0 (PyPI) asks a host that no one has if the resource is a URL without a user: it takes all of the URL for the
# host. RFC 7033 section 3.1 and 4.1: the resource may be any URI, and the client asks the host of it.
# Guess: https://blog.example.com/.well-known/webfinger. Seen:
# https://https://blog.example.com/article/id/314/.well-known/webfinger.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" setuptools==80.9.0 requests==2.32.5
PYTHONPATH=$folder python3 -m pip install -q --disable-pip-version-check --no-build-isolation --target "$folder" webfinger==1.0
PYTHONPATH=$folder python3 - <<'PY'
from unittest import mock

from webfinger import WebFingerClient

seen = []
for resource in ("acct:carol@example.com", "https://blog.example.com/article/id/314"):
    with mock.patch("requests.get") as get:
        get.return_value.headers = {"Content-Type": "application/jrd+json"}
        WebFingerClient().finger(resource)
    seen.append(get.call_args.args[0])
print(*seen, sep="\n")
assert seen == [
    "https://example.com/.well-known/webfinger",
    "https://https://blog.example.com/article/id/314/.well-known/webfinger",
]
PY
