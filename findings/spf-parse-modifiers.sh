#!/usr/bin/env bash
# spf-parse 1.0.4 (npm) reports an unknown modifier of an SPF record as an error, and mx//64 too. RFC 7208 section 6: unknown
# modifiers are ignored, for example ra= and rp= of RFC 6652; section 5.4: mx takes a prefix length for each family.
# Guess: no message. Seen: "Unknown standalone term", twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" spf-parse@1.0.4
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("spf-parse");
const records = ["v=spf1 mx -all", "v=spf1 mx ra=postmaster -all", "v=spf1 mx//64 -all"];
const seen = records.map((record) => (parse(record).messages || []).map(({ type, message }) => `${type}: ${message}`));
console.log(seen);
require("assert").deepStrictEqual(seen, [
  [], ["error: Unknown standalone term 'ra=postmaster'"], ["error: Unknown standalone term 'mx//64'"],
]);
JS
