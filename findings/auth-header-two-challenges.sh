#!/usr/bin/env bash
# auth-header 1.0.0 (npm) reads a WWW-Authenticate field with two challenges as one: both realms under the first scheme, and the
# name of the second scheme as its token. RFC 9110 section 11.6.1 allows several challenges in a field. www-authenticate 0.6.3
# (npm) does not read an escaped quotation mark of a quoted string (section 5.6.4).
# Guess: Digest with realm a and Basic with realm b; a realm x"y. Seen: one Digest with both realms; "Unexpected token".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" auth-header@1.0.0 www-authenticate@0.6.3
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { parse } from "auth-header";
import client from "www-authenticate";

const seen = parse('Digest realm="a", nonce="n", Basic realm="b"');
const errors = ['Digest realm="x y"', 'Digest realm="x\\"y"'].map(
  (field) => new client.parsers.WWW_Authenticate(field).err || "none",
);
console.log(JSON.stringify(seen), errors);
assert.deepStrictEqual(JSON.parse(JSON.stringify(seen)), {
  scheme: "Digest",
  params: { realm: ["a", "b"], nonce: "n" },
  token: "Basic",
});
assert(errors[0] === "none" && String(errors[1]).startsWith("Unexpected token"));
JS
node "$folder/probe.mjs"
