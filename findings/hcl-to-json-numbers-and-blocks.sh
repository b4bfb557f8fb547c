#!/usr/bin/env bash
# hcl-to-json 0.1.1 (npm): numbers in a list become strings, though a single number stays a number, \n in a string stays two
# characters, and a block with two labels in one line loses its content to keys named "{" and "=". All is valid HCL:
# https://github.com/hashicorp/hcl/blob/hcl1/README.md#syntax
# Guess: [22], a line feed, {"k": "v"}. Seen: ["22"], a backslash and an n, {"{": {"k": {"=": {"v": {}}}}}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" hcl-to-json@0.1.1
NODE_PATH=$folder/node_modules node - <<'JS'
const read = require("hcl-to-json");
const seen = read('port = 22\nports = [22]\ntext = "a\\nb"\nr "s" "t" { k = "v" }\n');
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(seen, {
  port: 22,
  ports: ["22"],
  text: "a\\nb",
  r: { s: { t: { "{": { k: { "=": { v: {} } } } } } },
});
JS
