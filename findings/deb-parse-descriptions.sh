#!/usr/bin/env bash
# deb-parse 0.1.1 (PyPI) makes a field of a line of the long description that has a colon, cuts the description there,
# and counts a dependency behind an alternative as one too. Debian Policy 5.1 and 7.1: a line that begins with a
# blank continues the field; | binds closer than the comma.
# Guess: the description; b, c or d, and e. Seen: a field named two; c, with d and e as the alternatives.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" deb-parse==0.1.1
cat >"$folder/probe.py" <<'END'
from deb_parse.parser import Parser

TEXT = """Package: a
Version: 1.0
Depends: b (>= 1.0), c | d, e
Description: short text
 line one
 line two: with a colon
 line three
"""
parsed = Parser(TEXT)
print(parsed.raw_pkg_info[0]["details"])
print(parsed.clean_pkg_info[0])
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{'version': '1.0', 'depends': 'b (>= 1.0), c | d, e', 'description': 'short text\n line one\n line', 'two': 'with a colon\n line three'}
{'name': 'a', 'details': {'version': '1.0', 'synopsis': 'short text', 'description': 'line one\nline', 'depends': ['b (>= 1.0)', 'c'], 'alt_depends': ['d', 'e'], 'reverse_depends': None}}
END
