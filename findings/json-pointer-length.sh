#!/usr/bin/env bash
# jsonpointer 5.0.1, jsonpointerx 1.2.5 and json-pointer 0.6.2 (npm) return the length of a list for the pointer /a/length.
# jsonpointer.js 0.4.0 refuses it. RFC 6901 section 4: in a list a token is an index or "-"; anything else is an error.
# Guess: an error or undefined. Seen: 2, 2, 2, and an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonpointer@5.0.1 jsonpointerx@1.2.5 json-pointer@0.6.2 jsonpointer.js@0.4.0
NODE_PATH=$folder/node_modules node - <<'JS'
const DOCUMENT = { a: ["x", "y"] };
const readers = [
  require("jsonpointer").get,
  require("jsonpointerx").JsonPointer.get,
  require("json-pointer").get,
  require("jsonpointer.js").get,
];
const seen = readers.map((get) => {
  try {
    return get(DOCUMENT, "/a/length");
  } catch {
    return "refused";
  }
});
console.log(seen);
require("assert").deepStrictEqual(seen, [2, 2, 2, "refused"]);
JS
