#!/usr/bin/env bash
# python-nginx 1.5.7 reads return 200 'a # b'; and writes return "200 'a # b'"; which is one argument instead of two, so
# nginx no longer returns 200. It happens with a # in single quotes; double quotes, or no #, keep the two arguments.
# Guess: what was read is written. Seen: return "200 'a # b'"; for the first.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" python-nginx==1.5.7
PYTHONPATH=$folder python3 - <<'PY'
import nginx

seen = [
    nginx.dumps(nginx.loads(f"server {{ return 200 {text}; }}")).split("\n")[1].strip()
    for text in ("'a # b'", '"a # b"', "'a b'")
]
print(*seen, sep="\n")
assert seen == ["""return "200 'a # b'";""", 'return 200 "a # b";', "return 200 'a b';"], seen
PY
