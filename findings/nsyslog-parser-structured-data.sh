#!/usr/bin/env bash
# nsyslog-parser 0.10.1 (npm) parses syslog. A quotation mark in structured data, escaped as RFC 5424 section 6.3.3 asks for,
# makes it return no structured data and all of it as text of the message. The nil value - (section 6) of time, host and process
# comes back as the time of now and as the text "-".
# Guess: y "z", "text" and no host. Seen: no fields, the fields in the message, and the host "-".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" nsyslog-parser@0.10.1
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("nsyslog-parser");
const [plain, quoted, nil] = [
  '<13>1 2026-11-28T12:00:00Z host app 1 - [a@1 x="y"] text',
  '<13>1 2026-11-28T12:00:00Z host app 1 - [a@1 x="y \\"z\\""] text',
  "<13>1 - - - - - - text",
].map((line) => parse(line));
const fields = ({ structuredData, message }) => [structuredData.map(({ $id, x }) => [$id, x]), message];
const aged = Date.now() - new Date(nil.ts);
console.log(fields(plain), fields(quoted), nil.host, nil.pid, aged);
const assert = require("assert");
assert.deepStrictEqual(fields(plain), [[["a@1", "y"]], "text"]);
assert.deepStrictEqual(fields(quoted), [[], '[a@1 x="y \\"z\\""] text']);
assert.deepStrictEqual([nil.host, nil.pid], ["-", "-"]);
assert(aged >= 0 && aged < 60000);
JS
