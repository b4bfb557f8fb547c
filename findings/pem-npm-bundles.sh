#!/usr/bin/env bash
# Three npm packages read PEM. @root/pem 1.0.4 joins two certificates to one and decodes the text in front of one; pem-file
# 1.0.1 drops all but the first and refuses the label X509 CRL; pemstrip 0.0.1 leaves the boundary in the base64. @root/pem
# and pem-file decode the header lines of an encrypted key, too. RFC 7468 sections 2 and 5: several instances, text before
# them.
# Guess: abc, def. Seen: abcdef; abc; a boundary.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @root/pem@1.0.4 pem-file@1.0.1 pemstrip@0.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const { parseBlock } = require("@root/pem");
const { decode } = require("pem-file");
const { strip } = require("pemstrip");
const block = (label, base64) => `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
const two = block("CERTIFICATE", "YWJj") + block("CERTIFICATE", "ZGVm");
const locked = block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nYWJj");
const first = (pem) => Buffer.from(parseBlock(pem).bytes).toString("latin1");
let refused;
try {
  decode(block("X509 CRL", "YWJj"));
} catch (error) {
  refused = error.message;
}
const seen = [first(two), first("a text\n" + two) === first(two), first(locked).length, String(decode(two)),
  refused, decode(locked).length, strip(two).base64.includes("-----BEGIN")];
console.log(seen);
require("assert").deepStrictEqual(seen.slice(0, 2), ["abcdef", false]);
require("assert").deepStrictEqual(seen.slice(3, 5), ["abc", "Invalid label."]);
require("assert").ok(seen[2] > 3 && seen[5] > 3 && seen[6]);
JS
