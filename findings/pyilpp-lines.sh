#!/usr/bin/env bash
# pyilpp 0.1.0 reads InfluxDB's line protocol. It returns no point for two lines or for a tag value that starts with an underscore,
# without an error, drops the blanks at the start of a string value, and a backslash in front of any character.
# InfluxDB's line protocol reference: a line feed separates points; "Naming restrictions" bar the underscore for names only;
# "Special characters": in a string value a backslash escapes a quotation mark or a backslash.
# Guess: two points; one point; " a" and "C:\dir", as line-protocol-parser 2.0.1 reads. Seen: [], [], "a" and "C:dir".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pyilpp==0.1.0 line-protocol-parser==2.0.1
PYTHONPATH=$folder python3 - <<'PY'
import line_protocol_parser
import pyilpp

text = r'm f=" a",g="C:\dir"'
fields = pyilpp.parse(text)[0]["fields"]
right = line_protocol_parser.parse_line(text)["fields"]
seen = [pyilpp.parse("m f=1\nn f=2"), pyilpp.parse("m,t=_x f=1"), pyilpp.parse("m,t=x f=1")[0]["tags"]]
print(right, fields, seen)
assert right == {"f": " a", "g": "C:\\dir"} and fields == {"f": "a", "g": "C:dir"}
assert seen == [[], [], {"t": "x"}]
PY
