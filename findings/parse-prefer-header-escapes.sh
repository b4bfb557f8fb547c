#!/usr/bin/env bash
# parse-prefer-header 1.0.0 (npm) drops a preference whose value has an escaped quotation mark. RFC 7240 section 2: the value of a
# preference is a word, so a token or a quoted-string, and RFC 9110 section 5.6.4 has quoted-pair in a quoted-string.
# Guess: { foo: 'a"b' }. Seen: {}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" parse-prefer-header@1.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("parse-prefer-header");
const seen = [parse('foo="ab"'), parse('foo="a\\"b"')];
console.log(seen, parse('respond-async, foo="a\\"b"'));
require("assert").deepStrictEqual(seen.map((found) => ({ ...found })), [{ foo: "ab" }, {}]);
JS
