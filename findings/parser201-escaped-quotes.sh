#!/usr/bin/env bash
# parser201 1.6.0 parses access logs of Apache. It ends a user agent at an escaped quotation mark, without an error, though it
# reads one in the request line: https://httpd.apache.org/docs/current/mod/mod_log_config.html (format notes: \").
# Guess: all of the user agent. Seen: what stands before the mark, with the backslash.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" parser201==1.6.0
PYTHONPATH=$folder python3 - <<'PY'
from parser201 import LogParser

read = LogParser(
    r'192.0.2.1 - - [28/Nov/2026:12:00:00 +0000] "GET /?a=\"b HTTP/1.1" 200 5 "https://example.org/" "agent \"one\" x"'
)
print(read.requestline, "|", read.referrer, "|", read.useragent)
assert read.requestline == r"GET /?a=\"b HTTP/1.1" and read.useragent == "agent \\"
PY
