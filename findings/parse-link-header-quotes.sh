#!/usr/bin/env bash
# parse-link-header 2.0.0 (npm) ends a quoted parameter of a Link field at a semicolon. RFC 8288 section 3: it is a quoted
# string of RFC 9110, in which a semicolon is text.
# Guess: the title "a; b". Seen: "a"; http-link-header 1.1.4 returns "a; b".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" parse-link-header@2.0.0 http-link-header@1.1.4
NODE_PATH=$folder/node_modules node - <<'JS'
const field = '<https://example.org/?page=2>; rel="next"; title="a; b"';
const seen = [require("parse-link-header")(field).next.title, require("http-link-header").parse(field).refs[0].title];
console.log(seen);
require("assert").deepStrictEqual(seen, ["a", "a; b"]);
JS
