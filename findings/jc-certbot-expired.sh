#!/usr/bin/env bash
# jc 1.26.1 turns the output of `certbot certificates` into JSON. It removes "VALID: " anywhere in the expiry line, so the
# state of an expired certificate, "INVALID: EXPIRED", becomes a word that certbot does not have.
# Guess: "EXPIRED", or "INVALID: EXPIRED". Seen: "INEXPIRED".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jc==1.26.1
PYTHONPATH=$folder python3 - <<'PY'
import jc

ENTRY = """  Certificate Name: {0}
    Serial Number: 3f
    Key Type: ECDSA
    Domains: {0}
    Expiry Date: {1}
    Certificate Path: /etc/letsencrypt/live/{0}/fullchain.pem
    Private Key Path: /etc/letsencrypt/live/{0}/privkey.pem
"""
text = "Found the following certs:\n" + ENTRY.format("new.example.org", "2027-02-26 11:00:00+00:00 (VALID: 89 days)")
text += ENTRY.format("old.example.org", "2026-02-26 11:00:00+00:00 (INVALID: EXPIRED)")
seen = [each["validity"] for each in jc.parse("certbot", text)["certificates"]]
print(seen)
assert seen == ["89 days", "INEXPIRED"]
PY
