#!/usr/bin/env bash
# rfc2047 4.0.1 (npm) writes encoded words of 84 characters for Chinese text and drops a tab in front of one. It decodes an
# encoded word inside of another word, and none with a language. RFC 2047 section 2: 75 characters at most; section 5 (1): white
# space separates it from other text. RFC 2231 section 5 adds the language after an asterisk.
# Guess: 75 or less; the tab; "x=?utf-8?Q?a?=y"; "a". Seen: 84; a blank; "xay"; "=?utf-8*en?Q?a?=".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" rfc2047@4.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const { decode, encode } = require("rfc2047");
const words = encode("\u6f22".repeat(40)).split(" ");
const seen = [
  Math.max(...words.map(({ length }) => length)),
  decode(encode("a\t\u00fc")),
  decode("x=?utf-8?Q?a?=y"),
  decode("=?utf-8*en?Q?a?="),
];
console.log(seen);
require("assert").deepStrictEqual(seen, [84, "a \u00fc", "xay", "=?utf-8*en?Q?a?="]);
JS
