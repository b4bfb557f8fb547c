#!/usr/bin/env bash
# prom2javascript 0.2.0 (npm) cannot read the value NaN, nor blanks between the tokens of a label, and then returns no metric
# at all. The text format has both: https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
# Guess: NaN, and the label b. Seen: "Unable to parse metric", and "Cannot parse Prometheus label".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" prom2javascript@0.2.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { getMetricsFromIterator } = require("prom2javascript");
const read = (line) => getMetricsFromIterator([line][Symbol.iterator]()).catch((error) => String(error.message || error));
Promise.all(["a +Inf", "a NaN", 'a{ b = "1" } 2'].map(read)).then((seen) => {
  console.log(seen);
  require("assert")(seen[0].a.data[0].value === Infinity);
  require("assert")(seen[1].startsWith("Unable to parse metric") && seen[2].startsWith("Cannot parse Prometheus label"));
});
JS
