#!/usr/bin/env bash
# cpeparser 0.0.2 (PyPI) splits a CPE name at an escaped colon, which moves each field after it by one, and fails at names
# in the URI form unless they have all eleven fields. NISTIR 7695 section 6.2: "\:" is a character of the value; section
# 6.1: a URI has up to seven components, and those at its end may be left out.
# Guess: vendor "a\:b", product c; version 8. Seen: vendor "a\", product b; a TypeError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cpeparser==0.0.2
PYTHONPATH=$folder python3 - <<'PY'
from cpeparser import CpeParser

read = CpeParser().parser
found = read("cpe:2.3:a:a\\:b:c:1.0:*:*:*:*:*:*:*")
try:
    short = read("cpe:/a:microsoft:internet_explorer:8")
except TypeError as error:
    short = type(error).__name__
print(found, short)
assert [found[key] for key in ("vendor", "product", "version")] == ["a\\", "b", "c"]
assert short == "TypeError"
PY
