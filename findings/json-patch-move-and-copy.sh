#!/usr/bin/env bash
# json-patch 0.7.0 (npm): a JSON Patch cannot move a value to a name that exists, and a copied object is the same object as
# its source, so a later operation on the copy changes both. RFC 6902 section 4.4 defines move as a removal and an add, and
# an add replaces what exists (section 4.1); section 4.5 defines copy as an add of the value.
# Guess: {"b":1}; only c.x is 2. Seen: "Value at b exists"; a.x and c.x are 2.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" json-patch@0.7.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { apply } = require("json-patch");
let moved;
try {
  moved = apply({ a: 1, b: 2 }, [{ op: "move", from: "/a", path: "/b" }]);
} catch (error) {
  moved = error.message;
}
const copied = apply({ a: { x: 1 } }, [
  { op: "copy", from: "/a", path: "/c" },
  { op: "replace", path: "/c/x", value: 2 },
]);
console.log(moved, JSON.stringify(copied));
require("assert").deepStrictEqual([moved, copied], ["Value at b exists", { a: { x: 2 }, c: { x: 2 } }]);
JS
