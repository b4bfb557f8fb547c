#!/usr/bin/env bash
# cert-info 1.5.1 and @root/csr 0.8.1 (npm) return the alternative names of a certificate and of a CSR. An IP address comes as
# its octets, read as text; e-mail addresses are in the same list as the names of hosts, without their type.
# RFC 5280 section 4.2.1.6: a name has one of nine types, and iPAddress holds four or sixteen octets in network byte order.
# Guess: "65.66.67.68". Seen: "ABCD", the letters with these codes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cert-info@1.5.1 @root/csr@0.8.1 @root/pem@1.0.4 \
  @root/asn1@1.0.2 @root/x509@0.7.2 @root/keypairs@0.10.3
cat >"$folder/openssl.cnf" <<'END'
[req]
distinguished_name = name
req_extensions = extensions
x509_extensions = extensions
prompt = no
[name]
CN = example.com
[extensions]
subjectAltName = DNS:example.com, IP:65.66.67.68, email:a@example.com
END
cd "$folder"
openssl ecparam -name prime256v1 -genkey -noout -out key.pem
openssl req -new -key key.pem -config openssl.cnf -out example.csr
openssl req -new -x509 -key key.pem -config openssl.cnf -days 90 -out example.crt
cat >names.cjs <<'JS'
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const certificate = require("cert-info");
const csr = require("@root/csr");
const pem = require("@root/pem");

const seen = [
  certificate.info(readFileSync("example.crt", "ascii")).altnames,
  csr._info(pem.parseBlock(readFileSync("example.csr", "ascii")).bytes).altnames,
];
console.log(seen); // The octets of 65.66.67.68 are the letters ABCD.
for (const names of seen) assert.deepStrictEqual(names, ["example.com", "ABCD", "a@example.com"]);
JS
node names.cjs
