#!/usr/bin/env bash
# @fidm/asn1 1.0.4 (npm) counts only the last digit of the minutes of an offset in a UTCTime or GeneralizedTime: +0530 counts as
# five hours and +0545 as five hours and five minutes. X.680 sections 46.3 and 47.3: an offset is hhmm.
# Guess: 18:30, 18:15 and 03:30 UTC for midnight. Seen: 19:00, 18:55 and 03:00, and the right hour for +0500.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" @fidm/asn1@1.0.4
NODE_PATH=$folder/node_modules node - <<'JS'
const { ASN1 } = require("@fidm/asn1");
const read = (tag, text) => ASN1.fromDER(Buffer.concat([Buffer.from([tag, text.length]), Buffer.from(text)])).value.toISOString();
const seen = ["+0500", "+0530", "+0545", "-0330"].map((offset) => read(0x18, "20500101000000" + offset));
seen.push(read(0x17, "260101000000+0530"));
console.log(seen);
require("assert").deepStrictEqual(seen, [
  "2049-12-31T19:00:00.000Z",
  "2049-12-31T19:00:00.000Z",
  "2049-12-31T18:55:00.000Z",
  "2050-01-01T03:00:00.000Z",
  "2025-12-31T19:00:00.000Z",
]);
JS
