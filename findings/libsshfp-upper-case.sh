#!/usr/bin/env bash
# libsshfp 0.0.3 (PyPI) reads no SSHFP record with hexadecimal digits in upper case or with blanks in the fingerprint, which
# is how dig prints one. RFC 4255 section 3.2: the fingerprint is hexadecimal text; RFC 1035 section 5.1: fields stand
# between any number of blanks. dnspython 2.8.0 reads both.
# Guess: the record. Seen: the error "No match found in ...".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" libsshfp==0.0.3 dnspython==2.8.0
PYTHONPATH=$folder python3 - <<'PY'
from dns.rdata import from_text
from libsshfp import SSHFP

DIGITS = "0123456789abcdef" * 4
for text in (f"4 2 {DIGITS.upper()}", f"4 2 {DIGITS[:56]} {DIGITS[56:]}", f"4  2  {DIGITS}"):
    try:
        found = SSHFP.from_string(text)
    except Exception as error:
        found = str(error)
    print(found)
    assert found == f"No match found in {text}"
    assert from_text("IN", "SSHFP", text).fingerprint.hex() == DIGITS
assert SSHFP.from_string(f"4 2 {DIGITS}").fingerprint == DIGITS
PY
