#!/usr/bin/env bash
# dns-packet 5.6.1 (npm) encodes a TXT string of more than 255 octets without an error, though the length of a string is one
# octet (RFC 1035 section 3.3). The length loses its high bits, so the packet is broken: dns-packet cannot decode it.
# Guess: an error, or strings of 255 and 45 octets. Seen: a packet, and "Buffer overflow" when it is decoded.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dns-packet@5.6.1
NODE_PATH=$folder/node_modules node - <<'JS'
const packet = require("dns-packet");
const seen = [255, 300].map((length) => {
  const encoded = packet.encode({ type: "response", answers: [{ type: "TXT", name: "a.example", data: "x".repeat(length) }] });
  try {
    return packet.decode(encoded).answers[0].data.map((each) => each.length);
  } catch (error) {
    return error.message;
  }
});
console.log(seen);
require("assert").deepStrictEqual(seen, [[255], "Buffer overflow"]);
JS
