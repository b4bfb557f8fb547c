#!/usr/bin/env bash
# timespan-parser 1.2.0 (npm) "parses timespans like systemd.time(7)". It refuses microseconds (usec, us), the month as M,
# fractions such as 1.5h, and infinity. systemd.time(7) lists usec, us and M; systemd-analyze timespan reads all of them.
# Guess: 0.0001, 2630016, 5400 and Infinity seconds. Seen: an error for each, though "1month" is read.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" timespan-parser@1.2.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("timespan-parser");
const seen = ["100us", "100usec", "1M", "1.5h", "infinity", "1month", "5min"].map((text) => {
  try {
    return parse(text);
  } catch {
    return "error";
  }
});
console.log(seen);
require("assert").deepStrictEqual(seen, [...Array(5).fill("error"), 2630016, 300]);
JS
