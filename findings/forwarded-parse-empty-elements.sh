#!/usr/bin/env bash
# forwarded-parse 2.2.0 (npm) refuses an empty element of a Forwarded header and a semicolon at the end of one. RFC 7239
# section 4 makes each pair of an element optional, and RFC 9110 section 5.6.1.2 has recipients ignore empty elements.
# Guess: two addresses; one address. Seen: a ParseError each.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" forwarded-parse@2.2.0
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("forwarded-parse");
const seen = ["for=192.0.2.1,, for=192.0.2.2", "for=192.0.2.1;", "for=192.0.2.1, for=192.0.2.2"].map((header) => {
  try {
    return parse(header).map((element) => element.for);
  } catch (error) {
    return error.name;
  }
});
console.log(seen);
require("assert").deepStrictEqual(seen, ["ParseError", "ParseError", ["192.0.2.1", "192.0.2.2"]]);
JS
