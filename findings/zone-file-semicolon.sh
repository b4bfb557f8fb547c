#!/usr/bin/env bash
# zone-file 1.0.0 (npm) takes a semicolon inside a quoted TXT string for a comment and cuts the string there, without an
# error: every DMARC and DKIM record is lost but for its version. CAA records disappear. RFC 1035 section 5.1: a semicolon in
# a quoted string is text.
# Guess: "v=DMARC1; p=none" and a CAA record. Seen: "v=DMARC1" and nothing.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" zone-file@1.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { parseZoneFile } = require("zone-file");
const zone = parseZoneFile(`$ORIGIN example.
_dmarc 60 IN TXT "v=DMARC1; p=none"
@ 60 IN CAA 0 issue "letsencrypt.org"
`);
console.log(JSON.stringify(zone));
require("assert").deepStrictEqual([zone.txt[0].txt, zone.caa], ["v=DMARC1", undefined]);
JS
