#!/usr/bin/env bash
# har 0.1 (PyPI) keeps the last of several headers and parameters with one name of an HTTP Archive, so that one of two
# Set-Cookie headers and one of two query parameters are left. The format has lists so that names can be repeated.
# Guess: both cookies, both values. Seen: b=2 and 2.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" har==0.1
cat >"$folder/a.har" <<'END'
{"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": [{
  "request": {"method": "GET", "url": "https://example.org/?x=1&x=2", "headers": [],
    "queryString": [{"name": "x", "value": "1"}, {"name": "x", "value": "2"}]},
  "response": {"status": 200, "headers": [
    {"name": "Set-Cookie", "value": "a=1"}, {"name": "Set-Cookie", "value": "b=2"}]}}]}}
END
PYTHONPATH=$folder:$folder/har python3 - "$folder/a.har" <<'PY'
import sys

from har.harparser import harparser

requests, responses = harparser(sys.argv[1])
print(requests[0]["queryString"], responses[0]["headers"])
assert requests[0]["queryString"] == {"x": "2"}
assert responses[0]["headers"] == {"Set-Cookie": "b=2"}
PY
