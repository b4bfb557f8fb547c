#!/usr/bin/env bash
# string-env-interpolation 1.0.1 (npm) replaces a variable that is not set by the word undefined and ${U:-d}, the default of
# sh, by -d, since its own form is ${U:d}; for that reason ${A:+y} is the value of A. An empty variable counts as one that is
# not set, in :d as well.
# Guess: an empty string or an error; d; an empty string. Seen: undefined; -d; d.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" string-env-interpolation@1.0.1
A=x E='' NODE_PATH=$folder/node_modules node - <<'JS'
const { env } = require("string-env-interpolation");
delete process.env.U;
const seen = ["${A}", "${U}", "${E}", "${U:d}", "${E:d}", "${U:-d}", "${A:+y}"].map((text) => [text, env(text)]);
console.log(seen);
require("assert").deepStrictEqual(seen, [
  ["${A}", "x"],
  ["${U}", "undefined"],
  ["${E}", "undefined"],
  ["${U:d}", "d"],
  ["${E:d}", "d"],
  ["${U:-d}", "-d"],
  ["${A:+y}", "x"],
]);
JS
