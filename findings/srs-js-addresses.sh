#!/usr/bin/env bash
# srs.js 0.1.0 (npm) has no method forward, which its README calls, and cannot reverse an SRS1 address that it wrote with
# the separator "-" or "+". The README: var rewritten = rewriter.forward("orig", "example.org"); the option separator
# takes "=", "-" and "+", and an SRS address has "=" in all places but the first (http://www.libsrs2.net/srs/srs.pdf).
# Guess: a function; an address that reverse() reads. Seen: undefined; an Error for "-" and "+", but none for "=".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" srs.js@0.1.0
NODE_PATH=$folder/node_modules node - <<'JS'
const SRS = require("srs.js");
const seen = [typeof new SRS({ secret: "a" }).forward];
for (const separator of ["=", "-", "+"]) {
  const rewriter = new SRS({ secret: "a", separator });
  const second = rewriter.rewrite(rewriter.rewrite("orig", "a.example"), "b.example");
  let reversed;
  try {
    reversed = typeof rewriter.reverse(second);
  } catch (error) {
    reversed = error.message;
  }
  console.log(second, reversed);
  seen.push(reversed);
}
console.log(seen);
require("assert").deepStrictEqual(seen, ["undefined", "object", "Unrecognized SRS1 format", "Unrecognized SRS1 format"]);
JS
