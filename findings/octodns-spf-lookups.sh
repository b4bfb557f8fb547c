#!/usr/bin/env bash
# octodns-spf 1.0.0 checks that an SPF record needs no more than ten DNS lookups. It does not count a mechanism with a
# qualifier (+mx, ?a) or in upper case, it counts "all", and it does not report the eleventh lookup if that is the last term.
# RFC 7208 section 4.6.4: include, a, mx, ptr, exists and redirect count, and ten are allowed; section 4.6.1: a qualifier may
# stand before a mechanism, and names are case-insensitive.
# Guess: 2, 2, 1, 0 and an error. Seen: 2, 0, 0, 1 and 11 without an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" octodns-spf==1.0.0 octodns==1.17.0 dnspython==2.8.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
from octodns_spf.processor import SpfDnsLookupProcessor

check = SpfDnsLookupProcessor("spf").check_dns_lookups
eleven = " ".join(f"a:h{number}.example.com" for number in range(11))
terms = ["a mx -all", "+mx ?a:b.example.com -all", "A -all", "ip4:192.0.2.1 all", eleven]
seen = [check("example.com.", [f"v=spf1 {each}"]) for each in terms]
print(seen)
assert seen == [2, 0, 0, 1, 11]
PY
