#!/usr/bin/env bash
# json5kit 0.4.0 (PyPI) refuses the block comments, exponents and escapes of JSON5, three of them valid in JSON too; mjson5
# 0.9.13.2 refuses a negative hexadecimal number, +Infinity and U+2028 in a string. https://spec.json5.org sections 5 to 7.
# Guess: none refused. Seen: a Json5ParseError for each of the first, a ValueError for each of the others.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" json5kit==0.4.0 mjson5==0.9.13.2
PYTHONPATH=$folder python3 - <<'PY'
from json5kit import parse
from mjson5 import loads


def attempt(read, text):
    try:
        return read(text)
    except Exception as error:
        return type(error).__name__


first = [attempt(parse, text) for text in ("[1, /* a */ 2]", "1e5", '"a\\/b"', '"\\f"')]
second = [attempt(loads, text) for text in ("-0x1", "+Infinity", '"a\u2028b"')]
print(first, second)
assert first == ["Json5ParseError"] * 4
assert second == ["ValueError"] * 3
assert loads('[1, /* a */ 1e5, "a\\/b"]') == [1, 1e5, "a/b"]
PY
