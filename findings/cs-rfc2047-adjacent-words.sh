#!/usr/bin/env bash
# cs.rfc2047 20200524 keeps the white space between two encoded words of a header. RFC 2047 section 6.2: it is ignored, because
# a long text is split into words for its length only. Python's own email.header does that.
# Guess: "onetwo". Seen: "one two", and "one\r\n two" for a folded header.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cs-rfc2047==20200524
PYTHONPATH=$folder python3 - <<'PY'
from email.header import decode_header, make_header

from cs.rfc2047 import unrfc2047

seen = [unrfc2047(f"=?utf-8?Q?one?={space}=?utf-8?Q?two?=") for space in (" ", "\r\n ")]
right = str(make_header(decode_header("=?utf-8?Q?one?= =?utf-8?Q?two?=")))
print(right, seen)
assert right == "onetwo" and seen == ["one two", "one\r\n two"]
PY
