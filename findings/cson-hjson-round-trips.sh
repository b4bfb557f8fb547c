#!/usr/bin/env bash
# cson-parser 4.0.9 (npm) writes a text whose lines start with blanks as one that it reads without the first, and a text
# with CR LF as one with LF. hjson 3.2.2 does the latter, too. JSON keeps both.
# Guess: the same texts. Seen: "x\n y" for " x\n  y", "x\ny" for "x\r\ny".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cson-parser@4.0.9 hjson@3.2.2
NODE_PATH=$folder/node_modules node - <<'JS'
const cson = require("cson-parser");
const hjson = require("hjson");
const TEXTS = [" x\n  y", "x\r\ny"];
const seen = [
  TEXTS.map((a) => cson.parse(cson.stringify({ a }, null, 2)).a),
  TEXTS.map((a) => hjson.parse(hjson.stringify({ a })).a),
];
console.log(seen);
require("assert").deepStrictEqual(seen, [["x\n y", "x\ny"], [" x\n  y", "x\ny"]]);
JS
