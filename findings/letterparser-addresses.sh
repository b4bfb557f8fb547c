#!/usr/bin/env bash
# letterparser 0.1.8 (npm) parses mail. It takes the name of a group (RFC 5322 section 3.4) and a comment (section 3.2.2) for a
# part of the address, and finds no file name in the forms of RFC 2231 (filename*=, filename*0=), which long names have.
# Guess: x@example.org, y@example.org and a.txt. Seen: "G: x@example.org", "y@example.org (note)" and undefined.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" letterparser@0.1.8
NODE_PATH=$folder/node_modules node - <<'JS'
const lines = [
  "To: G: x@example.org;",
  "Cc: y@example.org (note)",
  "Content-Type: multipart/mixed; boundary=b",
  "",
  "--b",
  "Content-Type: application/pdf",
  'Content-Disposition: attachment; filename="plain.pdf"',
  "",
  "x",
  "--b",
  "Content-Type: application/pdf",
  "Content-Disposition: attachment; filename*=utf-8''a.pdf",
  "",
  "x",
  "--b--",
  "",
];
const mail = require("letterparser").extract(lines.join("\r\n"));
const seen = [mail.to[0].address, mail.cc[0].address, mail.attachments.map(({ filename }) => filename)];
console.log(seen);
require("assert").deepStrictEqual(seen, ["G: x@example.org;", "y@example.org (note)", ["plain.pdf", undefined]]);
JS
