#!/usr/bin/env bash
# tap-out 3.0.0 (npm) parses the Test Anything Protocol. It takes the directives SKIP and TODO for a part of the description and
# counts a TODO test that is "not ok" as a failure. https://testanything.org/tap-specification.html: neither fails a run.
# Guess: descriptions a and b, no failure. Seen: "a # SKIP x", "b # TODO y", one failure.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" tap-out@3.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const parser = require("tap-out")((error, read) => {
  const seen = [error, read.asserts.map(({ name }) => name), read.fail.length];
  console.log(seen);
  require("assert").deepStrictEqual(seen, [null, ["a # SKIP x", "b # TODO y"], 1]);
});
parser.end("TAP version 13\nok 1 - a # SKIP x\nnot ok 2 - b # TODO y\n1..2\n");
JS
