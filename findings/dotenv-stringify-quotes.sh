#!/usr/bin/env bash
# dotenv-stringify 3.0.1 (npm) writes .env files "per the motdotla/dotenv parser specification", but escapes quotation marks, which
# dotenv does not unescape (its README: only \n is expanded), and does not quote a value in backticks, which dotenv removes.
# Guess: dotenv 17.2.3 reads back what was written. Seen: a backslash in front of each quotation mark; no backticks.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dotenv-stringify@3.0.1 dotenv@17.2.3
NODE_PATH=$folder/node_modules node - <<'JS'
const written = require("dotenv-stringify");
const values = { a: 'say "hi" now', b: "`date`", c: "x y" };
const seen = require("dotenv").parse((written.default ?? written)(values));
console.log(seen);
require("assert").deepStrictEqual(seen, { a: 'say \\"hi\\" now', b: "date", c: "x y" });
JS
