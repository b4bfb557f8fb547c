#!/usr/bin/env bash
# dmarc-parse 1.2.1 (npm) takes one letter for the failure options fo= of a DMARC record; RFC 7489 section 6.3 defines a list
# with colons, such as 1:d. It reports the tag as invalid and leaves it out.
# Guess: fo with the value 1:d. Seen: "Invalid value for 'fo': '1:d'" and no tag.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dmarc-parse@1.2.1
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("dmarc-parse");
const seen = (parse.default || parse)("v=DMARC1; p=none; fo=1:d");
console.log(Object.keys(seen.tags), seen.messages);
require("assert")(!seen.tags.fo && seen.messages[0].startsWith("Invalid value for 'fo': '1:d'"));
JS
