#!/usr/bin/env bash
# jc 1.26.1 does not read escapes and quotes of the formats that it turns into JSON, and reports no error. An escaped quotation
# mark ends a value of syslog's structured data (RFC 5424 section 6.3.3) and the user agent of an access log (Apache's
# mod_log_config). The strings of a TXT record (RFC 1035 section 3.3.14) become one, with the quotes between them in it. A
# blank of a path in fstab, \040 in fstab(5), and a backslash in os-release(5) stay as they are written.
# Guess: a "b" c, twice; two strings; /a b; a "b". Seen: what stands before the mark, and the escapes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jc==1.26.1
PYTHONPATH=$folder python3 - <<'PY'
import jc

DIG = """;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0

;; QUESTION SECTION:
;k.example.\t\t\tIN\tTXT

;; ANSWER SECTION:
k.example.\t60\tIN\tTXT\t"v=DKIM1; p=one" "two"

;; Query time: 1 msec
"""
syslog = jc.parse("syslog", r'<13>1 2026-11-28T12:00:00Z host app - - [x@1 y="a \"b\" c"] text')
access = jc.parse("clf", r'192.0.2.1 - - [28/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "a \"b\" c"')
seen = [
    syslog[0]["structured_data"][0]["parameters"]["y"],
    access[0]["user_agent"],
    jc.parse("dig", DIG)[0]["answer"][0]["data"],
    jc.parse("fstab", r"/dev/x /a\040b ext4 ro 0 0")[0]["fs_file"],
    jc.parse("os_release", r'PRETTY_NAME="a \"b\""')["PRETTY_NAME"],
]
print(*seen, sep="\n")
assert seen == ["a ", "a \\", 'v=DKIM1; p=one" "two', "/a\\040b", 'a \\"b\\"']
PY
