#!/usr/bin/env bash
# larztotp 0.1.0 (PyPI) writes a blank of the issuer as "+" into an otpauth: URI, where RFC 3986 has no such escape: the key
# URI format of Google Authenticator wants %20, and otpauth 9.5.2 (npm) reads "Big+Corp". The label has %20.
# Guess: issuer=Big%20Corp. Seen: issuer=Big+Corp.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" larztotp==0.1.0
npm install --silent --no-fund --no-audit --prefix "$folder" otpauth@9.5.2
uri=$(PYTHONPATH=$folder python3 -c 'from larztotp import TOTP
print(TOTP("JBSWY3DPEHPK3PXP").provisioning_uri("alice@example.org", issuer="Big Corp"))')
printf '%s\n' "$uri"
NODE_PATH=$folder/node_modules node - "$uri" <<'JS'
const assert = require("assert");
assert.match(process.argv[2], /totp\/Big%20Corp%3A.*issuer=Big\+Corp/);
const { URI } = require("otpauth");
const { issuer } = URI.parse(process.argv[2]);
console.log(issuer);
assert.strictEqual(issuer, "Big+Corp");
JS
