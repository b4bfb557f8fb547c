#!/usr/bin/env bash
# eml-format 0.6.1 (npm) reads a mail. A subject of two encoded words, which every long one has (RFC 2047 section 2: 75
# characters each), loses all after the first. A comma in a quoted display name (RFC 5322 section 3.2.4) makes two
# recipients after the field's first. The last part of a multipart keeps the closing delimiter (RFC 2046 section 5.1.1).
# Guess: "one two", two recipients, "end". Seen: "one", three recipients, the text with --b-- in it.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" eml-format@0.6.1
NODE_PATH=$folder/node_modules node - <<'JS'
const eml = require("eml-format");
const lines = [
  'To: joe@example.org, "Doe, Jane" <jane@example.org>',
  "Subject: =?utf-8?Q?one?=",
  " =?utf-8?Q?_two?=",
  "Content-Type: multipart/mixed; boundary=b",
  "",
  "--b",
  "Content-Type: text/plain",
  "",
  "start",
  "--b",
  "Content-Type: text/x-note; name=n",
  "",
  "end",
  "--b--",
  "",
];
eml.read(lines.join("\r\n"), (error, mail) => {
  const seen = [error, mail.subject, mail.to, mail.attachments.map((each) => String(each.data))];
  console.log(JSON.stringify(seen));
  require("assert").deepStrictEqual(seen, [
    null,
    "one",
    [{ email: "joe@example.org" }, { email: '"Doe' }, { name: "Jane", email: "jane@example.org" }],
    ["end\r\n--b--\r\n"],
  ]);
});
JS
