#!/usr/bin/env bash
# Two npm packages for HTTP Message Signatures sign another text than RFC 9421, so that a correct verifier refuses the signature.
# http-message-signatures 1.0.6 leaves ' ( ) ! and ~ of @query-param as they are; section 2.2.8 encodes them.
# @misskey-dev/node-http-message-signatures 0.0.10 does not encode at all, and writes the method into @request-target and drops
# the query; section 2.2.5: path and query. http-message-signatures 3.0.0 (PyPI) writes "a%20%27b%27".
# Guess: a%20%27b%27; /p?v=a%20%27b%27. Seen: a%20'b' and a 'b'; "get /p".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" http-message-signatures@1.0.6 @misskey-dev/node-http-message-signatures@0.0.10
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { RFC9421SignatureBaseFactory } from "@misskey-dev/node-http-message-signatures";
import { httpbis } from "http-message-signatures";

const url = "https://example.com/p?v=a%20%27b%27";
const request = { method: "GET", url, headers: { host: "example.com" } };
const [[, [first]]] = httpbis.createSignatureBase({ fields: ['@query-param;name="v"'] }, request);
const seen = ['"@query-param";name="v"', '"@request-target"'].map((component) => {
  const headers = { host: "example.com", "signature-input": `s=(${component});created=1` };
  const factory = new RFC9421SignatureBaseFactory({ ...request, headers }, undefined, "https", {});
  return factory.generate("s").split("\n")[0];
});
console.log(first, seen);
assert.equal(first, "a%20'b'");
assert.deepStrictEqual(seen, [`"@query-param";name="v": a 'b'`, '"@request-target": get /p']);
JS
node "$folder/probe.mjs"
