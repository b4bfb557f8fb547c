#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1 (npm) keeps one of several series of a histogram, without its label, sum and count. The
# same histogram without a label is complete. Every series of a metric has labels of its own:
# https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
# Guess: a series for each of a="1" and a="2", with sum and count. Seen: the buckets of a="2" only.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" parse-prometheus-text-format@1.1.1
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("parse-prometheus-text-format");
const series = (label, count) => {
  const inside = label ? `{${label}}` : "";
  const bucket = label ? `${label},le="+Inf"` : 'le="+Inf"';
  return `h_bucket{${bucket}} ${count}\nh_sum${inside} 3\nh_count${inside} ${count}\n`;
};
const read = (...lines) => parse(`# TYPE h histogram\n${lines.join("")}`)[0].metrics;
const seen = [read(series("", 4)), read(series('a="1"', 2), series('a="2"', 5))];
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(JSON.parse(JSON.stringify(seen)), [
  [{ buckets: { "+Inf": "4" }, count: "4", sum: "3" }],
  [{ buckets: { "+Inf": "5" } }],
]);
JS
