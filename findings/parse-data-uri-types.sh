#!/usr/bin/env bash
# parse-data-uri 0.2.0 (npm) takes the media type of a data: URL from its start to the first semicolon, wherever that is:
# one without a parameter has the type "data:", and one whose data has a semicolon the type "text/plain,it's".
# Guess: text/plain, text/plain. Seen: "data:" and "text/plain,it's"; the data is right.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" parse-data-uri@0.2.0
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("parse-data-uri");
const seen = ["data:text/plain,a", "data:text/plain,it's;b"].map(parse).map(({ mimeType, data }) => [mimeType, String(data)]);
console.log(seen);
require("assert").deepStrictEqual(seen, [["data:", "a"], ["text/plain,it's", "it's;b"]]);
JS
