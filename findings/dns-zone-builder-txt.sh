#!/usr/bin/env bash
# dns-zone-builder 0.1.11 writes a text of more than 255 octets, such as a DKIM key of 2048 bits, as one string (RFC 1035
# section 3.3: 255 at most), so no nameserver loads the zone. It does not escape a backslash (section 5.1), so the reader
# loses it.
# Guess: strings of 255 octets, and a\\b. Seen: one string, which dnspython 2.8.0 refuses, and a\b, which it reads as ab.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dns-zone-builder==0.1.11 dnspython==2.8.0
PYTHONPATH=$folder python3 - <<'PY'
import dns.exception
import dns.zone
from dns_zone_builder import DnsZoneBuilder


def read_back(text):
    builder = DnsZoneBuilder("example.org", 300)
    builder.add_soa_rr("ns1", "hostmaster@example.org", serial=1)
    builder.add_txt_rr("text", text)
    try:
        zone = dns.zone.from_text(str(builder), check_origin=False)
    except dns.exception.SyntaxError as error:
        return f"SyntaxError: {str(error).split(': ')[-1]}"
    return zone.find_rdataset("text", "TXT")[0].strings[0].decode()


seen = [read_back(text) for text in ("plain", "x" * 300, "a\\b")]
print(seen)
assert seen == ["plain", "SyntaxError: string too long", "ab"]
PY
