#!/usr/bin/env bash
# foldline 1.1.0 (npm) folds a line "according to the RFC 5322", but adds a blank where it folds, also inside a word. RFC 5322
# section 2.2.3: CRLF goes in front of white space that is there, and unfolding removes the CRLF only.
# Guess: the unfolded line is the one that was folded. Seen: two blanks between words, and a blank inside a long word.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" foldline@1.1.0
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import fold from "foldline";

const seen = ["Subject: " + "word ".repeat(30) + "end", "X: " + "y".repeat(120)].map((line) => {
  const unfolded = fold(line).replaceAll("\r\n", "");
  return [unfolded.length - line.length, unfolded.includes("word  word") || unfolded.includes("y y")];
});
console.log(seen);
assert.deepStrictEqual(seen, [[2, true], [2, true]]);
JS
node "$folder/probe.mjs"
