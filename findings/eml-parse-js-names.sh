#!/usr/bin/env bash
# eml-parse-js 1.1.15 (npm) drops the blanks of a file name, keeps the blank between two encoded words of a subject, which RFC
# 2047 section 6.2 ignores, and returns the name of a group of recipients (RFC 5322 section 3.4) without its members.
# Guess: "a b.pdf", "onetwo", x@example.org. Seen: "ab.pdf", "one two" and "G" without an address.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" eml-parse-js@1.1.15
NODE_PATH=$folder/node_modules node - <<'JS'
const lines = [
  "To: G: x@example.org;",
  "Subject: =?utf-8?Q?one?= =?utf-8?Q?two?=",
  "Content-Type: multipart/mixed; boundary=b",
  "",
  "--b",
  "Content-Type: application/pdf",
  'Content-Disposition: attachment; filename="a b.pdf"',
  "Content-Transfer-Encoding: base64",
  "",
  "AAEC",
  "--b--",
  "",
];
const mail = require("eml-parse-js").readEml(lines.join("\r\n"));
const seen = [mail.attachments[0].name, mail.subject, mail.to.name, mail.to.email];
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(seen, ["ab.pdf", "one two", "G", undefined]);
JS
