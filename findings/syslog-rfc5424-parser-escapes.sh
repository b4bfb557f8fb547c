#!/usr/bin/env bash
# syslog-rfc5424-parser 0.3.2 returns the values of structured data with their escapes, keeps the last of several parameters of
# one name, and leaves the byte order mark in the message. RFC 5424 section 6.3.3: a backslash escapes quotation mark, backslash
# and bracket, and a parameter may be repeated; section 6.4: the mark says that the text is UTF-8.
# Guess: 'a"b]', both addresses, "text". Seen: 'a\"b\]', the second address, the mark and text.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" syslog-rfc5424-parser==0.3.2
PYTHONPATH=$folder python3 - <<'PY'
from syslog_rfc5424_parser import SyslogMessage

record = r'<34>1 2026-11-28T22:14:15Z h app - - [x@32473 note="a\"b\]" ip="192.0.2.1" ip="192.0.2.2"] '
seen = SyslogMessage.parse(record + "\ufefftext").as_dict()
print(seen["sd"], ascii(seen["msg"]))
assert seen["sd"] == {"x@32473": {"note": r"a\"b\]", "ip": "192.0.2.2"}} and seen["msg"] == "\ufefftext"
PY
