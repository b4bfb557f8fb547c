#!/usr/bin/env bash
# dnspython 2.7.0 does not split a quoted TXT string of more than 255 octets, such as the record of a 2048-bit DKIM key
# in one piece: from_text raises SyntaxError. It takes the same text as two quoted strings, or through TXT's constructor
# in pieces; it joins nothing and cuts nothing.
# Guess: from_text makes strings of 255 and 45 octets. Seen: SyntaxError "string too long"; (255, 45) for two strings.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dnspython==2.7.0
PYTHONPATH=$folder python3 - <<'PY'
import dns.exception
import dns.rdata

try:
    whole = [len(each) for each in dns.rdata.from_text("IN", "TXT", '"' + "a" * 300 + '"').strings]
except dns.exception.SyntaxError as error:
    whole = f"SyntaxError: {error}"
parted = [len(each) for each in dns.rdata.from_text("IN", "TXT", f'"{"a" * 255}" "{"a" * 45}"').strings]
print(whole, parted)
assert whole == "SyntaxError: string too long" and parted == [255, 45]
PY
