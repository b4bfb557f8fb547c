#!/usr/bin/env bash
# linkheader-parser 0.1.2 (npm) drops a link whose relation parameter is written REL, and fails at title*. RFC 8288
# section 3: names of parameters match in any case; section 3.4.1 defines title*.
# Guess: next and last; a title. Seen: last only; SyntaxError at "*".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" linkheader-parser@0.1.2
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("linkheader-parser");
const seen = Object.keys(parse("<https://a.example/2>; REL=next, <https://a.example/9>; rel=last"));
let title;
try {
  title = parse("<https://a.example/2>; rel=next; title*=UTF-8'en'rates").next;
} catch (error) {
  title = error.name;
}
console.log(seen, title);
require("assert").deepStrictEqual([seen, title], [["last"], "SyntaxError"]);
JS
