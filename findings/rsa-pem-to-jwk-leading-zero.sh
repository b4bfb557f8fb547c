#!/usr/bin/env bash
# rsa-pem-to-jwk 1.1.3 (npm) keeps the sign octet of the DER integer in n. RFC 7518 section 6.3.1.1 forbids the extra octet,
# so the thumbprint of the key (RFC 7638), which issuers use as its id, is another than everyone else's.
# Guess: the n that Node's own export has. Seen: the same number with a zero octet in front.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" rsa-pem-to-jwk@1.1.3
NODE_PATH=$folder/node_modules node --no-deprecation - <<'JS'
const { generateKeyPairSync } = require("crypto");
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const right = Buffer.from(publicKey.export({ format: "jwk" }).n, "base64url");
const jwk = require("rsa-pem-to-jwk")(privateKey.export({ type: "pkcs1", format: "pem" }), {}, "public");
const seen = Buffer.from(jwk.n, "base64url");
console.log(right.length, seen.length, seen[0]);
require("assert")(right.length === 256 && seen.equals(Buffer.concat([Buffer.alloc(1), right])));
JS
