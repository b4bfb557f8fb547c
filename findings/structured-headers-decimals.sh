#!/usr/bin/env bash
# structured-headers 2.1.0 (npm) rounds a decimal that lies half-way up, and its serializeDecimal() writes 2 as "2.", which
# its own parser refuses. RFC 9651 section 4.1.5 rounds to the even digit and writes at least one digit after the point.
# 0.0625 and 2 are exact in binary.
# Guess: 0.062, and 2.0. Seen: 0.063, and "2.", which does not parse.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" structured-headers@2.1.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { serializeItem, serializeDecimal, parseItem } = require("structured-headers");
const seen = [serializeItem([0.0625, new Map()]), serializeDecimal(2)];
let parsed;
try {
  parsed = parseItem(seen[1]);
} catch (error) {
  parsed = error.constructor.name;
}
console.log(seen, parsed);
require("assert").deepStrictEqual([...seen, parsed], ["0.063", "2.", "ParseError"]);
JS
