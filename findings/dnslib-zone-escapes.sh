#!/usr/bin/env bash
# dnslib 0.9.26 reads \DDD in a zone file in two ways: as decimal in an owner name, which is RFC 1035 section 5.1, and as
# octal in a TXT string. \101 is "e" in a name and "A" in a string, and \195, the first octet of an accented letter, is a
# ValueError. toZone() writes a quotation mark and a backslash of a string without an escape, so fromZone cannot read it.
# Guess: "e" twice, and toZone() returns the line that it read. Seen: "e", "A", ValueError and TXT "a"b\c".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dnslib==0.9.26
PYTHONPATH=$folder python3 - <<'PY'
from dnslib import RR


def text(rdata):
    try:
        return RR.fromZone(f"a.example. 60 IN TXT {rdata}")[0].toZone().split("TXT")[1].strip()
    except ValueError as error:
        return f"ValueError: {error}"


name = str(RR.fromZone(r"\101.example. 60 IN A 192.0.2.1")[0].rname)
seen = [name, text(r'"\101"'), text(r'"\195\169"'), text(r'"a\"b\\c"')]
print(*seen, sep="\n")
assert seen == ["e.example.", '"A"', "ValueError: invalid literal for int() with base 8: '195'", r'"a"b\c"']
PY
