#!/usr/bin/env bash
# cert-info 1.5.1 and @fidm/x509 1.2.1 (npm) cannot read a certificate with text in front of it, as "openssl x509 -text" writes
# it. RFC 7468 section 2: data before the encapsulation boundary is permitted, and parsers MUST NOT
# malfunction at it; section 5.2 has an example.
# Guess: the certificate is read. Seen: "Length of buffer does not match ..." and "pem: invalid BEGIN line".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cert-info@1.5.1 @fidm/x509@1.2.1
cd "$folder"
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -days 90 \
  -subj "/CN=example.com" -out plain.crt 2>/dev/null
openssl x509 -in plain.crt -text -out text.crt
cat >read.cjs <<'JS'
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const { info } = require("cert-info");
const { Certificate } = require("@fidm/x509");

const readers = {
  "cert-info": (file) => info(readFileSync(file, "ascii")).subject,
  "@fidm/x509": (file) => Certificate.fromPEM(readFileSync(file)).subject.commonName,
};
const seen = {};
for (const [name, read] of Object.entries(readers)) {
  for (const file of ["plain.crt", "text.crt"]) {
    try {
      seen[`${name} ${file}`] = read(file);
    } catch (error) {
      seen[`${name} ${file}`] = error.message;
    }
  }
}
console.log(seen);
assert.deepStrictEqual(Object.values(seen), [
  "example.com", "Length of buffer does not match length of ASN.1 sequence.", "example.com", "pem: invalid BEGIN line",
]);
JS
node read.cjs
