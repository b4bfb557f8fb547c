#!/usr/bin/env bash
# Two npm readers of .env files change values. envfile 7.1.0 removes each quotation mark and apostrophe, also inside a value and
# of a value that it wrote itself; it takes "export A" for a name. parse-dotenv 2.1.0 cuts a value at its second "=", so that
# base64 loses its end, and keeps quotes. dotenv 17.2.3 documents the rules: inner quotes stay, export is allowed.
# Guess: it's; A; c2VjcmV0cw==; x y. Seen: its; "export A"; c2VjcmV0cw; "x y" with its quotes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" envfile@7.1.0 parse-dotenv@2.1.0 dotenv@17.2.3
NODE_PATH=$folder/node_modules node - <<'JS'
const assert = require("assert");
const fs = require("fs");
const { parse, stringify } = require("envfile");
const parseFile = require("parse-dotenv").default ?? require("parse-dotenv");

process.chdir(fs.mkdtempSync(`${require("path").dirname(process.env.NODE_PATH)}/`));
const text = 'B=c2VjcmV0cw==\nC="x y"\n';
fs.writeFileSync(".env.probe", text);
const seen = [parse(stringify({ A: "it's" })).A, Object.keys(parse("export A=1")), parseFile("./.env.probe")];
const right = require("dotenv").parse("A=it's\nexport D=1\n" + text);
console.log(seen, right);
assert.deepStrictEqual(right, { A: "it's", D: "1", B: "c2VjcmV0cw==", C: "x y" });
assert.deepStrictEqual(seen, ["its", ["export A"], { B: "c2VjcmV0cw", C: '"x y"' }]);
JS
