#!/usr/bin/env bash
# jsonlines 0.1.1 (npm) replaces a character outside ASCII whose octets come in two chunks, as they do from a socket, by two
# replacement characters: it decodes each chunk for itself. ndjson 2.0.0 decodes the stream.
# Guess: an e with an acute accent. Seen: two times U+FFFD.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonlines@0.1.1 ndjson@2.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const octets = Buffer.from('{"a":"\u00e9"}\n');
const middle = octets.indexOf(0xa9);
for (const [name, expected] of [["jsonlines", "\ufffd\ufffd"], ["ndjson", "\u00e9"]]) {
  const parser = require(name).parse();
  parser.on("data", ({ a }) => {
    console.log(name, escape(a));
    require("assert").strictEqual(a, expected);
  });
  parser.write(octets.subarray(0, middle));
  parser.end(octets.subarray(middle));
}
JS
