#!/usr/bin/env bash
# iso8601-duration 2.1.4 (npm) drops the sign of -P1D and returns a day. tinyduration 3.4.1 and parse-xsd-duration 0.5.0
# return a negative duration, as XML Schema defines it: https://www.w3.org/TR/xmlschema11-2/#duration
# Guess: -86400, or an error. Seen: 86400; the others negative.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" iso8601-duration@2.1.4 tinyduration@3.4.1 parse-xsd-duration@0.5.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse, toSeconds } = require("iso8601-duration");
const xsd = require("parse-xsd-duration").default;
const seen = [toSeconds(parse("-P1D")), require("tinyduration").parse("-P1D"), xsd("-P1D")];
console.log(seen);
require("assert").deepStrictEqual(seen, [86400, { days: 1, negative: true }, -86400]);
JS
