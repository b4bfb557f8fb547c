#!/usr/bin/env bash
# blockstack-zones-py3 0.19.1 gives a record without an owner name to the zone itself (@). RFC 1035 section 5.1: a line that
# begins with a blank has the last stated owner. It also drops an escaped quotation mark of a TXT string.
# Guess: two addresses of www, and x"y. Seen: one address of www, one of @, and xy.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" blockstack-zones-py3==0.19.1
PYTHONPATH=$folder python3 - <<'PY'
from blockstack_zones import parse_zone_file

seen = parse_zone_file(
    '$ORIGIN example.org.\n$TTL 300\nwww IN A 192.0.2.1\n  IN A 192.0.2.2\ntext IN TXT "x\\"y"\n'
)
print(seen["a"], seen["txt"])
assert [(each["name"], each["ip"]) for each in seen["a"]] == [("www", "192.0.2.1"), ("@", "192.0.2.2")]
assert [each["txt"] for each in seen["txt"]] == ["xy"]
PY
