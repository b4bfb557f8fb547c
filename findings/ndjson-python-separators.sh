#!/usr/bin/env bash
# ndjson 0.3.1 (PyPI) turns U+2028 and U+0085 inside a JSON text into a comma and fails at an empty line: it splits the
# lines as str.splitlines() does and joins them with commas. JSON texts may hold both characters as they are (RFC 8259
# section 7), and its own dumps(..., ensure_ascii=False) writes them.
# Guess: the same text back. Seen: "x,y".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" ndjson==0.3.1
PYTHONPATH=$folder python3 - <<'PY'
from ndjson import dumps, loads

ROWS = [{"a": "x\u2028y"}, {"a": "x\u0085y"}]
seen = loads(dumps(ROWS, ensure_ascii=False))
print(seen)
assert seen == [{"a": "x,y"}, {"a": "x,y"}]
assert loads(dumps(ROWS)) == ROWS
try:
    empty = loads('{"a": 1}\n\n{"a": 2}\n')
except ValueError as error:
    empty = type(error).__name__
print(empty)
assert empty == "JSONDecodeError"
PY
