#!/usr/bin/env bash
# docker-file-parser 1.0.7 (npm) keeps the quotation marks and backslashes of ENV and LABEL, takes the lines of a heredoc
# for instructions, and returns the array of SHELL as text. https://docs.docker.com/reference/dockerfile: quotes and
# backslashes "are not included in the final value".
# Guess: "b c", "e f", one RUN, an array. Seen: "\"b c\"", "e\\ f", the instructions ECHO and EOF, a string.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" docker-file-parser@1.0.7
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("docker-file-parser");
const text = 'FROM a\nENV a="b c" d=e\\ f\nSHELL ["/bin/bash", "-c"]\nRUN <<EOF\necho a\nEOF\n';
const seen = parse(text).slice(1).map(({ name, args }) => [name, args]);
console.log(seen);
require("assert").deepStrictEqual(seen, [
  ["ENV", { a: '"b c"', d: "e\\ f" }],
  ["SHELL", '["/bin/bash", "-c"]'],
  ["RUN", "<<EOF"],
  ["ECHO", "a"],
  ["EOF", ""],
]);
JS
