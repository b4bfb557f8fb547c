#!/usr/bin/env bash
# csp-parse 0.0.2 (npm) keeps the last of two directives of the same name. A browser uses the first and ignores the others:
# https://www.w3.org/TR/CSP3/#parse-serialized-policy
# Guess: a.example. Seen: b.example.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" csp-parse@0.0.2
NODE_PATH=$folder/node_modules node - <<'JS'
const Policy = require("csp-parse");
const seen = new Policy("script-src a.example; script-src b.example").get("script-src");
console.log(seen);
require("assert").strictEqual(seen, "b.example");
JS
