#!/usr/bin/env bash
# openssl-cert-tools 1.4.3 (npm) splits the subject and the issuer that openssl prints at commas. A comma in a value, which
# openssl escapes or quotes, ends it: the organization of "Example, Inc." is left with a backslash.
# openssl-namedisplay-options(1); RFC 4514 section 2.4: a comma in a value is escaped.
# Guess: O is "Example, Inc.". Seen: O is "Example\".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" openssl-cert-tools@1.4.3
cd "$folder"
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -days 90 \
  -subj "/O=Example, Inc./CN=example.com" -out example.crt 2>/dev/null
cat >subject.cjs <<'JS'
const assert = require("node:assert");
const { readFileSync } = require("node:fs");

require("openssl-cert-tools").getCertificateInfo(readFileSync("example.crt", "ascii"), (error, info) => {
  assert(!error);
  console.log(info.subject, info.issuer);
  assert.deepStrictEqual([info.subject.CN, info.subject.O], ["example.com", "Example\\"]);
});
JS
node subject.cjs
