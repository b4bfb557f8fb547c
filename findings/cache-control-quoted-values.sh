#!/usr/bin/env bash
# Three npm parsers of Cache-Control. cache-control-parser 2.2.0 and cache-parser 1.2.6 drop a number in quotation marks and
# max-stale without a number; RFC 9111 section 5.2 accepts both forms of an argument, and section 5.2.1.2 defines max-stale
# without one. parse-cache-control 1.0.1 keeps the case of names, which match in any case, and the number of s-maxage as a
# string.
# Guess: max-age 60, max-stale. Seen: neither; {"MAX-AGE":"60","s-maxage":"5"}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cache-control-parser@2.2.0 cache-parser@1.2.6 parse-cache-control@1.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse: first } = require("cache-control-parser");
const { parse: second } = require("cache-parser");
const third = require("parse-cache-control");
const held = (found) => Object.fromEntries(Object.entries(found).filter(([, value]) => value));
const seen = ['max-age="60"', "max-stale"].flatMap((header) => [held(first(header)), held(second(header))]);
seen.push(held(first("max-age=60")), held(second("max-age=60")), { ...third("MAX-AGE=60, s-maxage=5") });
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(seen, [
  {}, {}, {}, {}, { "max-age": 60 }, { maxAge: 60 }, { "MAX-AGE": "60", "s-maxage": "5" },
]);
JS
