#!/usr/bin/env bash
# zonefile-parser 0.1.20 keeps only the first string of a TXT record of several, without an error. A DKIM key of 2048 bits
# always has two (a string holds 255 octets at most, RFC 1035 section 3.3), so the key that it returns is cut. A line that
# starts with a blank, which repeats the last owner name (section 5.1), is a TypeError.
# Guess: both strings, and two records of one name. Seen: the first string, and TypeError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" zonefile-parser==0.1.20
PYTHONPATH=$folder python3 - <<'PY'
import zonefile_parser

ZONE = "$ORIGIN example.\n$TTL 60\n"


def parse(text):
    try:
        return [(record.name, record.rtype, record.rdata["value"]) for record in zonefile_parser.parse(ZONE + text)]
    except TypeError as error:
        return f"TypeError: {error}"


seen = [parse('k._domainkey IN TXT "v=DKIM1; p=first" "second"\n'), parse("a IN A 192.0.2.1\n  IN A 192.0.2.2\n")]
print(*seen, sep="\n")
assert seen[0] == [("k._domainkey.example.", "TXT", "v=DKIM1; p=first")]
assert seen[1].startswith("TypeError: unsupported operand")
PY
