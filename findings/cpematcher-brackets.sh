#!/usr/bin/env bash
# cpematcher 0.0.8 (PyPI) does not match a CPE name that has an escaped bracket with itself, since it takes the name for a
# pattern of fnmatch, and does not match version 1.5 for 1.? (NISTIR 7696: "?" stands for one character).
# Guess: True, True. Seen: False, False.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cpematcher==0.0.8
PYTHONPATH=$folder python3 - <<'PY'
from cpematcher.core import CPE

brackets = CPE("cpe:2.3:a:v:a\\[b\\]:1.0:*:*:*:*:*:*:*")
wild, exact = (CPE(f"cpe:2.3:a:v:p:{version}:*:*:*:*:*:*:*") for version in ("1.?", "1.5"))
seen = [brackets.matches(brackets), wild.matches(exact)]
print(seen)
assert seen == [False, False]
assert exact.matches(exact)
PY
